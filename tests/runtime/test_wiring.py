"""Wiring of engines and checks of their ports."""

from __future__ import annotations

import pytest

from bridge.core import engine_registry
from bridge.core.control import Control
from bridge.core.engine import AudioPort, EngineSpec, EventPort
from bridge.core.latency import buffering_frames
from bridge.core.role import FORESEEN_RING, ROLES, SOUND_RING
from bridge.errors import EngineError
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_CONTROLS
from bridge.runtime.wiring import Wiring, make_node, make_paths, wire
from tests.runtime.callback_driver import RATE
from tests.runtime.toys import SEPARATION_SPEC, Toy, with_controls
from tests.runtime.wired_engines import ENGINES, RESERVES


def stand_in(monkeypatch: pytest.MonkeyPatch, spec: EngineSpec) -> None:
    """Make every engine name stand for a toy with ``spec``."""
    monkeypatch.setattr("bridge.runtime.resampled_engine.load_engine", lambda name: Toy(spec))


# engines


def test_the_shipped_engines_are_found_by_name() -> None:
    assert set(ENGINES.values()) <= set(engine_registry.list_engines())
    assert engine_registry.load_engine("mir.chroma").spec.name == "mir.chroma"


def test_each_load_gives_a_fresh_engine() -> None:
    assert engine_registry.load_engine("mir.chroma") is not engine_registry.load_engine("mir.chroma")


def test_a_mistyped_engine_is_named_with_the_nearest() -> None:
    with pytest.raises(EngineError, match=r"'mir\.chrome' is not registered") as caught:
        make_node("mir", "mir.chrome", RATE, 1024)
    assert caught.value.hint == "did you mean mir.chroma?"


def test_an_engine_like_none_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(EngineError) as caught:
        engine_registry.load_engine("zzz")
    assert all(name in caught.value.hint for name in ENGINES.values())


@pytest.mark.parametrize(
    ("role", "name", "lacks"),
    [
        ("separation", "mir.chroma", "bass, drums, vocals"),
        ("mir", "separation.dsp", "beats, chords"),
        ("accompaniment", "mir.chroma", "midi"),
        ("synth", "accompaniment.basic", "audio"),
    ],
)
def test_an_engine_in_the_wrong_role_is_refused_with_what_it_lacks(role: str, name: str, lacks: str) -> None:
    with pytest.raises(EngineError, match=f"cannot be used for {role}: it has no output {lacks}"):
        make_node(role, name, RATE, 512)


def test_an_engine_at_a_rate_that_is_not_its_own_is_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, EngineSpec("toy", SEPARATION_SPEC.inputs, SEPARATION_SPEC.outputs, 64, rates=(48000, 96000)))
    assert make_node("separation", "toy", 96000, 512).spec.hop == 64
    node = make_node("separation", "toy", 192000, 512)
    assert node.spec.hop == 128  # of 96 kHz, the nearer
    assert node.audio_latency > 0
    plan = wire({"separation": "toy"}, 192000, RESERVES).plan
    assert (plan.rate, plan.workers[0].hop) == (192000, 128)


def test_an_engine_that_cannot_be_resampled_is_refused_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, EngineSpec("toy", SEPARATION_SPEC.inputs, SEPARATION_SPEC.outputs, 64, rates=(48000, 96000)))
    with pytest.raises(EngineError, match="runs at 48000 or 96000 Hz and cannot be resampled to 44101 Hz") as caught:
        make_node("separation", "toy", 44101, 512)
    assert "-r 48000" in caught.value.hint


def test_an_engine_with_a_mono_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, EngineSpec("toy", (AudioPort("mix", 1),), SEPARATION_SPEC.outputs, 64))
    with pytest.raises(EngineError, match="must be stereo"):
        make_node("separation", "toy", RATE, 512)


def test_an_engine_with_more_controls_than_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    controls = tuple(Control(f"toy.c{i}", 0, 1, 0) for i in range(MAX_CONTROLS + 1))
    stand_in(monkeypatch, with_controls(SEPARATION_SPEC, *controls))
    with pytest.raises(EngineError, match="declares 65 controls; 64 fit"):
        make_node("separation", "toy", RATE, 512)


# wiring


def test_workers_come_in_the_order_of_roles_with_their_rings(wiring: Wiring) -> None:
    separation, mir, accompaniment, synth = wiring.plan.workers
    assert (separation.role, mir.role, accompaniment.role, synth.role) == tuple(ROLES)
    assert [worker.index for worker in wiring.plan.workers] == [0, 1, 2, 3]
    assert mir.writes == {"beats": "mir.beats", "chords": "mir.chords"}
    assert mir.renders == {"beats": "beats", "chords": "chords", "clock": "beats"}
    assert accompaniment.writes == {"midi": "accompaniment", "planned": "accompaniment.planned"}
    assert accompaniment.reads["chords"] == "mir.chords"
    assert accompaniment.waits_for == (1,)
    assert synth.reads == {"midi": "accompaniment", "sound": SOUND_RING}
    assert synth.waits_for == (2,)
    assert (wiring.plan.player, wiring.plan.synth_worker) == (2, 3)
    rings = {*mir.writes.values(), *mir.renders, *accompaniment.reads.values(), *accompaniment.writes.values()}
    assert rings <= set(wiring.plan.rings)


def test_notes_of_a_mir_engine_are_published_and_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = ("beats", "chords", "onsets", "notes", "unknown")
    stand_in(monkeypatch, EngineSpec("toy", (AudioPort("mix"),), tuple(EventPort(port) for port in outputs), 64))
    wiring = wire({"mir": "toy"}, RATE, RESERVES)
    [mir] = wiring.plan.workers
    assert mir.writes == {port: f"mir.{port}" for port in outputs[:-1]}
    assert set(mir.writes.values()) <= set(wiring.plan.rings)
    rows = {path.name: path.ports for path in make_paths(wiring.nodes[0], 128, 1024, 0)}
    assert rows == {"beats": ("beats",), "chords": ("chords",), "onsets": (), "notes": (), "clock": ("clock",)}


def test_what_a_player_foresees_has_a_ring_that_others_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = tuple(EventPort(port) for port in ("midi", "foreseen", "unknown"))
    stand_in(monkeypatch, EngineSpec("toy", (EventPort("chords"),), outputs, 64))
    plan = wire({"accompaniment": "toy"}, RATE, RESERVES).plan
    assert plan.workers[0].writes == {"midi": "accompaniment", "foreseen": FORESEEN_RING}
    assert FORESEEN_RING in plan.rings


def test_a_role_without_an_engine_is_left_out() -> None:
    plan = wire({"accompaniment": "accompaniment.basic", "mir": ""}, RATE, RESERVES).plan
    assert [worker.role for worker in plan.workers] == ["accompaniment"]
    assert plan.workers[0].waits_for == ()
    assert "chords" not in plan.workers[0].reads
    assert plan.audio_worker == -1


def test_an_engine_that_predicts_leads_by_its_hop_and_its_reserve() -> None:
    wiring = wire(ENGINES | {"synth": ""}, RATE, RESERVES)
    for node, worker in zip(wiring.nodes, wiring.plan.workers, strict=True):
        lead = node.spec.hop + RESERVES[node.role] if node.spec.predicts else 0
        assert node.lead_frames == worker.lead_frames == lead
    assert wiring.nodes[2].spec.predicts


# the synth


def test_the_one_who_plays_decides_earlier_by_what_the_synth_needs(wiring: Wiring) -> None:
    player, synth = wiring.nodes[2:]
    needs = synth.spec.hop + RESERVES["synth"] + make_node("synth", "synth.plain", RATE, 0).audio_latency
    assert synth.ahead_frames == wiring.plan.workers[3].ahead_frames == needs
    assert (
        player.lead_frames == wiring.plan.workers[2].lead_frames == player.spec.hop + RESERVES["accompaniment"] + needs
    )
    assert synth.audio_latency == -synth.spec.hop - RESERVES["synth"]


def test_without_an_accompaniment_a_synth_is_left_out() -> None:
    wiring = wire(ENGINES | {"accompaniment": ""}, RATE, RESERVES)
    assert [node.role for node in wiring.nodes] == ["separation", "mir"]
    assert wiring.plan.synth_worker == -1


def test_a_synth_without_a_midi_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, EngineSpec("toy", (EventPort("chords"),), (AudioPort("audio"),), 64))
    with pytest.raises(EngineError, match="cannot be used for synth: it has no input midi"):
        make_node("synth", "toy", RATE, 512)


def test_a_synth_behind_one_who_does_not_predict_runs_behind_by_what_that_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = EngineSpec("toy", (EventPort("midi"),), (EventPort("midi"), AudioPort("audio")), 64)
    stand_in(monkeypatch, spec)
    nodes = wire({"accompaniment": "toy", "synth": "toy"}, RATE, RESERVES).nodes
    assert nodes[1].ahead_frames == -64 - RESERVES["accompaniment"]
    path = make_paths(nodes[1], 128, RESERVES["synth"], 0)[0]
    assert path.declared == 64 + RESERVES["accompaniment"] + path.buffering + RESERVES["synth"]


@pytest.mark.parametrize("period", [16, 64, 128, 1024, 2048, 4096, 8192])
def test_a_hop_of_sound_is_due_no_sooner_than_its_notes_and_a_period_of_work_are_there(
    wiring: Wiring, period: int
) -> None:
    with Graph(wiring, period, RESERVES, {}) as graph:
        player, synth = graph.wiring.nodes[2:]
        words = graph.arrays.workers[3]
        headroom = player.lead_frames - synth.ahead_frames - player.spec.hop  # what the player's answer may take
        assert words[w.INPUT_DELAY] >= period - headroom
        assert words[w.DEADLINE] >= words[w.INPUT_DELAY] + buffering_frames(synth.spec.hop, period) + period


def test_sound_and_notes_are_delayed_together(graph: Graph) -> None:
    graph.set_offset("accompaniment", 700)
    graph.set_offset("synth", 30)
    assert (graph.ledger["accompaniment"].declared, graph.ledger["band"].declared) == (700, 730)

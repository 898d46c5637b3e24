"""Wiring of engines, checks of their ports, and the declared latency of each path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core import engine_registry
from bridge.core.audio import STEMS
from bridge.core.control import Control
from bridge.core.engine import AudioPort, EngineSpec, EventPort
from bridge.core.latency import MIDI_PORTS, PATHS, buffering_frames
from bridge.core.role import FORESEEN_RING, ROLES, SOUND_RING
from bridge.errors import BridgeError, ControlError, EngineError
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_CONTROLS
from bridge.runtime.wiring import Wiring, make_node, make_paths, wire
from tests.runtime.callback_driver import RATE
from tests.runtime.toys import SEPARATION_SPEC, Toy, with_controls

ENGINES = {
    "separation": "separation.dsp", "mir": "mir.chroma", "accompaniment": "accompaniment.basic", "synth": "synth.plain",
}  # fmt: skip
RESERVES = {"separation": 512, "mir": 1024, "accompaniment": 2048, "synth": 1024}
PERIODS = (16, 64, 128, 100, 1024, 8192)


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    return wire(ENGINES, RATE, RESERVES)


@pytest.fixture
def graph(wiring: Wiring) -> Iterator[Graph]:
    with Graph(wiring, 128, RESERVES, {}) as opened:
        yield opened


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


# the ledger


@pytest.mark.parametrize("period", PERIODS)
def test_every_path_declares_the_sum_of_its_parts(wiring: Wiring, period: int) -> None:
    with Graph(wiring, period, RESERVES, {"separation": 7, "accompaniment": 100}) as graph:
        assert {path.name for path in graph.ledger} == set(PATHS)
        for path in graph.ledger:
            parts = (path.model, path.upstream, path.buffering, path.reserve, path.user_offset, path.insert)
            assert path.declared == sum(parts)
            assert path.period == period
        for name in (*STEMS, "mix"):
            path, hop = graph.ledger[name], wiring.nodes[0].spec.hop
            assert path.buffering == buffering_frames(hop, period)
            assert path.reserve == max(512, period)
            assert path.user_offset == 7
            assert path.ports == (f"{name}_1", f"{name}_2")


@given(period=st.integers(1, 8192), reserve=st.integers(1, 8192))
@settings(deadline=None)
def test_beside_a_callback_a_worker_has_at_least_a_period(wiring: Wiring, period: int, reserve: int) -> None:
    for node in wiring.nodes:
        for path in make_paths(node, period, reserve, 0):
            assert path.reserve >= period


@given(period=st.integers(1, 8192))
@settings(deadline=None)
def test_a_driver_that_waits_needs_no_reserve(period: int) -> None:
    node = make_node("separation", "separation.dsp", RATE, 0)
    assert all(path.reserve == 0 for path in make_paths(node, period, 0, 0))


@pytest.mark.parametrize("period", [16, 64, 128, 512, 1024])
def test_what_predicts_is_on_time(wiring: Wiring, period: int) -> None:
    with Graph(wiring, period, RESERVES, {}) as graph:
        assert graph.ledger["accompaniment"].declared == 0
        assert graph.ledger["band"].declared == 0
        assert graph.ledger["clock"].declared == 0


def test_a_new_period_declares_anew_and_raises_the_revision(graph: Graph) -> None:
    before = {path.name: path.declared for path in graph.ledger}
    rev = graph.ledger.rev
    graph.set_period(1000)
    changed = {path.name for path in graph.ledger if path.declared != before[path.name]}
    assert changed
    assert graph.ledger.rev == rev + len(changed)
    graph.set_period(1000)
    assert graph.ledger.rev == rev + len(changed)
    assert graph.ledger.period == 1000


def test_a_measurement_is_kept_only_while_what_is_declared_stays(graph: Graph) -> None:
    graph.ledger.set_measured("mix", graph.ledger["mix"].declared)
    graph.set_offset("mir", 5)
    assert graph.ledger["mix"].measured >= 0
    graph.set_offset("separation", 5)
    assert graph.ledger["mix"].measured == -1


def assert_callback_delays_what_is_declared(graph: Graph) -> None:
    """The words that the callback goes by agree with the ledger."""
    for node, words in zip(graph.wiring.nodes, graph.arrays.workers, strict=True):
        if node.role == "separation":
            delays = {graph.ledger[name].declared for name in (*STEMS, "mix")}
            assert delays == {int(words[w.DEADLINE] + words[w.LATENCY])}
        if node.role == "synth":
            assert graph.ledger["band"].declared == words[w.DEADLINE] + words[w.LATENCY]
    for name in MIDI_PORTS:
        head = graph.arrays.heads[graph.plan.rings.index(name)]
        assert head[w.RING_DELAY] == graph.ledger[name].declared


def test_the_callback_delays_what_is_declared_after_any_change(graph: Graph) -> None:
    assert_callback_delays_what_is_declared(graph)
    changes: tuple[Callable[[], None], ...] = (
        lambda: graph.set_period(441),
        lambda: graph.set_reserve("separation", 3000),
        lambda: graph.set_reserve("mir", 2000),
        lambda: graph.set_offset("separation", 33),
        lambda: graph.set_offset("mir", 44),
        lambda: graph.set_offset("accompaniment", 55),
        lambda: graph.set_offset("synth", 66),
        lambda: graph.set_reserve("synth", 5000),
        lambda: graph.set_period(4096),
        lambda: graph.set_period(64),
    )
    for change in changes:
        change()
        assert_callback_delays_what_is_declared(graph)


def test_events_between_engines_do_not_depend_on_the_period(graph: Graph) -> None:
    def delays() -> list[int]:
        return [
            int(graph.arrays.heads[graph.plan.rings.index(ring), w.RING_DELAY]) for ring in ("mir.beats", "mir.chords")
        ]

    before = delays()
    for period in PERIODS:
        graph.set_period(period)
        assert delays() == before


# the graph's setters


def test_ping_sets_and_clears_a_bit_of_its_own_for_each_path(graph: Graph) -> None:
    for i, path in enumerate(PATHS):
        graph.set_ping(path, True)
        assert graph.arrays.state[w.PING] == 2 ** (i + 1) - 1
    graph.set_ping("mix", False)
    graph.set_ping("mix", False)
    assert graph.arrays.state[w.PING] == 2 ** len(PATHS) - 1 - 2 ** PATHS.index("mix")


def levels(first: float) -> Mapping[str, float]:
    return {stem: first + i for i, stem in enumerate(STEMS)}


def test_gains_of_the_ports_and_of_the_mix_are_set_side_by_side(graph: Graph) -> None:
    graph.set_gains(levels(0.0), levels(10.0))
    assert graph.control_context.gains.tolist() == [0, 1, 2, 3, 10, 11, 12, 13]


def test_controls_start_at_their_defaults_and_are_set_by_name(graph: Graph) -> None:
    for index, node in enumerate(graph.wiring.nodes):
        for slot, control in enumerate(node.spec.controls):
            assert graph.arrays.values[index, slot] == control.default
            graph.set_value(control.name, control.high)
            assert graph.arrays.values[index, slot] == control.high


def test_a_control_that_no_engine_has_is_refused_with_the_nearest(graph: Graph) -> None:
    with pytest.raises(ControlError, match=r"no engine in the graph has the control separation\.bass_h") as caught:
        graph.set_value("separation.bass_h", 1.0)
    assert "separation.bass_hz" in caught.value.hint


def test_requests_are_counted_so_that_none_is_missed(graph: Graph) -> None:
    state = graph.arrays.state
    graph.release_notes()
    graph.release_notes()
    graph.restart()
    graph.restart_one(2)
    assert (state[w.RELEASE], state[w.RESTART], graph.arrays.workers[2, w.RESTART_ONE]) == (2, 1, 1)
    graph.set_midi_muted(True)
    assert (state[w.MIDI_MUTED], state[w.RELEASE]) == (1, 3)
    graph.set_midi_muted(False)
    assert state[w.MIDI_MUTED] == 0


def test_a_graph_outside_its_with_statement_is_refused(wiring: Wiring) -> None:
    graph = Graph(wiring, 128, RESERVES, {})
    with pytest.raises(BridgeError, match="not open"):
        graph.set_period(64)
    with graph:
        assert graph.arrays.state.size == w.STATE_WORDS
    with pytest.raises(BridgeError, match="not open"):
        _ = graph.context


def test_a_graph_can_be_opened_again(wiring: Wiring) -> None:
    graph = Graph(wiring, 128, RESERVES, {})
    for _ in range(2):
        with graph:
            assert graph.arrays.workers[0, w.HOP] == wiring.nodes[0].spec.hop
            assert_callback_delays_what_is_declared(graph)

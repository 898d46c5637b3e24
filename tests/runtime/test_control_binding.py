"""Controls on the Bus and what they do to the graph."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.control.bus import Bus
from bridge.control.clock_controls import make_clock_controls
from bridge.control.link_controls import make_link_controls
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.audio import STEMS
from bridge.core.control import Control
from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import PATHS
from bridge.core.role import ROLES
from bridge.drivers.offline_callback import OfflineCallback
from bridge.errors import ControlError
from bridge.runtime.control_binding import EFFECTS, ControlBinding, match_effects
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.sequence_lock import read_whole
from bridge.runtime.wiring import wire

ENGINES = {
    "separation": "separation.dsp", "mir": "mir.chroma", "accompaniment": "accompaniment.basic", "synth": "synth.plain",
}  # fmt: skip
WIRING = wire(ENGINES, 44100, RESERVE_FRAMES)
AT_THE_NEXT_START = {"latency.accompaniment.reserve_frames", "latency.synth.reserve_frames"}
"""Controls of engines that run ahead, whose lead is fixed while they run."""
OF_THE_TUNER = {f"latency.{role}.reserve_auto" for role in ROLES}
"""Controls that the LatencyTuner reads; tests/runtime/test_latency_tuner.py shows what they do."""
OF_THE_CLOCK = {control.name for control in (*make_clock_controls(), *make_link_controls())}
"""Controls that the clock service reads; the tests of bridge.clocks show what they do."""
OF_THE_INSERTS = {f"inserts.{point}.{key}" for point in INSERT_POINTS for key in ("chain", "bypass", "reserve_frames")}
"""Controls that the InsertSupervisor reads; tests/runtime/test_insert_supervisor.py shows what they do."""
SIDECAR = make_sidecar_registry({})


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(WIRING, 128, RESERVE_FRAMES, {}) as opened:
        yield opened


@pytest.fixture
def bus() -> Bus:
    return Bus(make_sidecar_registry({node.name: node.spec.controls for node in WIRING.nodes}))


def gains(graph: Graph) -> tuple[list[float], list[float]]:
    found = [round(float(gain), 4) for gain in graph.control_context.gains]
    return found[: len(STEMS)], found[len(STEMS) :]


def test_values_that_are_set_before_reach_the_graph_at_once(bus: Bus, graph: Graph) -> None:
    bus.set("stems.bass.mute", 1, "me")
    bus.set("latency.mix.ping", 1, "me")
    bus.set("separation.bass_hz", 99, "me")
    ControlBinding(bus, graph)
    assert gains(graph) == ([1, 0, 1, 1], [1, 0, 1, 1])
    assert graph.arrays.state[w.PING] == 1 << PATHS.index("mix")
    assert 99.0 in graph.arrays.values[0]


def test_faders_mutes_and_solos_move_ports_and_mix_together(bus: Bus, graph: Graph) -> None:
    ControlBinding(bus, graph)
    bus.set("stems.vocals.gain_db", -20, "me")
    assert gains(graph) == ([1, 1, 0.1, 1], [1, 1, 0.1, 1])
    bus.set("stems.vocals.solo", 1, "me")
    assert gains(graph) == ([0, 0, 0.1, 0], [0, 0, 0.1, 0])
    bus.set("stems.vocals.mute", 1, "me")
    assert gains(graph) == ([0, 0, 0, 0], [0, 0, 0, 0])


def test_direct_ports_keep_unity_while_the_mix_follows_the_faders(bus: Bus, graph: Graph) -> None:
    ControlBinding(bus, graph)
    bus.set("stems.drums.mute", 1, "me")
    bus.set("stems.direct", 1, "me")
    assert gains(graph) == ([1, 1, 1, 1], [0, 1, 1, 1])
    bus.set("stems.direct", 0, "me")
    assert gains(graph) == ([0, 1, 1, 1], [0, 1, 1, 1])


def test_reserves_and_offsets_change_what_is_declared(bus: Bus, graph: Graph) -> None:
    ControlBinding(bus, graph)
    before = graph.ledger["mix"].declared
    bus.set("latency.separation.reserve_frames", 1024, "me")
    bus.set("latency.separation.user_offset_frames", 10, "me")
    assert graph.ledger["mix"].declared == before + 1024 - RESERVE_FRAMES["separation"] + 10


def test_every_ping_control_sets_its_path(bus: Bus, graph: Graph) -> None:
    ControlBinding(bus, graph)
    for name in bus.values():
        if name.startswith("latency.") and name.endswith(".ping"):
            bus.set(name, 1, "me")
    assert graph.arrays.state[w.PING] == 2 ** len(PATHS) - 1


def test_after_release_the_graph_is_left_alone(bus: Bus, graph: Graph) -> None:
    binding = ControlBinding(bus, graph)
    binding.release()
    bus.set("stems.drums.mute", 1, "me")
    assert gains(graph)[0] == [1, 1, 1, 1]


@pytest.mark.parametrize("name", [control.name for control in SIDECAR.controls])
def test_every_control_of_the_sidecar_changes_the_graph(bus: Bus, graph: Graph, name: str) -> None:
    bus.set("stems.bass.gain_db", -6, "me")
    ControlBinding(bus, graph)
    control = SIDECAR.get_control(name)

    def snapshot() -> list[object]:
        shared = graph.arrays
        control = graph.control_context
        arrays = (control.gains, control.gain_tables, shared.sources, shared.state, shared.heads, shared.workers)
        return [graph.ledger.to_dict(), *(array.tolist() for array in arrays)]

    before = snapshot()
    bus.set(name, control.low if bus.get(name) == control.high else control.high, "me")
    assert (snapshot() != before) == (name not in AT_THE_NEXT_START | OF_THE_TUNER | OF_THE_INSERTS | OF_THE_CLOCK)


def test_of_controls_that_are_set_at_once_no_callback_and_no_hop_has_some_alone(bus: Bus, graph: Graph) -> None:
    """A cycle of the callback, and a hop, come at each notification, in the middle of the recall."""
    ControlBinding(bus, graph)
    callback, control, shared = (
        OfflineCallback(graph.context, graph.control_context, graph.insert_context),
        graph.control_context,
        graph.arrays,
    )
    seen: list[tuple[list[float], int, list[float]]] = []

    def run_cycle(_name: str, _row: object, _source: str) -> None:
        callback.run(128, int(shared.state[w.HEAD]))
        values = read_whole(shared.values_sequence, shared.values[0])
        assert values is not None
        seen.append((control.gain_targets.tolist(), int(shared.state[w.DRY]), values.tolist()))

    bus.subscribe(run_cycle)
    mutes = {f"stems.{stem}.mute": 1.0 for stem in STEMS}
    engine = {"separation.bass_hz": 99.0, "separation.softness": 0.75}
    bus.set_all(mutes | {"stems.dry": 1.0} | engine, "preset")
    targets, dry, values = seen[-1]
    assert targets == [0.0] * 8
    assert dry == 1
    assert {99.0, 0.75} <= set(values)
    assert len(seen) >= len(mutes) + 1 + len(engine)
    assert all(targets == [0.0] * 8 and dry == 1 for targets, dry, _ in seen)
    halves = [one for _, _, one in seen if (99.0 in one) != (0.75 in one)]
    assert halves == [], "a hop with one value of two"


def test_the_dry_mix_is_handed_over_with_the_gains(bus: Bus, graph: Graph) -> None:
    ControlBinding(bus, graph)
    callback = OfflineCallback(graph.context, graph.control_context, graph.insert_context)
    for dry in (1, 0, 1):
        bus.set("stems.dry", dry, "me")
        callback.run(128, int(graph.arrays.state[w.HEAD]))
        assert graph.arrays.state[w.DRY] == dry


def test_a_control_without_an_effect_is_refused_with_the_place_to_add_one(graph: Graph) -> None:
    registry = make_sidecar_registry({})
    registry.add([Control("stems.bass.width", 0, 1, 0)], registry.get_owner("stems.direct"))
    with pytest.raises(ControlError, match=r"control stems\.bass\.width has no effect") as caught:
        match_effects(registry)
    assert "EFFECTS of bridge/runtime/control_binding.py" in caught.value.hint
    with pytest.raises(ControlError, match=r"stems\.bass\.width"):
        ControlBinding(Bus(registry), graph)


def test_an_effect_without_a_control_is_refused() -> None:
    with pytest.raises(ControlError, match=r"effect stems\.\*\.width in .* belongs to no control"):
        match_effects(SIDECAR, {**EFFECTS, "stems.*.width": EFFECTS["stems.direct"]})


def test_two_effects_of_one_control_are_refused() -> None:
    with pytest.raises(ControlError, match=r"control stems\.drums\.gain_db has 2 effects"):
        match_effects(SIDECAR, {**EFFECTS, "stems.drums.*": EFFECTS["stems.direct"]})


def test_the_control_of_an_engine_that_is_off_changes_nothing(graph: Graph) -> None:
    bus = Bus(make_sidecar_registry({"mir.off": [Control("mir.off.source", 0, 1, 0)]}))
    ControlBinding(bus, graph)
    before = graph.arrays.values.copy()
    bus.set("mir.off.source", 1, "me")
    assert (graph.arrays.values == before).all()

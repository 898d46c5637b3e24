"""Graph: pings, gains, controls and requests for the callback and the workers; opened and closed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bridge.core.audio import STEMS
from bridge.core.latency import PATHS
from bridge.errors import BridgeError, ControlError
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.wiring import Wiring
from tests.runtime.wired_engines import RESERVES, assert_callback_delays_what_is_declared


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

"""Declared latency of each path: the sum of its parts, after any change, and what the callback delays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.audio import STEMS
from bridge.core.latency import PATHS, buffering_frames
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.wiring import Wiring, make_node, make_paths
from tests.runtime.callback_driver import RATE
from tests.runtime.wired_engines import PERIODS, RESERVES, assert_callback_delays_what_is_declared


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

"""LatencyTuner by what was measured."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from math import gcd

import numpy as np
import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.engine_registry import load_engine
from bridge.errors import ControlError
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.control_binding import ControlBinding
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.graph import Graph
from bridge.runtime.latency_tuner import MIN_HOPS, MIN_HOPS_AUTO, LatencyTuner, compute_reserve
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import ANSWER_BINS
from bridge.runtime.wiring import wire
from tests.runtime.callback_driver import HOP, RATE, make_noise, open_callback

START = RESERVE_FRAMES["separation"]
ENGINES = {"separation": "separation.dsp", "mir": "mir.chroma", "accompaniment": "accompaniment.basic"}
WIRING = wire(ENGINES, RATE, RESERVE_FRAMES)
SEPARATION, MIR, ACCOMPANIMENT = range(3)
PERIOD = 128
AUTO, RESERVE = "latency.separation.reserve_auto", "latency.separation.reserve_frames"


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(WIRING, PERIOD, RESERVE_FRAMES, {}) as opened:
        yield opened


@pytest.fixture
def bus(graph: Graph) -> Bus:
    bus = Bus(make_sidecar_registry({node.name: node.spec.controls for node in WIRING.nodes}))
    ControlBinding(bus, graph)
    return bus


@pytest.fixture
def tuner(bus: Bus, graph: Graph) -> LatencyTuner:
    return LatencyTuner(bus, graph)


def answer(graph: Graph, *hops: int, worker: int = SEPARATION) -> None:
    """Count as the worker does: ``hops`` answered before the next callback, after it, after two ..."""
    graph.arrays.answer_bins[worker, : len(hops)] += hops


# how much


def test_what_is_answered_before_the_next_callback_needs_one_period() -> None:
    assert compute_reserve(np.array([1000, 0, 0]), 64) == 64


def test_one_in_a_thousand_may_be_late_and_no_more() -> None:
    assert compute_reserve(np.array([999, 0, 1]), 64) == 64
    assert compute_reserve(np.array([998, 0, 2]), 64) == 3 * 64


@pytest.mark.parametrize("period", [16, HOP // 2, 100, HOP, 3 * HOP, 4 * HOP + 12])
@pytest.mark.parametrize("begun", [0, 1, 3])
def test_with_that_reserve_no_frame_is_late_and_with_one_frame_less_some_are(period: int, begun: int) -> None:
    answers = np.zeros(ANSWER_BINS, np.int64)
    answers[begun] = 1
    needed = compute_reserve(answers, period)
    for reserve, in_time in ((needed, True), (needed - 1, False)):
        with open_callback(slack=HOP - gcd(HOP, period) + reserve) as callback:
            heads = [0] * (begun + 1)
            done = 0
            for _ in range(20 + 12 * HOP // period + 3 * begun):
                while done + HOP <= heads[-begun - 1]:  # what was whole so many callbacks ago is answered just now
                    callback.write_stems(done, make_noise(HOP).repeat(3, axis=0))
                    done += HOP
                callback.run_audio(make_noise(period))
                heads.append(callback.now + period)
            assert (callback.state[w.LATE_FRAMES] == 0) == in_time


# asked for


def test_tuning_takes_the_least_reserve_that_was_measured_to_do_and_declares_it(
    bus: Bus, graph: Graph, tuner: LatencyTuner
) -> None:
    answer(graph, 5000)
    answer(graph, 400, 590, 10, worker=MIR)
    rev, before = graph.ledger.rev, graph.ledger["mix"].declared
    tuner.tune()
    assert bus.get(RESERVE) == PERIOD
    assert bus.get("latency.mir.reserve_frames") == 3 * PERIOD
    assert graph.ledger["mix"].declared == before - START + PERIOD
    assert graph.ledger.rev > rev


def test_tuning_works_while_the_transport_rolls(bus: Bus, graph: Graph, tuner: LatencyTuner) -> None:
    graph.context.callback_state[w.ROLLING] = 1
    answer(graph, 5000)
    answer(graph, 5000, worker=MIR)
    tuner.tune()
    assert bus.get(RESERVE) == PERIOD


def test_tuning_leaves_alone_what_predicts(bus: Bus, graph: Graph, tuner: LatencyTuner) -> None:
    for worker in (SEPARATION, MIR, ACCOMPANIMENT):
        answer(graph, 5000, worker=worker)
    tuner.tune()
    assert bus.get("latency.accompaniment.reserve_frames") == RESERVE_FRAMES["accompaniment"]


def test_tuning_without_measurements_changes_nothing_and_names_what_is_missing(
    bus: Bus, graph: Graph, tuner: LatencyTuner
) -> None:
    answer(graph, 5000)
    answer(graph, MIN_HOPS - 1, worker=MIR)
    with pytest.raises(ControlError, match=rf"mir worker has answered {MIN_HOPS - 1} hops.*until there are {MIN_HOPS}"):
        tuner.tune()
    assert bus.get(RESERVE) == RESERVE_FRAMES["separation"]


def test_why_is_logged(bus: Bus, graph: Graph, tuner: LatencyTuner, caplog: pytest.LogCaptureFixture) -> None:
    bus.set(AUTO, 1, "me")
    answer(graph, MIN_HOPS_AUTO)
    with caplog.at_level(logging.INFO):
        tuner.update()
    assert f"separation: reserve {START} -> 128 frames; 99.9 % of 4000 hops" in caplog.text


# by itself


def test_nothing_changes_by_itself_unless_it_is_switched_on(bus: Bus, graph: Graph, tuner: LatencyTuner) -> None:
    for worker in (SEPARATION, MIR, ACCOMPANIMENT):
        answer(graph, 10 * MIN_HOPS_AUTO, worker=worker)
    before = dict(bus.values())
    tuner.update()
    assert bus.values() == before


def test_each_role_is_switched_on_by_itself(bus: Bus, graph: Graph, tuner: LatencyTuner) -> None:
    bus.set("latency.mir.reserve_auto", 1, "me")
    for worker in (SEPARATION, MIR):
        answer(graph, MIN_HOPS_AUTO, worker=worker)
    tuner.update()
    assert bus.get("latency.mir.reserve_frames") == PERIOD
    assert bus.get(RESERVE) == START


def test_it_waits_until_enough_was_measured(bus: Bus, graph: Graph, tuner: LatencyTuner) -> None:
    bus.set(AUTO, 1, "me")
    answer(graph, MIN_HOPS_AUTO - 1)
    tuner.update()
    assert bus.get(RESERVE) == START
    answer(graph, 1)
    tuner.update()
    assert bus.get(RESERVE) == PERIOD


@pytest.mark.parametrize("playing", ["jack transport", "midi clock", "freewheel"])
def test_it_never_changes_while_something_plays_and_then_uses_what_was_counted(
    bus: Bus, graph: Graph, tuner: LatencyTuner, playing: str
) -> None:
    words, word = {
        "jack transport": (graph.context.callback_state, w.ROLLING),
        "midi clock": (graph.context.callback_state, w.CLOCK_RUNNING),
        "freewheel": (graph.arrays.state, w.FREEWHEEL),
    }[playing]
    bus.set(AUTO, 1, "me")
    words[word] = 1
    answer(graph, MIN_HOPS_AUTO)
    tuner.update()
    assert bus.get(RESERVE) == START
    words[word] = 0
    tuner.update()
    assert bus.get(RESERVE) == PERIOD


def test_a_reserve_that_proved_too_short_is_not_tried_again_by_itself(
    bus: Bus, graph: Graph, tuner: LatencyTuner
) -> None:
    bus.set(AUTO, 1, "me")
    values: list[float] = []
    for slow in (0, 100, 0, 0, 100, 0):
        answer(graph, MIN_HOPS_AUTO - slow, slow)
        tuner.update()
        values.append(bus.get(RESERVE))
    assert values == [PERIOD] + [2 * PERIOD] * 5
    answer(graph, MIN_HOPS_AUTO)
    answer(graph, MIN_HOPS_AUTO, worker=MIR)
    tuner.tune()  # but when one is asked to
    assert bus.get(RESERVE) == PERIOD
    answer(graph, MIN_HOPS_AUTO)
    tuner.update()
    assert bus.get(RESERVE) == PERIOD


def test_a_new_period_is_measured_anew(bus: Bus, graph: Graph, tuner: LatencyTuner) -> None:
    bus.set(AUTO, 1, "me")
    answer(graph, 0, 0, 0, MIN_HOPS_AUTO)
    graph.set_period(64)
    tuner.update()
    assert bus.get(RESERVE) == START
    answer(graph, MIN_HOPS_AUTO)
    tuner.update()
    assert bus.get(RESERVE) == 64


# with the graph at work


@pytest.mark.parametrize("every", [1, 2])
def test_the_graph_measures_itself_and_is_tuned_to_no_more_than_it_needs(every: int) -> None:
    wiring = wire({"separation": "separation.dsp"}, RATE, RESERVE_FRAMES)
    period = wiring.nodes[0].spec.hop  # a hop a callback
    with Graph(wiring, period, RESERVE_FRAMES, {}) as graph:
        bus = Bus(make_sidecar_registry({"separation.dsp": wiring.nodes[0].spec.controls}))
        ControlBinding(bus, graph)
        tuner = LatencyTuner(bus, graph)
        runner = EngineRunner(graph.plan, graph.plan.workers[0], graph.arrays, load_engine("separation.dsp"))
        runner.prepare()

        raw = 0

        def play(callbacks: int) -> int:
            nonlocal raw
            late = int(graph.arrays.state[w.LATE_FRAMES])
            for i in range(callbacks):
                cycle(graph.context, graph.control_context, graph.insert_context, period, raw)
                raw += period
                if i % every == every - 1:  # the worker comes after every callback, or after every second one
                    runner.process_available()
            return int(graph.arrays.state[w.LATE_FRAMES]) - late

        play(MIN_HOPS)
        tuner.tune()
        assert graph.ledger["mix"].reserve == every * period
        play(10)  # until the change is through
        assert play(50) == 0

"""Server watch: rate and period as the server really has them, whatever its callbacks said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bridge.drivers.server_watch import STANDSTILL_S, ServerWatch
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.wiring import wire

RATE, PERIOD = 48000, 128


@dataclass
class Client:
    samplerate: int = RATE


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(wire({}, RATE, {}), PERIOD, {}, {}) as opened:
        yield opened


def call(graph: Graph, period: int) -> None:
    """The server called with ``period`` frames."""
    graph.arrays.state[w.CYCLES] += 1
    graph.arrays.state[w.PERIOD] = period


def test_a_rate_that_the_callback_says_is_new(graph: Graph) -> None:
    watch = ServerWatch(graph)
    assert watch.new_rate == 0
    watch.note_rate(44100)
    assert watch.new_rate == 44100
    watch.note_rate(RATE)
    assert watch.new_rate == 0


def test_so_is_one_that_no_callback_said(graph: Graph) -> None:
    watch = ServerWatch(graph)
    watch.update(Client(44100), 0.0)
    assert watch.new_rate == 44100
    watch.begin(1.0)
    assert watch.new_rate == 0


def test_a_period_that_no_callback_reported_is_declared_once_it_stays(graph: Graph) -> None:
    watch = ServerWatch(graph)
    call(graph, 256)
    watch.update(Client(), 0.0)
    assert graph.ledger.period == PERIOD
    call(graph, 256)
    watch.update(Client(), 0.1)
    assert graph.ledger.period == 256


def test_a_period_that_is_declared_before_its_first_call_stays_declared(graph: Graph) -> None:
    watch = ServerWatch(graph)
    for second in (0.0, 0.1):
        call(graph, PERIOD)
        watch.update(Client(), second)
    graph.set_period(512)
    watch.update(Client(), 0.2)  # the server has not called since
    assert graph.ledger.period == 512
    call(graph, PERIOD)  # the last one with the old period
    watch.update(Client(), 0.3)
    assert graph.ledger.period == 512
    call(graph, 512)
    watch.update(Client(), 0.4)
    assert graph.ledger.period == 512


def test_a_server_that_does_not_call_stands_still_after_a_while(graph: Graph) -> None:
    watch = ServerWatch(graph)
    watch.begin(10.0)
    call(graph, PERIOD)
    watch.update(Client(), 11.0)
    watch.update(Client(), 11.0 + STANDSTILL_S)
    assert not watch.is_still(11.0 + STANDSTILL_S)
    assert watch.is_still(11.1 + STANDSTILL_S)
    call(graph, PERIOD)
    watch.update(Client(), 15.0)
    assert not watch.is_still(15.0)

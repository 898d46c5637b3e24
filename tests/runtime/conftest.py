"""Fixtures of the callback tests: callbacks without JACK, and wired engines. A module with another graph defines its
own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.runtime.graph import Graph
from bridge.runtime.wiring import Wiring, wire
from tests.runtime.callback_driver import NO_ENGINES, RATE, Callback, open_callback
from tests.runtime.stem_worker import DEADLINE, LATENCY
from tests.runtime.wired_engines import ENGINES, RESERVES


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(latency=LATENCY, slack=DEADLINE) as opened:
        yield opened


@pytest.fixture
def dry() -> Iterator[Callback]:
    """Nobody separates: the input is in ``other`` at once."""
    with open_callback(NO_ENGINES) as opened:
        yield opened


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    return wire(ENGINES, RATE, RESERVES)


@pytest.fixture
def graph(wiring: Wiring) -> Iterator[Graph]:
    with Graph(wiring, 128, RESERVES, {}) as opened:
        yield opened

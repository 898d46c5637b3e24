"""Fixtures of the callback tests: callbacks without JACK, and wired engines. A module with another graph defines its
own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.runtime.graph import Graph
from bridge.runtime.wiring import Wiring, wire
from tests.runtime.callback_driver import NO_ENGINES, RATE, Callback, open_callback
from tests.runtime.stem_worker import DEADLINE, LATENCY
from tests.runtime.toys import FAILS
from tests.runtime.wired_engines import ENGINES, RESERVES

ROOT = Path(__file__).parents[2]


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


@pytest.fixture
def toy_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers "toy.separation" for this process and those that it starts."""
    metadata = tmp_path / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sideman.engines]\ntoy.separation = tests.runtime.toys:InWorker\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    monkeypatch.delenv(FAILS, raising=False)

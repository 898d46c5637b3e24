"""Measurement of the paths: which measured delays are compared with which declared ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.core.latency import UNMEASURED
from bridge.measure import find_disagreements
from bridge.path_measurement import MeasuredDelays
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.wiring import wire

INSERT = InsertTiming(128, 128, 30)
RESERVES = {"separation": 1024}


@pytest.fixture
def separating() -> Iterator[Graph]:
    with Graph(wire({"separation": "separation.dsp"}, 44100, RESERVES), 128, RESERVES, {}) as graph:
        yield graph


@pytest.fixture
def passing() -> Iterator[Graph]:
    """Nobody separates."""
    with Graph(wire({}, 44100, {}), 128, {}, {}) as graph:
        yield graph


def measure_as_declared(graph: Graph, mix: int, stems: int) -> MeasuredDelays:
    """Each ping as declared; ``mix`` and ``stems``: what was measured through the engines."""
    return MeasuredDelays({path.name: path.declared for path in graph.ledger}, {"mix": mix, "sum of stems": stems})


def test_with_separation_the_delay_through_the_engines_is_that_of_the_mix(separating: Graph) -> None:
    declared = separating.ledger["mix"].declared
    assert find_disagreements(separating, measure_as_declared(separating, declared, declared)) == []
    lines = find_disagreements(separating, measure_as_declared(separating, declared + 1, UNMEASURED))
    assert lines == [
        f"mix through the engines: declared {declared} frames, measured {declared + 1}",
        f"sum of stems through the engines: declared {declared} frames, nothing came back",
    ]


def test_without_separation_no_delay_through_engines_is_compared_also_where_an_insert_declares_a_mix(
    passing: Graph,
) -> None:
    assert find_disagreements(passing, measure_as_declared(passing, 0, 0)) == []
    passing.set_insert("drums", INSERT)
    assert "mix" in passing.ledger
    assert find_disagreements(passing, measure_as_declared(passing, UNMEASURED, UNMEASURED)) == []


@pytest.mark.parametrize(("point", "in_stems"), [("drums", 158), ("mix", 0)])
def test_with_a_chain_stems_and_mix_are_compared_each_with_its_own_delay(
    separating: Graph, point: str, in_stems: int
) -> None:
    before = separating.ledger["mix"].declared
    separating.set_insert(point, INSERT)
    mix, stems = before + 158, before + in_stems
    assert find_disagreements(separating, measure_as_declared(separating, mix, stems)) == []
    assert find_disagreements(separating, measure_as_declared(separating, before, stems + 1)) == [
        f"mix through the engines: declared {mix} frames, measured {before}",
        f"sum of stems through the engines: declared {stems} frames, measured {stems + 1}",
    ]

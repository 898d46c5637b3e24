"""Array tables: one line declares an array for the arena, for Python and for compiled code."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.runtime.shared.array_table import ArraySpec, ArrayTable, Dimension
from bridge.runtime.shared.callback_jit import callback_njit_entry
from bridge.runtime.shared.native_table import count_words, make_unpacker, pack_table

WORKERS, RINGS = 3, 2
LENGTHS = {Dimension.WORKERS: WORKERS, Dimension.RINGS: RINGS}


class Meters(ArrayTable):
    """Shared by several processes."""

    peaks: Annotated[NDArray[np.float32], Dimension.WORKERS, 2 + 2]
    counts: Annotated[NDArray[np.int64], 5]


class Desk(Meters):
    """The same, and what one process has beside it."""

    marks: Annotated[NDArray[np.uint8], Dimension.RINGS, 2, 16]
    levels: Annotated[NDArray[np.float64], Dimension.WORKERS]


unpack_desk = make_unpacker(Desk)


@callback_njit_entry
def fill(words: NDArray[np.int64]) -> None:
    """Write the number of each field to its first and last element, and its size to its second."""
    desk = unpack_desk(words)
    desk.peaks[0, 0] = desk.peaks[-1, -1] = 1
    desk.counts[0] = desk.counts[-1] = 2
    desk.marks[0, 0, 0] = desk.marks[-1, -1, -1] = 3
    desk.levels[0] = desk.levels[-1] = 4
    desk.peaks[0, 1], desk.counts[1] = desk.peaks.size, desk.counts.size
    desk.marks[0, 0, 1], desk.levels[1] = desk.marks.size, desk.levels.size


def make_desk() -> Desk:
    return Desk(*(np.zeros(spec.shape_at(LENGTHS), spec.dtype) for spec in Desk.specs.values()))


def test_a_table_is_read_from_its_fields_with_those_of_its_base_first() -> None:
    assert Meters.specs == {
        "peaks": ArraySpec(np.dtype(np.float32), (Dimension.WORKERS, 4)),
        "counts": ArraySpec(np.dtype(np.int64), (5,)),
    }
    assert list(Desk.specs) == ["peaks", "counts", "marks", "levels"]
    assert {name: Desk.specs[name] for name in Meters.specs} == Meters.specs


def test_each_field_is_the_array_at_its_place() -> None:
    desk = make_desk()
    assert [getattr(desk, name) is array for name, array in zip(Desk.specs, desk, strict=True)] == [True] * 4
    assert desk.marks.shape == (RINGS, 2, 16)


def test_compiled_code_finds_every_array_by_its_name() -> None:
    desk = make_desk()
    words = np.array(pack_table(desk), np.int64)
    assert len(words) == count_words(Desk)
    fill(words)
    for number, array in enumerate(desk, 1):
        wanted = np.zeros_like(array)
        wanted.flat[0] = wanted.flat[-1] = number
        wanted.flat[1] = array.size
        assert np.array_equal(array, wanted)


def test_compiled_code_takes_and_returns_a_table_as_such() -> None:
    @callback_njit_entry
    def swap(desk: Any) -> Any:
        return desk, desk.levels

    desk = make_desk()
    returned, levels = swap(desk)
    assert isinstance(returned, Desk)
    assert [np.shares_memory(one, other) for one, other in zip(desk, returned, strict=True)] == [True] * 4
    assert np.shares_memory(levels, desk.levels)


def test_too_few_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="3 arrays; Desk has 4"):
        Desk(*make_desk()[:3])


@pytest.mark.parametrize(
    "wrong",
    [np.zeros(5, np.int32), np.zeros(6, np.int64), np.zeros((5, 1), np.int64), np.zeros(10, np.int64)[::2]],
    ids=["type", "length", "axes", "gaps"],
)
def test_an_array_that_is_not_as_declared_is_not_passed_to_compiled_code(wrong: NDArray[Any]) -> None:
    peaks, _, marks, levels = make_desk()
    with pytest.raises(ValueError, match=r"counts: .* declared is int64 \(5,\)"):
        pack_table(Desk(peaks, wrong, marks, levels))


def test_arrays_that_disagree_on_a_dimension_are_not_passed_to_compiled_code() -> None:
    peaks, counts, marks, levels = make_desk()
    with pytest.raises(ValueError, match="peaks: "):
        pack_table(Desk(peaks, counts, marks, levels[:-1]))

"""Array table: a tuple of arrays that declares each of them once, with its name, type and shape.

    class Meters(ArrayTable):
        peaks: Annotated[NDArray[np.float32], Dimension.WORKERS, 2]  # shape (workers, 2)

What is said of the field is all there is: `bridge.runtime.shared.layout` maps the arrays of such a table in shared
memory, and `bridge.runtime.shared.native_table` hands them to compiled code, which sees a named tuple.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray


class Dimension(enum.Enum):
    """A length that depends on the plan."""

    WORKERS = enum.auto()
    RINGS = enum.auto()


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """Type and shape of one array of a table."""

    dtype: np.dtype[Any]
    shape: tuple[int | Dimension, ...]

    def shape_at(self, lengths: Mapping[Dimension, int]) -> tuple[int, ...]:
        """The shape where the dimensions have these ``lengths``."""
        return tuple(lengths[length] if isinstance(length, Dimension) else length for length in self.shape)


class ArrayTable(tuple[NDArray[Any], ...]):
    """Base of the tables. A subclass has the arrays of its base first, then its own, in the order of the fields."""

    __slots__ = ()
    specs: ClassVar[dict[str, ArraySpec]] = {}
    _fields: ClassVar[tuple[str, ...]] = ()  # as a named tuple has them, for numba

    def __init_subclass__(cls) -> None:
        hints = get_type_hints(cls, include_extras=True)
        cls.specs = {name: _read_spec(hint) for name, hint in hints.items() if get_origin(hint) is Annotated}
        cls._fields = tuple(cls.specs)
        for index, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(index)))

    def __new__(cls, *arrays: NDArray[Any]) -> Self:
        """A table of ``arrays``, in the order of the fields. Raises: ValueError where their number differs."""
        if len(arrays) != len(cls.specs):
            raise ValueError(f"{len(arrays)} arrays; {cls.__name__} has {len(cls.specs)}")
        return super().__new__(cls, arrays)

    def _asdict(self) -> dict[str, NDArray[Any]]:
        return dict(zip(self._fields, self, strict=True))


def _read_spec(hint: Any) -> ArraySpec:
    """The specification of a field ``Annotated[NDArray[type], *shape]``."""
    array, *shape = get_args(hint)
    (scalar,) = get_args(get_args(array)[1])  # NDArray[type] is ndarray[shape, dtype[type]]
    return ArraySpec(np.dtype(scalar), tuple(shape))

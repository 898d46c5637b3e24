"""Native table: the arrays of an `ArrayTable` as words that C can pass on, and compiled code that reads them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from bridge.runtime.shared.array_table import ArraySpec, ArrayTable, Dimension

T = TypeVar("T", bound=ArrayTable)

# numba's own annotations describe the functions before it compiles them, not what callers see
_numba: Any = numba
_intrinsic: Any = intrinsic
_types: Any = types
_array: Any = arrayobj
_cg: Any = cgutils


def count_words(table: type[ArrayTable]) -> int:
    """How many words `pack_table` makes of a ``table``."""
    return len(Dimension) + len(table.specs)


def pack_table(arrays: ArrayTable) -> list[int]:
    """The length of each Dimension (0 where no array has it), then the address of each array.

    The addresses hold as long as the arrays live. Raises: ValueError where an array is not as it was declared, since
    compiled code would read beside it.
    """
    lengths = dict.fromkeys(Dimension, 0)
    for array, spec in zip(arrays, arrays.specs.values(), strict=True):
        pairs = zip(spec.shape, array.shape, strict=False)
        lengths |= {dimension: length for dimension, length in pairs if isinstance(dimension, Dimension)}
    for (name, spec), array in zip(arrays.specs.items(), arrays, strict=True):
        wanted = (spec.shape_at(lengths), spec.dtype, True)
        if (array.shape, array.dtype, array.flags.c_contiguous) != wanted:
            raise ValueError(f"{name}: {array.dtype} {array.shape}; declared is {spec.dtype} {wanted[0]}, C-contiguous")
    return [*lengths.values(), *(array.ctypes.data for array in arrays)]


def make_unpacker(table: type[T]) -> Callable[[NDArray[np.int64]], T]:
    """A function for compiled code: words of `pack_table`, int64, to the ``table`` of these very arrays."""
    specs = list(table.specs.values())
    kinds = [_types.Array(_numba.from_dtype(spec.dtype), len(spec.shape), "C") for spec in specs]
    returned = _types.BaseTuple.from_types(kinds, table)

    def unpack(_: Any, words: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            source = _array.make_array(words)(context, builder, args[0])

            def read_word(index: int) -> Any:
                place = context.get_constant(_types.intp, index)
                return builder.load(_cg.get_item_pointer(context, builder, words, source, [place], wraparound=False))

            lengths = {dimension: read_word(index) for index, dimension in enumerate(Dimension)}
            arrays = [
                _make_array(context, builder, kind, spec, read_word(len(Dimension) + index), lengths)
                for index, (kind, spec) in enumerate(zip(kinds, specs, strict=True))
            ]
            return context.make_tuple(builder, signature.return_type, arrays)

        return returned(words), codegen

    unpacker: Callable[[NDArray[np.int64]], T] = _intrinsic(unpack)
    return unpacker


def _make_array(context: Any, builder: Any, kind: Any, spec: ArraySpec, address: Any, lengths: Any) -> Any:
    """LLVM's array of ``kind`` at ``address``, as `carray` makes it."""
    shape = [
        lengths[length] if isinstance(length, Dimension) else context.get_constant(_types.intp, length)
        for length in spec.shape
    ]
    pointer = _types.CPointer(kind.dtype)
    dimensions = _types.UniTuple(_types.intp, len(shape))
    data = builder.inttoptr(address, context.get_value_type(pointer))
    sizes = context.make_tuple(builder, dimensions, shape)
    return _array.np_cfarray(context, builder, kind(pointer, dimensions), (data, sizes))

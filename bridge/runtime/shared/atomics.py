"""Atomics for compiled code: acquire/release access, raw addresses and calls.

The callback and the workers share memory without locks: a writer stores its data, then releases an index; a
reader acquires the index, then loads the data. Plain NumPy stores would be enough on x86, but not on ARM, so
Python goes through `observe` and `publish` too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from bridge.core.jit import njit

# numba's own annotations describe the functions before it compiles them, not what callers see
_intrinsic: Any = intrinsic
_types: Any = types
_array: Any = arrayobj
_cg: Any = cgutils


def _pointer_to(kind: Any) -> Any:
    def pointer(_: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return kind(_types.int64), codegen

    return _intrinsic(pointer)


def _address_of(_: Any, pointer: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], context.get_value_type(_types.int64))

    return _types.int64(_types.voidptr), codegen


def _item(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = _array.make_array(signature.args[0])(context, builder, args[0])
    return _cg.get_item_pointer(context, builder, signature.args[0], array, [args[1]], wraparound=False)


def _load_acquire(_: Any, array: Any, index: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_item(context, builder, signature, args), "acquire", 8)

    return _types.int64(array, index), codegen


def _store_release(_: Any, array: Any, index: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _item(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return _types.void(array, index, _types.int64), codegen


def _exchange(_: Any, array: Any, index: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("xchg", _item(context, builder, signature, args), args[2], "acq_rel")

    return _types.int64(array, index, _types.int64), codegen


def _fence(_: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return _types.void(), codegen


def _call(_: Any, function: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32)])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])

    return _types.int32(_types.int64, _types.int32), codegen


def _call_process(_: Any, function: Any, frames: Any, argument: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32), pointer])
        pointed = builder.inttoptr(args[2], pointer)
        count = builder.trunc(args[1], ir.IntType(32))
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [count, pointed])

    return _types.int32(_types.int64, _types.int64, _types.int64), codegen


as_void: Callable[[int], Any] = _pointer_to(_types.voidptr)
as_int64: Callable[[int], Any] = _pointer_to(_types.CPointer(_types.int64))
as_float64: Callable[[int], Any] = _pointer_to(_types.CPointer(_types.float64))
as_float32: Callable[[int], Any] = _pointer_to(_types.CPointer(_types.float32))
as_uint8: Callable[[int], Any] = _pointer_to(_types.CPointer(_types.uint8))

_numba: Any = numba
carray: Callable[[Any, tuple[int, ...]], Any] = _numba.carray
"""A pointer as an array of the given shape, without a copy."""

address_of: Callable[[Any], int] = _intrinsic(_address_of)
"""A void pointer as an address."""

call: Callable[[int, int], int] = _intrinsic(_call)
"""Call the C function at an address with an int; its answer."""

call_process: Callable[[int, int, int], int] = _intrinsic(_call_process)
"""Call the C function at an address as a JackProcessCallback: with a number of frames and the address of its argument.
"""

load_acquire: Callable[[NDArray[np.int64], int], int] = _intrinsic(_load_acquire)
"""``array[index]`` of a one-dimensional int64 array; later loads are not moved before it."""

store_release: Callable[[NDArray[np.int64], int, int], None] = _intrinsic(_store_release)
"""``array[index] = value``; earlier stores are not moved behind it."""


exchange: Callable[[NDArray[np.int64], int, int], int] = _intrinsic(_exchange)
"""Store ``value`` in ``array[index]`` and return what it was, in one step; orders loads and stores both ways."""


order_all: Callable[[], None] = _intrinsic(_fence)
"""No load or store is moved over it, in either direction."""


@njit(["void()"])
def fence() -> None:
    """`order_all` for Python callers."""
    order_all()


@njit(["int64(int64[::1], int64)"])
def observe(array: NDArray[np.int64], index: int) -> int:
    """Acquire-load for Python callers."""
    return load_acquire(array, index)


@njit(["void(int64[::1], int64, int64)"])
def publish(array: NDArray[np.int64], index: int, value: int) -> None:
    """Release-store for Python callers."""
    store_release(array, index, value)


@njit(["int64(int64[::1], int64, int64)"])
def swap(array: NDArray[np.int64], index: int, value: int) -> int:
    """`exchange` for Python callers."""
    return exchange(array, index, value)

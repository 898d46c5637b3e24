"""Callback compiler: decorators for code of callback and workers, without Python or exceptions, cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from bridge.core.jit import njit

F = TypeVar("F", bound=Callable[..., object])


def callback_njit(function: F) -> F:
    """Compile ``function`` to machine code that calls no Python; division by zero gives infinity, as in C.

    Only compiled code calls it; Python that does gets a TypeError. For Python numba compiles a second function, which
    unpacks each array of a context: without them the whole callback compiles in two thirds of the time.
    """
    return _compile_internal(function)


def callback_njit_entry(function: F) -> F:
    """As `callback_njit`, and Python may call it: workers, tests and benchmarks do."""
    return njit(error_model="numpy")(function)


def callback_njit_sums(function: F) -> F:
    """As `callback_njit_entry`, but sums may be reordered for SIMD; the order is always the same."""
    return njit(error_model="numpy", fastmath={"reassoc", "contract"})(function)


def callback_njit_inlined(function: F) -> F:
    """As `callback_njit`, but the code becomes part of each caller's. A call passes every array of a context on the
    stack, which takes 0.1 µs: so what runs in each cycle, is small, and is called in one
    or two places, is inlined. Each caller is compiled with all that it inlines: a large function costs compile time.
    """
    return _compile_internal(function, forceinline=True)


def _compile_internal(function: F, **options: object) -> F:
    """Compile ``function`` without the functions by which Python and C would call it."""
    compiled = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)(function)
    dispatcher: Any = compiled

    def refuse(*_: object, **__: object) -> NoReturn:
        raise TypeError(f"only compiled code calls {function.__name__}; for Python it is callback_njit_entry")

    # numba would jump to the function that is not there, and the process would end with a segmentation fault
    dispatcher._insert = lambda *_: None
    dispatcher._compile_for_args = refuse
    return compiled

"""Callback compiler: decorators for code of callback and workers, without Python or exceptions, cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bridge.core.jit import njit

F = TypeVar("F", bound=Callable[..., object])


def callback_njit(function: F) -> F:
    """Compile ``function`` to machine code that calls no Python; division by zero gives infinity, as in C."""
    return njit(error_model="numpy")(function)


def callback_njit_sums(function: F) -> F:
    """As `callback_njit`, but sums may be reordered for SIMD; the order is always the same."""
    return njit(error_model="numpy", fastmath={"reassoc", "contract"})(function)


def callback_njit_inlined(function: F) -> F:
    """As `callback_njit`, but the code becomes part of each caller's. A call passes every array of a context on the
    stack, which takes 0.1 µs: so what runs in each cycle, is small, and is called in one
    or two places, is inlined. Each caller is compiled with all that it inlines: a large function costs compile time.
    """
    return njit(error_model="numpy", forceinline=True)(function)

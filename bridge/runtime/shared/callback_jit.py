"""One way to compile what the callback and the workers share: nopython, no exceptions, the code kept between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bridge.core.jit import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """``function`` as machine code that calls no Python; division by zero gives infinity, as in C."""
    return njit(error_model="numpy")(function)


def compiled_sums(function: F) -> F:
    """As `compiled`, but sums may be taken in another order, always the same: several terms at once."""
    return njit(error_model="numpy", fastmath={"reassoc", "contract"})(function)

"""Callback compiler: what only compiled code calls is refused to Python, also once it is compiled."""

from __future__ import annotations

import pytest

from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry, callback_njit_inlined


@callback_njit
def double(value: int) -> int:
    return 2 * value


@callback_njit_inlined
def add_one(value: int) -> int:
    return value + 1


@callback_njit_entry
def compute(value: int) -> int:
    return add_one(double(value))


def test_python_calls_entries_alone() -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match="only compiled code calls double"):
            double(3)
        with pytest.raises(TypeError, match="only compiled code calls add_one"):
            add_one(3)
        assert compute(3) == 7

"""Saved state: base class for engine parts whose state is saved, restored and reset field by field."""

from __future__ import annotations

import numpy as np

from bridge.core.engine import State


class SavedState:
    """Numbers and arrays as attributes. A subclass names them in ``saved_fields``; their types never change."""

    saved_fields: tuple[str, ...] = ()

    def reset(self) -> None:
        """Set every field to its initial value."""
        raise NotImplementedError

    def state(self) -> State:
        """A copy of every field; numbers become arrays without axes."""
        return {name: np.array(getattr(self, name)) for name in self.saved_fields}

    def restore(self, state: State) -> None:
        """Set every field from `state`; arrays are written in place."""
        for name in self.saved_fields:
            mine = getattr(self, name)
            if isinstance(mine, np.ndarray):
                mine[...] = state[name]
            else:
                setattr(self, name, type(mine)(state[name]))


def add_prefix(name: str, state: State) -> State:
    """``state`` with ``name`` and a dot before each key."""
    return {f"{name}.{key}": array for key, array in state.items()}


def strip_prefix(name: str, state: State) -> State:
    """The entries of ``state`` that `add_prefix` put under ``name``, without the prefix."""
    return {key.removeprefix(name + "."): array for key, array in state.items() if key.startswith(name + ".")}

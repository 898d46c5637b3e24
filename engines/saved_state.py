"""What an engine remembers, named once: so that state, restore and reset cannot forget one of them."""

from __future__ import annotations

import numpy as np

from bridge.core.engine import State


class Memory:
    """Numbers and arrays as attributes. A subclass names them in ``remembered``; the types never change."""

    remembered: tuple[str, ...] = ()

    def forget(self) -> None:
        """Everything as at the start."""
        raise NotImplementedError

    def state(self) -> State:
        """A copy of everything in ``remembered``, numbers as arrays without axes."""
        return {name: np.array(getattr(self, name)) for name in self.remembered}

    def restore(self, state: State) -> None:
        """Take everything over from `state`, arrays in place."""
        for name in self.remembered:
            mine = getattr(self, name)
            if isinstance(mine, np.ndarray):
                mine[...] = state[name]
            else:
                setattr(self, name, type(mine)(state[name]))


def prefixed(name: str, state: State) -> State:
    """``state`` with each key behind ``name`` and a dot."""
    return {f"{name}.{key}": array for key, array in state.items()}


def within(name: str, state: State) -> State:
    """The part of ``state`` that `prefixed` put behind ``name``."""
    return {key.removeprefix(name + "."): array for key, array in state.items() if key.startswith(name + ".")}

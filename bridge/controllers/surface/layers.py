"""Layers of a mapped device: which one is active, while buttons select or hold others."""

from __future__ import annotations

from collections.abc import Hashable


class LayerStack:
    """``selected`` layer, and those that are held over it: the one whose button was pressed last is active."""

    def __init__(self, layers: tuple[str, ...]) -> None:
        self.selected = layers[0] if layers else ""
        self._held: dict[Hashable, str] = {}

    @property
    def active(self) -> str:
        return next(reversed(self._held.values())) if self._held else self.selected

    def hold(self, button: Hashable, layer: str) -> None:
        """``button`` is pressed, and holds ``layer``."""
        self._held.pop(button, None)
        self._held[button] = layer

    def release(self, button: Hashable) -> None:
        """``button`` is released; those pressed before and after it still hold theirs."""
        self._held.pop(button, None)

"""Postprocessor base class: wraps a separator and keeps its stems and rates."""

from __future__ import annotations

from bridge.core.audio import Audio
from engines.separation.separator import Separator


class Postprocessor:
    """A separator around ``inner``; the subclass implements `separate`. It does not stream."""

    label: str
    """Its name; the name of both is the separator's, a plus sign and this."""
    summary: str
    """Its effect and cost, in a line."""

    def __init__(self, inner: Separator) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        return f"{self.inner.name}+{self.label}"

    @property
    def stems(self) -> tuple[str, ...]:
        return self.inner.stems

    @property
    def rates(self) -> tuple[int, ...]:
        return self.inner.rates

    def separate(self, mix: Audio, rate: int) -> Audio:
        """Separate ``mix``, shape (2, frames), into stems of shape (stems, 2, frames), aligned with it."""
        raise NotImplementedError

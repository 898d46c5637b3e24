"""Mean of several separators: what they agree on remains, and errors that each makes by itself are halved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.separation.separator import Separator


class MeanSeparator:
    """A `Separator` that gives the mean of the estimates of ``separators``: where theirs sum to the mix, so does it.

    Raises: EngineError where their stems differ, or no rate is common to all.
    """

    def __init__(self, name: str, separators: Sequence[Separator]) -> None:
        self._name, self._separators = name, tuple(separators)
        first, *others = self._separators
        if any(other.stems != first.stems for other in others):
            raise EngineError(f"{name}: its separators give different stems", "give separators of the same stems")
        limited = [set(separator.rates) for separator in self._separators if separator.rates]
        self._rates = tuple(sorted(set.intersection(*limited))) if limited else ()
        if limited and not self._rates:
            raise EngineError(f"{name}: its separators have no rate in common", "give separators of one rate")

    @property
    def name(self) -> str:
        return self._name

    @property
    def stems(self) -> tuple[str, ...]:
        return self._separators[0].stems

    @property
    def rates(self) -> tuple[int, ...]:
        return self._rates

    def separate(self, mix: Audio, rate: int) -> Audio:
        """Separate ``mix``, shape (2, frames), as `Separator.separate`."""
        stems = np.array(self._separators[0].separate(mix, rate), np.float32)
        for separator in self._separators[1:]:
            stems += separator.separate(mix, rate)
        stems /= np.float32(len(self._separators))
        return stems

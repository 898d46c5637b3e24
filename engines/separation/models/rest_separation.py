"""Rest separation: a model that separates some stems, and a second separator for what it leaves."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.separation.models.chunked import order_stems
from engines.separation.separator import Separator


class RestSeparator:
    """A `Separator`: ``first`` separates the mix, ``second`` its stem ``rest``.

    What ``second`` takes for a stem that ``first`` has separated already stays in ``rest``. So the stems sum to the
    mix where those of both do.
    """

    def __init__(self, first: Separator, rest: str, second: Separator) -> None:
        self._first, self._rest, self._second = first, rest, second
        self._stems = order_stems((*first.stems, *second.stems, rest))

    @property
    def name(self) -> str:
        return self._first.name

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def rates(self) -> tuple[int, ...]:
        """Rates that both support."""
        if not self._second.rates:
            return self._first.rates
        return tuple(rate for rate in self._first.rates if rate in self._second.rates)

    def separate(self, mix: Audio, rate: int) -> Audio:
        """Separate ``mix``, shape (2, frames), into stems of shape (stems, 2, frames), aligned with it."""
        found = dict(zip(self._first.stems, self._first.separate(mix, rate), strict=True))
        rest = found.pop(self._rest)
        found[self._rest] = np.zeros_like(rest)
        kept = set(found)
        for stem, audio in zip(self._second.stems, self._second.separate(rest, rate), strict=True):
            if stem in kept:
                found[self._rest] = found[self._rest] + audio
            else:
                found[stem] = audio
        return np.stack([found[stem] for stem in self._stems])

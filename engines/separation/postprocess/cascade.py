"""Cascade: one stem first, then the rest from the mix without it."""

from __future__ import annotations

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.separation.postprocess.postprocessor import Postprocessor, find_stem
from engines.separation.separator import Separator


class Cascade(Postprocessor):
    """Cost: one more separation. The second pass's part of the ``first`` stem is added to the first pass's.

    So the stems sum to the mix where those of the separator do.
    """

    label = "cascade"
    summary = "Vocals first, then the rest from what they leave; twice the computing."

    def __init__(self, inner: Separator, first: str = "vocals") -> None:
        super().__init__(inner)
        self._first = first

    def separate(self, mix: Audio, rate: int) -> Audio:
        first = find_stem(self.stems, self._first, self.label)
        if len(self.stems) < 2:
            raise EngineError("cascade: one stem leaves nothing to separate", "use a separator with two stems or more")
        found = self.inner.separate(mix, rate)[first].copy()
        stems = self.inner.separate(mix - found, rate)
        stems[first] += found
        return stems

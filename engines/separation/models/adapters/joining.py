"""Joined networks: several networks that each give some stems, as one that gives all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import ModelError
from engines.separation.models.chunked import ChunkedNetwork


class JoinedNetwork:
    """Runs networks on the same pieces, one after the other, and takes the ``kept`` stems of each.

    The fine-tuned HTDemucs is four such files, each good at one of the four stems that it gives.
    """

    def __init__(self, networks: Sequence[ChunkedNetwork], kept: Sequence[Sequence[str]]) -> None:
        lengths = {network.piece_frames for network in networks}
        if len(lengths) > 1:
            listed = ", ".join(str(length) for length in sorted(lengths))
            raise ModelError(f"its files take pieces of different lengths ({listed} frames)", "export them alike")
        self._networks, self._kept = list(networks), [tuple(stems) for stems in kept]

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(stem for stems in self._kept for stem in stems)

    @property
    def piece_frames(self) -> int:
        return self._networks[0].piece_frames

    @property
    def fixed(self) -> bool:
        return any(network.fixed for network in self._networks)

    def apply(self, mix: Audio) -> Audio:
        parts = []
        for network, kept in zip(self._networks, self._kept, strict=True):
            stems = network.apply(mix)
            parts.append(stems[[network.stems.index(stem) for stem in kept]])
        return np.concatenate(parts)

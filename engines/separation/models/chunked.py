"""Chunked inference: a network with pieces of a fixed length as a separator for any length, with cross-fades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.errors import ModelError
from engines.separation.models.bounds import MOST_FRAMES

SHORTEST_PIECE = 2
"""Shortest piece in frames: one to cross-fade with the previous piece, one to advance."""
OVERLAP = 0.25
"""Share of a piece that cross-fades with the next, linearly: as in Demucs (demucs/apply.py, overlap=0.25)."""


class ChunkedNetwork(Protocol):
    """A network with pieces of a fixed length, made by an adapter from its graphs."""

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems, in the order of `apply`."""

    @property
    def piece_frames(self) -> int:
        """The length of a piece."""

    @property
    def fixed(self) -> bool:
        """Whether a piece must have that length; otherwise it may be shorter."""

    def apply(self, mix: Audio) -> Audio:
        """Separate one piece, shape (2, frames), into (stems, 2, frames), aligned with it."""


class PieceSeparator:
    """A `Separator` of a `ChunkedNetwork`. Stems are in the order of STEMS, further ones of the model after them.

    ``rest``: the stem that is the mix minus all others where the network does not give it. ``normalisation`` "mix":
    the mix is normalised by mean and deviation of its mono sum, as in Demucs (demucs/separate.py). Unlike there the
    mean is added back to one stem (``rest``) and not to each, so that the stems still sum to the mix. A mix shorter
    than a piece is padded with silence on both sides, or, with ``padded_at_end``, behind it.
    """

    def __init__(
        self,
        name: str,
        rate: int,
        network: ChunkedNetwork,
        rest: str = "other",
        normalisation: Literal["none", "mix"] = "none",
        *,
        padded_at_end: bool = False,
    ) -> None:
        """Raises ModelError where the network's pieces are too short or too long."""
        if not SHORTEST_PIECE <= network.piece_frames <= MOST_FRAMES:
            raise ModelError(
                f"{name}: takes pieces of {network.piece_frames:,} frames",
                f"{SHORTEST_PIECE} to {MOST_FRAMES:,} are possible: correct window, hop or piece, or export it again",
            )
        self._name, self._rate, self._network, self._rest = name, rate, network, rest
        self._normalised, self._padded_at_end = normalisation == "mix", padded_at_end
        self._stems = order_stems((*network.stems, rest))

    @property
    def name(self) -> str:
        return self._name

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def rates(self) -> tuple[int, ...]:
        return (self._rate,)

    @property
    def piece_frames(self) -> int:
        """Length of the network's input."""
        return self._network.piece_frames

    @property
    def context_frames(self) -> int:
        """Useful context before and after a frame: the overlap of two pieces."""
        return max(1, int(self.piece_frames * OVERLAP))

    def separate(self, mix: Audio, rate: int) -> Audio:
        """Separate a mix of one frame or more; samples that are not finite count as silence."""
        check_mix(self._name, mix, rate, self._rate)
        sane = np.nan_to_num(np.asarray(mix, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        mean, deviation = 0.0, 1.0
        if self._normalised:
            mono = sane.mean(axis=0, dtype=np.float64)
            mean, deviation = float(mono.mean()), float(mono.std()) + 1e-8
        normalised = ((sane - mean) / deviation).astype(np.float32)
        found = self._separate_pieces(normalised) * np.float32(deviation)
        return self._arrange_stems(sane, found, mean)

    def _separate_pieces(self, mix: Audio) -> Audio:
        frames = mix.shape[1]
        piece = self.piece_frames if self._network.fixed else min(self.piece_frames, frames)
        total = np.zeros((len(self._network.stems), CHANNELS, frames), np.float32)
        weight = np.zeros(frames, np.float32)
        if frames <= piece:
            # by default centred, as Demucs pads: a network is least accurate at its edges
            before = 0 if self._padded_at_end else (piece - frames) // 2
            padded = np.pad(mix, ((0, 0), (before, piece - frames - before)))
            return self._apply(padded)[:, :, before : before + frames]
        window = _make_crossfade(piece, self.context_frames)
        for start in _find_starts(frames, piece, piece - self.context_frames):
            total[:, :, start : start + piece] += self._apply(mix[:, start : start + piece]) * window
            weight[start : start + piece] += window
        return total / weight

    def _apply(self, mix: Audio) -> Audio:
        stems = self._network.apply(mix)
        if not np.isfinite(stems).all():
            raise ModelError(f"{self._name}: gave numbers that are not finite", "it is broken, or its normalisation is")
        return stems

    def _arrange_stems(self, mix: Audio, found: Audio, mean: float) -> Audio:
        given = dict(zip(self._network.stems, found, strict=True))
        if self._rest in given:
            given[self._rest] = given[self._rest] + np.float32(mean)
        else:
            given[self._rest] = mix - found.sum(axis=0)
        return np.stack([given[stem] for stem in self._stems]).astype(np.float32, copy=False)


def order_stems(stems: Sequence[str]) -> tuple[str, ...]:
    """``stems`` once each: those of STEMS in its order, then the others in theirs."""
    return (*(stem for stem in STEMS if stem in stems), *dict.fromkeys(stem for stem in stems if stem not in STEMS))


def check_mix(name: str, mix: Audio, rate: int, own: int) -> None:
    """Raises: ModelError where ``mix`` is not (2, at least 1 frame) or ``rate`` is not the model's ``own``."""
    if mix.ndim != 2 or mix.shape[0] != CHANNELS or mix.shape[1] < 1:
        raise ModelError(f"{name}: a mix of shape {mix.shape}", "give (2, frames), at least one frame; mono on both")
    if rate != own:
        raise ModelError(f"{name}: the mix is at {rate} Hz, the model at {own} Hz", f"resample to {own} Hz")


def _make_crossfade(frames: int, overlap: int) -> Audio:
    """Window that rises over ``overlap`` frames, stays 1 and falls; never 0, so that a weighted mean is defined."""
    ramp = ((np.arange(overlap) + 0.5) / overlap).astype(np.float32)
    window = np.ones(frames, np.float32)
    window[:overlap] = ramp
    window[frames - overlap :] = np.minimum(window[frames - overlap :], ramp[::-1])
    return window


def _find_starts(frames: int, piece: int, stride: int) -> list[int]:
    """Start frames of the pieces; the last one ends with the signal, without padding."""
    starts = list(range(0, frames - piece, stride))
    return [*starts, frames - piece]

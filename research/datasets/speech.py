"""Speech taken apart by WORLD into syllables that can be sung, and the readers whose speech it is."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyworld
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from research.datasets.sources import EMPTY_PEAK, RATE, Recording, decode, get_split, set_peak

FRAME_S = 0.005
FLOOR_HZ, CEILING_HZ = 70.0, 500.0
READERS_HELD_OUT = 10
"""Of the readers with one file each, this many (the first by name) are for validation."""


@dataclass(frozen=True)
class Syllable:
    """Frames of 5 ms: ``power`` (frames, bins) and ``noise`` (frames, bins) by WORLD; ``voiced`` (frames,).

    ``vowel``: where its voiced middle begins and ends.
    """

    power: Float64Array
    noise: Float64Array
    voiced: NDArray[np.bool_]
    vowel: tuple[int, int]


@dataclass(frozen=True)
class Singer:
    """A reader's syllables, phrase by phrase, and the usual pitch of the speech (MIDI)."""

    name: str
    phrases: list[list[Syllable]]
    pitch: float


@dataclass
class Choir:
    """The readers of the collection; who is wanted is taken apart then, and the last few are kept."""

    readers: dict[str, list[Recording]]
    known: dict[str, Singer] = field(default_factory=dict)

    @staticmethod
    def open(recordings: Iterable[Recording]) -> Choir:
        readers: dict[str, list[Recording]] = defaultdict(list)
        for recording in recordings:
            if recording.kind != "speech":
                continue
            name = recording.group
            if name in ("librispeech", "librispeech100", "vctk"):
                name = f"{name}-{recording.piece.split('-')[0] if '-' in recording.piece else recording.piece}"
            readers[name].append(recording)
        return Choir(dict(readers))

    def get_split(self, name: str) -> str:
        single = sorted(n for n in self.readers if n.startswith("librispeech100"))
        return "valid" if name in single[:READERS_HELD_OUT] else get_split(name)

    def list_names(self, split: str) -> list[str]:
        return sorted(name for name in self.readers if self.get_split(name) == split)

    def get_singer(self, name: str) -> Singer | None:
        """None where no voice was found in the recordings. Of many files of a reader the same eight are used."""
        if name in self.known:
            return self.known[name]
        recordings = self.readers[name]
        chosen = np.random.default_rng(zlib.crc32(name.encode())).permutation(len(recordings))[:8]
        singer = analyse_speech(name, [decode(recordings[i].path) for i in chosen])
        if singer is not None:
            if len(self.known) >= 4:
                self.known.pop(next(iter(self.known)))
            self.known[name] = singer
        return singer


def analyse_speech(name: str, waves: Iterable[Float32Array]) -> Singer | None:
    """WORLD's analysis (DIO, StoneMask, CheapTrick, D4C; Morise et al. 2016) of speech (2, frames), in syllables."""
    phrases, pitches = [], []
    for wave in waves:
        if np.abs(wave).max(initial=0.0) < EMPTY_PEAK or wave.shape[1] < RATE // 2:
            continue
        mono = set_peak(wave).mean(0).astype(np.float64)
        rough, times = pyworld.dio(mono, RATE, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ, frame_period=1000 * FRAME_S)
        hz = pyworld.stonemask(mono, rough, times, RATE)
        power = pyworld.cheaptrick(mono, hz, times, RATE)
        noise = pyworld.d4c(mono, hz, times, RATE)
        power, noise = _extend_band(power, noise)
        syllables = _split_syllables(hz > 0, power, noise)
        if len(syllables) >= 3:
            phrases.append(syllables)
            pitches.append(float(np.median(69 + 12 * np.log2(hz[hz > 0] / 440))))
    if not phrases:
        return None
    return Singer(name, phrases, float(np.median(pitches)))


def _extend_band(power: Float64Array, noise: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Speech that was recorded at a low rate has nothing on top: there goes on falling what was below, as breath."""
    bins = power.shape[1]
    hz = np.arange(bins) * RATE / 2 / (bins - 1)
    level = 10 * np.log10(power.mean(0) + 1e-18)
    there = level > level[(hz > 3000) & (hz < 5000)].mean() - 40
    top = float(hz[np.flatnonzero(there)[-1]]) if there.any() else 8000.0
    if top > 14000:
        return power, noise
    edge = 0.9 * top
    band = (hz > 0.72 * top) & (hz < edge)
    above = hz >= edge
    power, noise = power.copy(), noise.copy()
    slope = (hz[above] / (0.81 * top)) ** -4.5
    power[:, above] = power[:, band].mean(1, keepdims=True) * slope
    noise[:, above] = 1.0
    return power, noise


def _split_syllables(voiced: NDArray[np.bool_], power: Float64Array, noise: Float64Array) -> list[Syllable]:
    """Pieces around the loud voiced places, divided where it is softest between them."""
    bins = power.shape[1]
    low, high = int(250 / (RATE / 2) * bins), int(3500 / (RATE / 2) * bins)
    loud = 10 * np.log10(power[:, low:high].mean(1) + 1e-18)
    window = np.hanning(15)
    smooth = np.convolve(np.pad(loud, 7, mode="edge"), window / window.sum(), mode="valid")
    peak = smooth.max()
    tops = [
        i
        for i in range(1, len(smooth) - 1)
        if smooth[i] >= smooth[i - 1] and smooth[i] > smooth[i + 1] and voiced[i] and smooth[i] > peak - 30
    ]
    kept: list[int] = []
    for top in tops:
        if kept and top - kept[-1] < 24:
            if smooth[top] > smooth[kept[-1]]:
                kept[-1] = top
        else:
            kept.append(top)
    if not kept:
        return []
    edges = [max(0, kept[0] - 30)]
    edges += [a + int(np.argmin(smooth[a:b])) for a, b in pairwise(kept)]
    edges.append(min(len(smooth), kept[-1] + 40))
    syllables = []
    for top, start, stop in zip(kept, edges, edges[1:], strict=False):
        start, stop = max(start, top - 40), min(stop, top + 60)  # pauses are not sung
        first, last = top, top
        while first > start and voiced[first - 1]:
            first -= 1
        while last < stop - 1 and voiced[last + 1]:
            last += 1
        if last - first < 6 or stop - start < 10:
            continue
        gain = 10 ** (-0.7 * (loud[top] - np.median(loud[kept])) / 10)
        middle = first + int(0.3 * (last - first)), first + int(0.8 * (last - first))
        syllables.append(
            Syllable(
                power[start:stop] * gain, noise[start:stop], voiced[start:stop], (middle[0] - start, middle[1] - start)
            )
        )
    return syllables

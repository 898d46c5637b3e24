"""Voices that sing tunes: speech taken apart by WORLD, its syllables laid on notes, its pitch replaced."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyworld
from numpy.typing import NDArray

from engines.separation.training.drums import draw
from engines.separation.training.effects import Random, panned
from engines.separation.training.players import Songbook
from engines.separation.training.production import produce
from engines.separation.training.sources import QUIET, RATE, Floats, Recording, Stock, decode, levelled, split_of
from engines.separation.training.symbolic import Note, Tune

log = logging.getLogger(__name__)

FRAME_S = 0.005
FLOOR_HZ, CEILING_HZ = 70.0, 500.0
READERS_HELD_OUT = 10
"""Of the readers with one file each, this many (the first by name) are for validation."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Syllable:
    """Frames of 5 ms: ``power`` (frames, bins) and ``noise`` (frames, bins) by WORLD; ``voiced`` (frames,).

    ``vowel``: where its voiced middle begins and ends.
    """

    power: Doubles
    noise: Doubles
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

    def split(self, name: str) -> str:
        single = sorted(n for n in self.readers if n.startswith("librispeech100"))
        return "valid" if name in single[:READERS_HELD_OUT] else split_of(name)

    def names(self, split: str) -> list[str]:
        return sorted(name for name in self.readers if self.split(name) == split)

    def singer(self, name: str, random: Random) -> Singer | None:
        """None where no voice was found in the recordings. Of a reader with many files a random eight are used."""
        if name in self.known:
            return self.known[name]
        recordings = self.readers[name]
        chosen = random.permutation(len(recordings))[:8]
        singer = taken_apart(name, [decode(recordings[i].path) for i in chosen])
        if singer is not None:
            if len(self.known) >= 4:
                self.known.pop(next(iter(self.known)))
            self.known[name] = singer
        return singer


def taken_apart(name: str, waves: Iterable[Floats]) -> Singer | None:
    """WORLD's analysis (DIO, StoneMask, CheapTrick, D4C; Morise et al. 2016) of speech (2, frames), in syllables."""
    phrases, pitches = [], []
    for wave in waves:
        if np.abs(wave).max(initial=0.0) < QUIET or wave.shape[1] < RATE // 2:
            continue
        mono = levelled(wave).mean(0).astype(np.float64)
        rough, times = pyworld.dio(mono, RATE, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ, frame_period=1000 * FRAME_S)
        hz = pyworld.stonemask(mono, rough, times, RATE)
        power = pyworld.cheaptrick(mono, hz, times, RATE)
        noise = pyworld.d4c(mono, hz, times, RATE)
        power, noise = _whole_band(power, noise)
        syllables = _syllables(hz > 0, power, noise)
        if len(syllables) >= 3:
            phrases.append(syllables)
            pitches.append(float(np.median(69 + 12 * np.log2(hz[hz > 0] / 440))))
    if not phrases:
        return None
    return Singer(name, phrases, float(np.median(pitches)))


def _whole_band(power: Doubles, noise: Doubles) -> tuple[Doubles, Doubles]:
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


def _syllables(voiced: NDArray[np.bool_], power: Doubles, noise: Doubles) -> list[Syllable]:
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


def _laid(frames: int, syllable: Syllable) -> Doubles:
    """For each of ``frames`` the place in ``syllable``: consonants keep their speed, the vowel fills the rest."""
    length = len(syllable.power)
    first, last = syllable.vowel
    head, tail = min(first, 0.35 * frames), min(length - last, 0.3 * frames)
    return np.interp(np.arange(frames), [0, head, frames - tail, frames], [0, first, last, length - 1])


@dataclass(frozen=True)
class Manner:
    """How a voice sings: seconds, cents and Hz."""

    slide_s: float
    vibrato_cents: float
    vibrato_hz: float
    drift_cents: float
    formants: float
    late_s: float

    @staticmethod
    def draw(random: Random) -> Manner:
        return Manner(
            random.uniform(0.02, 0.08), random.uniform(0, 70), random.uniform(4.8, 6.6), random.uniform(4, 18),
            float(np.exp(random.normal(0, 0.06))), random.normal(0, 0.012),
        )  # fmt: skip


def sung(
    singer: Singer, notes: list[Note], beat_s: float, seconds: float, manner: Manner, random: Random, seed: int
) -> Floats:
    """``notes`` sung, shape (frames,). The same ``seed`` takes the same syllables, as doubles and harmonies need."""
    words = np.random.default_rng(seed)
    total = int(seconds / FRAME_S)
    bins = singer.phrases[0][0].power.shape[1]
    power, noise = np.full((total, bins), 1e-14), np.ones((total, bins))
    pitch = np.zeros(total)
    voiced = np.zeros(total, bool)
    phrase: list[Syllable] = []
    ended, place = -9.0, 0
    warp = np.clip(np.arange(bins) / manner.formants, 0, bins - 1)
    for i, note in enumerate(notes):
        start_s = note.beat * beat_s + manner.late_s
        stop_s = start_s + note.beats * beat_s
        if i + 1 < len(notes):
            after = notes[i + 1].beat * beat_s + manner.late_s
            stop_s = after if after - stop_s < 0.25 else stop_s
        start, stop = max(0, int(start_s / FRAME_S)), min(total, int(stop_s / FRAME_S))
        if start_s - ended > 0.4 or place >= len(phrase):
            phrase = singer.phrases[int(words.integers(len(singer.phrases)))]
            place = int(words.integers(max(1, len(phrase) - 3)))
        ended = stop_s
        if stop - start < 8:
            continue
        syllable = phrase[place]
        place += 1
        at = _laid(stop - start, syllable)
        wander = 2.0 * np.sin(np.arange(stop - start) * random.uniform(0.02, 0.06) + random.uniform(0, 6))
        at = np.clip(at + wander * (stop - start > 60), 0, len(syllable.power) - 1)
        low, part = np.floor(at).astype(int), (at % 1.0)[:, None]
        high = np.minimum(low + 1, len(syllable.power) - 1)
        mixed = np.exp(np.log(syllable.power[low]) * (1 - part) + np.log(syllable.power[high]) * part)
        swell = 10 ** (0.1 * (8 * note.force - 6))
        fade = np.minimum(1.0, np.minimum(np.arange(1, stop - start + 1) / 3, np.arange(stop - start, 0, -1) / 10))
        left = np.floor(warp).astype(int)
        power[start:stop] = mixed[:, left] * (swell * fade**2)[:, None] + 1e-14
        noise[start:stop] = syllable.noise[low][:, left]
        pitch[start:stop] = note.pitch
        voiced[start:stop] = syllable.voiced[low]
    if not voiced.any():
        return np.zeros(int(seconds * RATE), np.float32)
    hz = _contour(pitch, voiced, manner, random)
    out = np.zeros(int(seconds * RATE), np.float32)
    for start, stop in _stretches(pitch > 0):
        wave = pyworld.synthesize(hz[start:stop], power[start:stop], noise[start:stop], RATE, 1000 * FRAME_S)
        first = int(start * FRAME_S * RATE)
        frames = min(len(out) - first, len(wave))
        out[first : first + frames] += wave[:frames]
    return out


def _stretches(sounding: NDArray[np.bool_], gap: int = 30, edge: int = 8) -> list[tuple[int, int]]:
    """Runs of frames that sound, with ``edge`` quiet ones around; shorter gaps than ``gap`` frames do not divide."""
    places = np.flatnonzero(sounding)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap)
    starts = np.concatenate([[places[0]], places[breaks + 1]])
    stops = np.concatenate([places[breaks], [places[-1]]])
    return [(max(0, int(a) - edge), min(len(sounding), int(b) + edge)) for a, b in zip(starts, stops, strict=True)]


def _contour(pitch: Doubles, voiced: NDArray[np.bool_], manner: Manner, random: Random) -> Doubles:
    """Frequency by frame, 0 where unvoiced: slides between notes, vibrato on long ones, and never quite still."""
    held = pitch.copy()
    filled = np.flatnonzero(pitch > 0)
    held = held[filled[np.clip(np.searchsorted(filled, np.arange(len(pitch)), side="right") - 1, 0, None)]]
    width = max(3, int(2 * manner.slide_s / FRAME_S)) | 1
    window = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(np.pad(held, width // 2, mode="edge"), window / window.sum(), mode="valid")
    change = np.flatnonzero(np.diff(held, prepend=held[0]) != 0)
    since = (
        np.arange(len(held))
        - np.concatenate([[0], change])[np.searchsorted(change, np.arange(len(held)), side="right")]
    )
    depth = manner.vibrato_cents * np.clip((since * FRAME_S - 0.25) / 0.3, 0, 1)
    phase = 2 * np.pi * np.cumsum(manner.vibrato_hz * FRAME_S * (1 + 0.05 * random.standard_normal(len(held))))
    slow = np.hanning(81)
    drift = np.convolve(random.standard_normal(len(held) + 80), slow / np.sqrt((slow**2).sum()), mode="valid")
    cents = depth * np.sin(phase) + manner.drift_cents * drift
    return np.where(voiced, 440 * 2 ** ((smooth + cents / 100 - 69) / 12), 0.0)


def vocal_part(singer: Singer, tune: Tune, seconds: float, random: Random) -> Floats:
    """The tune's melody as a produced vocal stem (2, frames): often doubled, now and then with other voices."""
    beat_s = 60 / tune.bpm
    middle = float(np.median([note.pitch for note in tune.melody]))
    wanted = singer.pitch + random.uniform(0, 9)
    move = 12 * round((wanted - middle) / 12) if random.random() < 0.5 else round(wanted - middle)
    lead = [Note(n.beat, n.beats, n.pitch + move, n.force) for n in tune.melody]
    words, manner = int(random.integers(2**31)), Manner.draw(random)
    wave = np.repeat(sung(singer, lead, beat_s, seconds, manner, random, words)[None], 2, 0)
    kind = random.random()
    if kind < 0.2:
        for side in (-1, 1):
            other = sung(singer, lead, beat_s, seconds, Manner.draw(random), random, words)
            wave = wave + panned(np.repeat(other[None], 2, 0), side * random.uniform(0.3, 1)) * np.float32(
                random.uniform(0.2, 0.6)
            )
    elif kind < 0.45:
        for interval in random.permutation([4, -5, 7, -12, 12, 3])[: int(random.integers(1, 3))]:
            notes = [Note(n.beat, n.beats, _harmony(tune, n, int(interval)) + move, n.force) for n in tune.melody]
            if random.random() < 0.5:
                notes = [n for n in notes if (n.beat // 8) % 2 == 1]
            other = sung(singer, notes, beat_s, seconds, Manner.draw(random), random, words)
            wave = wave + panned(np.repeat(other[None], 2, 0), random.uniform(-0.8, 0.8)) * np.float32(
                random.uniform(0.25, 0.7)
            )
    return produce(wave.astype(np.float32), "vocals", random, beat_s)


def _harmony(tune: Tune, note: Note, interval: int) -> int:
    """The tone of the sounding chord nearest to ``interval`` semitones from the note."""
    for chord in tune.chords:
        if chord.beat <= note.beat < chord.beat + chord.beats:
            classes = {pitch % 12 for pitch in chord.pitches}
            near = sorted(range(-3, 4), key=abs)
            return next(
                (note.pitch + interval + d for d in near if (note.pitch + interval + d) % 12 in classes), note.pitch
            )
    return note.pitch + (interval if abs(interval) == 12 else 0)


def render_vocals(stock: Stock, choir: Choir, book: Songbook, count: int, seed: int, seconds: float = 45.0) -> None:
    """``count`` stems, one reader after the other, so that as many as possible are heard."""
    names = choir.names("train") + choir.names("valid")
    order = np.random.default_rng([seed, 99]).permutation(len(names))
    for i in range(count):
        reader = names[int(order[i % len(names)])]
        name = f"sung-{i:03d}-{reader}"
        if stock.has(name, "vocals"):
            continue
        random = draw(seed, name)
        singer = choir.singer(reader, random)
        if singer is None:
            log.warning("%s: no voice found", reader)
            continue
        wave = vocal_part(singer, book.tune(seconds, random, sung=True), seconds, random)
        if float(np.sqrt((wave**2).mean())) < 1e-3:
            log.warning("%s: silent", name)
            continue
        group = reader if not reader.startswith("librispeech100") else f"readers-{i % 8}"
        stock.add(name, "vocals", wave, group=f"sung-{group}", split=choir.split(reader), source=f"speech of {reader}")
        if i % 10 == 9:
            log.info("vocals: %d stems, %.1f min in all", i + 1, stock.minutes()["vocals"])

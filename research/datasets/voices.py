"""Voices that sing tunes: syllables of speech laid on notes, their pitch replaced."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pyworld
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from research.datasets.drums import make_random
from research.datasets.effects import Random, apply_pan
from research.datasets.players import Songbook
from research.datasets.production import produce
from research.datasets.sources import RATE, StemStore
from research.datasets.speech import FRAME_S, Choir, Singer, Syllable
from research.datasets.symbolic import Tune, TuneNote

log = logging.getLogger(__name__)


def _stretch_syllable(frames: int, syllable: Syllable) -> Float64Array:
    """For each of ``frames`` the place in ``syllable``: consonants keep their speed, the vowel fills the rest."""
    length = len(syllable.power)
    first, last = syllable.vowel
    head, tail = min(first, 0.35 * frames), min(length - last, 0.3 * frames)
    return np.interp(np.arange(frames), [0, head, frames - tail, frames], [0, first, last, length - 1])


@dataclass(frozen=True)
class SingingStyle:
    """How a voice sings: seconds, cents and Hz."""

    slide_s: float
    vibrato_cents: float
    vibrato_hz: float
    drift_cents: float
    formants: float
    late_s: float

    @staticmethod
    def draw(random: Random) -> SingingStyle:
        return SingingStyle(
            random.uniform(0.02, 0.08), random.uniform(0, 70), random.uniform(4.8, 6.6), random.uniform(4, 18),
            float(np.exp(random.normal(0, 0.06))), random.normal(0, 0.012),
        )  # fmt: skip


def sing(
    singer: Singer,
    notes: list[TuneNote],
    beat_s: float,
    seconds: float,
    style: SingingStyle,
    random: Random,
    seed: int,
) -> Float32Array:
    """``notes`` sung, shape (frames,). The same ``seed`` takes the same syllables, as doubles and harmonies need."""
    words = np.random.default_rng(seed)
    total = int(seconds / FRAME_S)
    bins = singer.phrases[0][0].power.shape[1]
    power, noise = np.full((total, bins), 1e-14), np.ones((total, bins))
    pitch = np.zeros(total)
    voiced = np.zeros(total, bool)
    phrase: list[Syllable] = []
    ended, place = -9.0, 0
    warp = np.clip(np.arange(bins) / style.formants, 0, bins - 1)
    for i, note in enumerate(notes):
        start_s = note.beat * beat_s + style.late_s
        stop_s = start_s + note.beats * beat_s
        if i + 1 < len(notes):
            after = notes[i + 1].beat * beat_s + style.late_s
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
        at = _stretch_syllable(stop - start, syllable)
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
    hz = _make_pitch_contour(pitch, voiced, style, random)
    out = np.zeros(int(seconds * RATE), np.float32)
    for start, stop in _find_runs(pitch > 0):
        wave = pyworld.synthesize(hz[start:stop], power[start:stop], noise[start:stop], RATE, 1000 * FRAME_S)
        first = int(start * FRAME_S * RATE)
        frames = min(len(out) - first, len(wave))
        out[first : first + frames] += wave[:frames]
    return out


def _find_runs(sounding: NDArray[np.bool_], gap: int = 30, edge: int = 8) -> list[tuple[int, int]]:
    """Runs of frames that sound, with ``edge`` quiet ones around; shorter gaps than ``gap`` frames do not divide."""
    places = np.flatnonzero(sounding)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap)
    starts = np.concatenate([[places[0]], places[breaks + 1]])
    stops = np.concatenate([places[breaks], [places[-1]]])
    return [(max(0, int(a) - edge), min(len(sounding), int(b) + edge)) for a, b in zip(starts, stops, strict=True)]


def _make_pitch_contour(
    pitch: Float64Array, voiced: NDArray[np.bool_], style: SingingStyle, random: Random
) -> Float64Array:
    """Frequency by frame, 0 where unvoiced: slides between notes, vibrato on long ones, and never quite still."""
    held = pitch.copy()
    filled = np.flatnonzero(pitch > 0)
    held = held[filled[np.clip(np.searchsorted(filled, np.arange(len(pitch)), side="right") - 1, 0, None)]]
    width = max(3, int(2 * style.slide_s / FRAME_S)) | 1
    window = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(np.pad(held, width // 2, mode="edge"), window / window.sum(), mode="valid")
    change = np.flatnonzero(np.diff(held, prepend=held[0]) != 0)
    since = (
        np.arange(len(held))
        - np.concatenate([[0], change])[np.searchsorted(change, np.arange(len(held)), side="right")]
    )
    depth = style.vibrato_cents * np.clip((since * FRAME_S - 0.25) / 0.3, 0, 1)
    phase = 2 * np.pi * np.cumsum(style.vibrato_hz * FRAME_S * (1 + 0.05 * random.standard_normal(len(held))))
    slow = np.hanning(81)
    drift = np.convolve(random.standard_normal(len(held) + 80), slow / np.sqrt((slow**2).sum()), mode="valid")
    cents = depth * np.sin(phase) + style.drift_cents * drift
    return np.where(voiced, 440 * 2 ** ((smooth + cents / 100 - 69) / 12), 0.0)


def render_vocal_part(singer: Singer, tune: Tune, seconds: float, random: Random) -> Float32Array:
    """The tune's melody as a produced vocal stem (2, frames): often doubled, now and then with other voices."""
    beat_s = 60 / tune.bpm
    melody = tune.apply_swing(tune.melody)
    middle = float(np.median([note.pitch for note in melody]))
    wanted = singer.pitch + random.uniform(0, 9)
    move = 12 * round((wanted - middle) / 12) if random.random() < 0.5 else round(wanted - middle)
    lead = [TuneNote(n.beat, n.beats, n.pitch + move, n.force) for n in melody]
    words, style = int(random.integers(2**31)), SingingStyle.draw(random)
    wave = np.repeat(sing(singer, lead, beat_s, seconds, style, random, words)[None], 2, 0)
    kind = random.random()
    if kind < 0.2:
        for side in (-1, 1):
            other = sing(singer, lead, beat_s, seconds, SingingStyle.draw(random), random, words)
            wave = wave + apply_pan(np.repeat(other[None], 2, 0), side * random.uniform(0.3, 1)) * np.float32(
                random.uniform(0.2, 0.6)
            )
    elif kind < 0.45:
        for interval in random.permutation([4, -5, 7, -12, 12, 3])[: int(random.integers(1, 3))]:
            notes = [
                TuneNote(n.beat, n.beats, _find_harmony_pitch(tune, n, int(interval)) + move, n.force) for n in melody
            ]
            if random.random() < 0.5:
                notes = [n for n in notes if (n.beat // 8) % 2 == 1]
            other = sing(singer, notes, beat_s, seconds, SingingStyle.draw(random), random, words)
            wave = wave + apply_pan(np.repeat(other[None], 2, 0), random.uniform(-0.8, 0.8)) * np.float32(
                random.uniform(0.25, 0.7)
            )
    return produce(wave.astype(np.float32), "vocals", random, beat_s)


def _find_harmony_pitch(tune: Tune, note: TuneNote, interval: int) -> int:
    """The tone of the sounding chord nearest to ``interval`` semitones from the note."""
    for chord in tune.chords:
        if chord.beat <= note.beat < chord.beat + chord.beats:
            classes = {pitch % 12 for pitch in chord.pitches}
            near = sorted(range(-3, 4), key=abs)
            return next(
                (note.pitch + interval + d for d in near if (note.pitch + interval + d) % 12 in classes), note.pitch
            )
    return note.pitch + (interval if abs(interval) == 12 else 0)


def render_vocals(stock: StemStore, choir: Choir, book: Songbook, count: int, seed: int, seconds: float = 45.0) -> None:
    """``count`` stems, one reader after the other, so that as many as possible are used."""
    names = choir.list_names("train") + choir.list_names("valid")
    order = np.random.default_rng([seed, 99]).permutation(len(names))
    for i in range(count):
        reader = names[int(order[i % len(names)])]
        name = f"sung-{i:03d}-{reader}"
        if stock.has(name, "vocals"):
            continue
        random = make_random(seed, name)
        singer = choir.get_singer(reader)
        if singer is None:
            log.warning("%s: no voice found", reader)
            continue
        wave = render_vocal_part(singer, book.draw_tune(seconds, random, sung=True), seconds, random)
        if float(np.sqrt((wave**2).mean())) < 1e-3:
            log.warning("%s: silent", name)
            continue
        group = reader if not reader.startswith("librispeech100") else f"readers-{i % 8}"
        stock.add(
            name, "vocals", wave, group=f"sung-{group}", split=choir.get_split(reader), source=f"speech of {reader}"
        )
        if i % 10 == 9:
            log.info("vocals: %d stems, %.1f min in all", i + 1, stock.count_minutes()["vocals"])

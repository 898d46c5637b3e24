"""Annotated songs: beats, chords and key are known. The chord prediction was not trained on those held out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise, product
from pathlib import Path

import mido
import numpy as np

from bridge.core.audio import Audio
from bridge.core.chords import QUALITIES
from bridge.core.events import Chord
from bridge.errors import ConfigError
from research.datasets.library import RATE, StemClip, read_library
from research.datasets.symbolic import Tune, TuneNote, list_tune_names, read_notes, read_tune
from research.datasets.truth import name_chord, read_truth

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
"""Major and natural minor, semitones above the tonic."""
BARS = range(2, 8)
"""Quarter notes a bar that the band knows patterns for."""
MODULATION_SEMITONES = 2
"""Semitones by which `modulate` moves: the whole tone of a last chorus."""
WRITTEN, MODULATED, RENDERED = "written", "written, a whole tone up from its middle", "rendered"
"""The names of the collections."""
HELD_OUT_EVERY = 5
"""Tunes whose number is a multiple of this are not learned from."""


@dataclass(frozen=True, slots=True)
class ChordSegment:
    """A chord of the pitch ``classes`` (empty: unknown) from ``beat`` to ``end``.

    ``root``, ``bass``: 0 is C, below 0 unknown. ``chord``: by the nearest of QUALITIES; None: unknown.
    """

    beat: float
    end: float
    root: int
    bass: int
    classes: frozenset[int]
    chord: Chord | None

    def transpose(self, semitones: int) -> ChordSegment:
        def up(pitch_class: int) -> int:
            return (pitch_class + semitones) % 12 if pitch_class >= 0 else pitch_class

        chord = self.chord
        return replace(
            self,
            root=up(self.root),
            bass=up(self.bass),
            classes=frozenset(up(each) for each in self.classes),
            chord=chord and replace(chord, root=up(chord.root), bass=up(chord.bass)),
        )


@dataclass(frozen=True, slots=True)
class AnnotatedSong:
    """``beats``: of its whole bars. ``spans`` in order, none over another. ``keys``: (beat, tonic, minor), each until
    the next. ``start_s``: where beat 0 lies. ``human``: what a pianist played to it; ``clips``: its stems; both are
    empty where there are none.
    """

    name: str
    collection: str
    bpm: float
    bar_beats: int
    beats: int
    spans: tuple[ChordSegment, ...]
    keys: tuple[tuple[float, int, int], ...] = ()
    human: tuple[TuneNote, ...] = ()
    start_s: float = 0.0
    clips: tuple[StemClip, ...] = ()

    @property
    def bars(self) -> int:
        return self.beats // self.bar_beats

    @property
    def modulations(self) -> tuple[int, ...]:
        """The bars from which on another scale holds."""
        changed = [now[0] for before, now in pairwise(self.keys) if self._get_scale(before) != self._get_scale(now)]
        return tuple(sorted({int(beat // self.bar_beats) for beat in changed if beat < self.beats}))

    @staticmethod
    def _get_scale(key: tuple[float, int, int]) -> frozenset[int]:
        return frozenset((key[1] + step) % 12 for step in SCALES[key[2]])

    def get_scale(self, beat: float) -> frozenset[int]:
        """The notes of the key at ``beat``, of C major where none is known."""
        before = [key for key in self.keys if key[0] <= beat] or list(self.keys[:1]) or [(0.0, 0, 0)]
        return self._get_scale(before[-1])

    def to_frame(self, beat: float) -> int:
        """At RATE."""
        return round((self.start_s + beat * 60.0 / self.bpm) * RATE)

    def to_beat(self, frame: float) -> float:
        return (frame / RATE - self.start_s) * self.bpm / 60.0

    def read_audio(self) -> Audio:
        """The sum of its stems, shape (2, frames)."""
        waves = [np.asarray(clip.read_samples(), np.float32) / np.float32(32768.0) for clip in self.clips]
        mix = np.zeros((2, max(len(wave) for wave in waves)), np.float32)
        for wave in waves:
            mix[:, : len(wave)] += wave.T
        return mix


def find_nearest_chord(classes: frozenset[int], bass: int) -> Chord:
    """Of all chords that have a name the one that shares most with ``classes``; of equals that on ``bass``."""

    def likeness(named_so: tuple[int, int]) -> tuple[float, bool]:
        root, quality = named_so
        notes = {(root + step) % 12 for step in QUALITIES[quality].intervals}
        return len(notes & classes) / len(notes | classes), root == bass

    root, quality = max(product(range(12), range(len(QUALITIES))), key=likeness)
    return Chord(root, quality, bass, 1.0)


def make_segment(beat: float, beats: float, pitches: Sequence[int]) -> ChordSegment:
    """A chord written as MIDI ``pitches``, ascending."""
    classes = frozenset(pitch % 12 for pitch in pitches)
    root, quality, bass = name_chord(pitches)
    chord = Chord(root, quality, bass, 1.0) if root >= 0 and quality >= 0 else find_nearest_chord(classes, bass)
    return ChordSegment(beat, beat + beats, root, bass, classes, chord)


def is_held_out(tune: str) -> bool:
    """Whether nothing is learned from the tune of this number."""
    return int(tune) % HELD_OUT_EVERY == 0


def read_written(symbolic: Path, count: int = 0) -> list[AnnotatedSong]:
    """So many of the tunes whose number is a multiple of HELD_OUT_EVERY, spread over all of them; 0: all."""
    names = [name for name in list_tune_names(symbolic) if is_held_out(name)]
    found = (song for name in _spread(names) if (song := _read_written(symbolic, name)) is not None)
    return sorted(islice(found, count or None), key=lambda song: song.name)


def _spread(names: Sequence[str]) -> Iterator[str]:
    """Every eighth, then those between: however soon one stops, they come from everywhere."""
    for first in (0, 4, 2, 6, 1, 5, 3, 7):
        yield from names[first::8]


def _read_written(symbolic: Path, name: str) -> AnnotatedSong | None:
    tune = read_tune(symbolic, name)
    if tune is None or tune.bar not in BARS:
        return None
    spans = _trim_overlaps(make_segment(chord.beat, chord.beats, chord.pitches) for chord in tune.chords)
    bar = round(tune.bar)
    beats = int(tune.beats // bar) * bar
    return AnnotatedSong(name, WRITTEN, tune.bpm, bar, beats, spans, tune.keys, _read_human(symbolic, tune))


def _read_human(symbolic: Path, tune: Tune) -> tuple[TuneNote, ...]:
    """The accompaniment that a pianist made for POP909, moved as `read_tune` moved the melody."""
    midi = mido.MidiFile(symbolic / "pop909" / tune.name / f"{tune.name}.mid")
    tracks = {track.name: read_notes(track, midi.ticks_per_beat) for track in midi.tracks}
    shift = tune.melody[-1].beat - tracks["MELODY"][-1].beat
    return tuple(replace(note, beat=note.beat + shift) for note in tracks.get("PIANO", ()) if note.beat + shift >= 0)


def _trim_overlaps(spans: Iterable[ChordSegment]) -> tuple[ChordSegment, ...]:
    """In order, each ending where the next begins at the latest."""
    ordered = sorted(spans, key=lambda span: span.beat)
    ends = [*(span.beat for span in ordered[1:]), float("inf")]
    cut = [replace(span, end=min(span.end, end)) for span, end in zip(ordered, ends, strict=True)]
    return tuple(span for span in cut if span.end > span.beat)


def modulate(song: AnnotatedSong, semitones: int = MODULATION_SEMITONES) -> AnnotatedSong:
    """``song`` that goes on ``semitones`` higher from the bar in its middle on."""
    middle = float(song.bars // 2 * song.bar_beats)
    spans: list[ChordSegment] = []
    for span in song.spans:
        if span.beat < middle:
            spans.append(replace(span, end=min(span.end, middle)))
        if span.end > middle:
            spans.append(replace(span.transpose(semitones), beat=max(span.beat, middle)))
    keys = [key for key in song.keys if key[0] < middle]
    there = keys[-1:] or [(0.0, 0, 0)]
    later = [(middle, *there[-1][1:]), *(key for key in song.keys if key[0] > middle)]
    raised = ((beat, (tonic + semitones) % 12, minor) for beat, tonic, minor in later)
    return replace(song, collection=MODULATED, spans=tuple(spans), keys=(*keys, *raised), human=())


def read_rendered(stems: Path, count: int = 0, split: str = "valid") -> list[AnnotatedSong]:
    """So many of the songs of ``stems`` whose chords are known, of those held out or of another ``split``; 0: all."""
    found = []
    for name, song in sorted(read_library(stems, split).songs.items()):
        truth = read_truth(stems, name)
        if truth is None or not truth.chords or truth.bar_beats not in BARS or not truth.downbeats:
            continue
        clips = tuple(clip for _, clip in sorted(song.items()))
        seconds = max(clip.frames for clip in clips) / RATE - truth.start_s
        ends = min(max(c.beat + c.beats for c in truth.chords), seconds * truth.bpm / 60)
        spans = _trim_overlaps(_make_rendered_segment(c.beat, c.beats, c.root, c.quality, c.bass) for c in truth.chords)
        beats = int(ends // truth.bar_beats) * truth.bar_beats
        found.append(
            AnnotatedSong(
                name, RENDERED, truth.bpm, truth.bar_beats, beats, spans, truth.keys,
                start_s=truth.start_s, clips=clips,
            )
        )  # fmt: skip
    if not found:
        raise ConfigError(f"{stems}: no rendered song is held out there", "run `python -m research.datasets held-out`")
    return found[: count or None]


def _make_rendered_segment(beat: float, beats: float, root: int, quality: int, bass: int) -> ChordSegment:
    if root < 0 or quality < 0:
        return ChordSegment(beat, beat + beats, root, bass, frozenset(), Chord(-1, 0, -1, 1.0) if root == -1 else None)
    chord = Chord(root, quality, bass, 1.0)
    classes = frozenset(chord.pitch_classes) | ({bass} if bass >= 0 else set())
    return ChordSegment(beat, beat + beats, root, bass, classes, chord)

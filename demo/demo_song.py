"""Demo song: a composition of the project's own, or a file of the user's.

``Late Train`` is data here: two sections of four bars, looped to length, and an ending. Its true beats, chords, key
and stems are known, and the demo compares them with the analysis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from bridge.core.audio import Audio
from bridge.core.events import Chord, Key, Midi, TimedEvent
from bridge.core.midi import CLOCK, START, STOP
from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap
from bridge.errors import ConfigError
from demo.demo_files import read_song
from demo.rendering import SOUNDS, DemoNote, list_messages, render_stems
from engines.accompaniment.chord_symbol import parse_symbol

TITLE = "Late Train"
TEMPO = 112.0
BAR_BEATS = 4
KEY = Key(tonic=7, minor=1, confidence=1.0)
KICK, SNARE, CLOSED_HAT, OPEN_HAT, CRASH = 36, 38, 42, 46, 49
"""Drums by their General MIDI key."""
CLOCKS_PER_BEAT = 24
SHORTEST_S, LONGEST_S = 1.0, 600.0

Step = tuple[float, float, int, int]
"""A note of a pattern: beat, length in beats, pitch, velocity."""


@dataclass(frozen=True, slots=True)
class DemoSection:
    """Bars of music: chords as (beat, label), the lead as (beat, beats, pitch), and the band's patterns.

    The patterns last one bar: ``drums`` as (beat, key, velocity); ``comp`` as (beat, beats, velocity) for the
    keys; ``bass`` as (beat, beats, semitones above the root, velocity). ``pad``: whether the strings play.
    """

    bars: int
    chords: tuple[tuple[float, str], ...]
    lead: tuple[tuple[float, float, int], ...]
    drums: tuple[tuple[float, int, int], ...]
    comp: tuple[tuple[float, float, int], ...]
    bass: tuple[tuple[float, float, int, int], ...]
    fill: tuple[tuple[float, int, int], ...] = ()
    pad: bool = False


def _hats(beats: Sequence[float], key: int = CLOSED_HAT) -> tuple[tuple[float, int, int], ...]:
    return tuple((beat, key, 96 if beat % 1 == 0 else 74) for beat in beats)


VERSE = DemoSection(
    bars=4,
    chords=((0, "Gm"), (4, "Ebmaj7"), (8, "Cm7"), (12, "D7")),
    lead=(
        (0.5, 0.5, 67), (1.0, 0.5, 69), (1.5, 1.0, 70), (2.5, 0.5, 69), (3.0, 0.8, 67),
        (4.5, 0.5, 67), (5.0, 0.5, 70), (5.5, 1.9, 74),
        (8.0, 0.5, 75), (8.5, 0.5, 74), (9.0, 1.0, 72), (10.0, 0.5, 70), (10.5, 1.2, 67),
        (12.5, 0.5, 69), (13.0, 0.5, 72), (13.5, 0.5, 69), (14.0, 1.6, 66),
    ),
    drums=(
        *_hats((0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)), (0, KICK, 120), (2.5, KICK, 104), (1, SNARE, 112), (3, SNARE, 116),
        (1.75, SNARE, 34),
    ),
    comp=((0, 1.4, 92), (1.5, 0.9, 76), (2.5, 1.4, 84)),
    bass=((0, 1.4, 0, 112), (1.5, 0.45, 0, 84), (2.5, 0.9, 7, 96), (3.5, 0.45, 12, 84)),
    fill=((15, SNARE, 84), (15.25, SNARE, 70), (15.5, SNARE, 98), (15.75, SNARE, 112)),
)  # fmt: skip
CHORUS = DemoSection(
    bars=4,
    chords=((0, "Eb"), (2, "F"), (4, "Gm"), (8, "Cm7"), (12, "Dsus4"), (14, "D7")),
    lead=(
        (0.0, 1.5, 75), (1.5, 0.5, 74), (2.0, 1.0, 72), (3.0, 1.0, 69),
        (4.0, 2.0, 74), (6.0, 0.5, 72), (6.5, 1.0, 70),
        (8.0, 0.75, 72), (8.75, 0.75, 70), (9.5, 0.5, 67), (10.0, 1.7, 63),
        (12.0, 1.0, 67), (13.0, 1.0, 69), (14.0, 1.6, 66),
    ),
    drums=(
        *_hats((0, 1, 2, 3)), *_hats((0.5, 1.5, 2.5, 3.5), OPEN_HAT), (0, KICK, 122), (1.5, KICK, 106), (2, KICK, 114),
        (3.5, KICK, 98), (1, SNARE, 118), (3, SNARE, 120),
    ),
    comp=((0, 0.9, 90), (1, 0.9, 78), (2, 0.9, 92), (3, 0.9, 80)),
    bass=tuple((step / 2, 0.42, 12 if step % 4 == 3 else 0, 110 if step % 4 == 0 else 92) for step in range(8)),
    fill=((14.5, SNARE, 80), (15, SNARE, 96), (15.25, SNARE, 78), (15.5, SNARE, 106), (15.75, SNARE, 118)),
    pad=True,
)  # fmt: skip
ENDING = DemoSection(
    bars=2,
    chords=((0, "D7"), (4, "Gm")),
    lead=((0.0, 1.0, 69), (1.0, 1.0, 72), (2.0, 1.7, 66), (4.0, 3.5, 67)),
    drums=VERSE.drums,
    comp=((0, 1.9, 92), (2, 1.9, 84)),
    bass=((0, 1.9, 0, 110), (2, 1.9, 0, 100)),
    pad=True,
)
LAST_BAR = ((0.0, KICK, 124), (0.0, CRASH, 118))


@dataclass(frozen=True, slots=True)
class Truth:
    """Ground truth of a song; empty where unknown. Frames from the song's start."""

    beats: tuple[int, ...] = ()
    downbeats: tuple[int, ...] = ()
    chords: tuple[tuple[int, Chord], ...] = ()
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class DemoSong:
    """``audio``: (2, frames) float32 at ``rate``. ``stems``: the true ones by STEMS, where known; they sum to it.

    ``tempo``: None where unknown. ``midi``: the messages that a DAW would send with the audio, sorted by frame.
    """

    name: str
    rate: int
    audio: Audio
    tempo: TempoMap | None = None
    stems: dict[str, Audio] = field(default_factory=dict)
    midi: list[TimedEvent] = field(default_factory=list)
    truth: Truth = Truth()

    @property
    def frames(self) -> int:
        return int(self.audio.shape[1])

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def _iterate_form(bars: int) -> Iterator[tuple[float, float, DemoSection]]:
    """(first beat, beats, section): verse and chorus in turn, cut where the ending begins, if one fits."""
    ending = ENDING.bars if bars > ENDING.bars else 0
    bar, index = 0, 0
    while bar < bars - ending:
        section = (VERSE, CHORUS)[index % 2]
        length = min(section.bars, bars - ending - bar)
        yield bar * BAR_BEATS, length * BAR_BEATS, section
        bar, index = bar + length, index + 1
    if ending:
        yield bar * BAR_BEATS, ending * BAR_BEATS, ENDING


def _choose_voicing(chord: Chord, around: float) -> list[int]:
    """The close voicing of ``chord`` whose middle lies nearest to the pitch ``around``."""
    choices = []
    for lowest in range(51, 64):
        if lowest % 12 in chord.pitch_classes:
            notes = sorted(lowest + (pc - lowest) % 12 for pc in chord.pitch_classes)
            choices.append(notes)
    return min(choices, key=lambda notes: (abs(float(np.mean(notes)) - around), notes))


@dataclass(slots=True)
class _ScoreWriter:
    """The parts while they are written; times come in beats and are kept in ticks."""

    rng: np.random.Generator
    parts: dict[str, list[DemoNote]] = field(default_factory=lambda: {part: [] for part in SOUNDS})
    chords: list[tuple[float, Chord]] = field(default_factory=list)

    def add(self, part: str, step: Step) -> None:
        """Add a note with a slightly random velocity."""
        beat, beats, pitch, velocity = step
        velocity = int(np.clip(velocity + self.rng.integers(-5, 6), 1, 127))
        ticks, length = round(beat * TICKS_PER_BEAT), round(beats * TICKS_PER_BEAT)
        self.parts[part].append(DemoNote(ticks, length, pitch, velocity))

    def add_section(self, start: float, beats: float, section: DemoSection) -> None:
        for beat, label in section.chords:
            if beat < beats:
                self.chords.append((start + beat, parse_symbol(label).chord))
        for beat, length, pitch in section.lead:
            if beat < beats:
                self.add("lead", (start + beat, length, pitch, 100))
        fill = section.fill if beats == section.bars * BAR_BEATS else ()
        for bar in range(int(beats) // BAR_BEATS):
            last = section is ENDING and bar == section.bars - 1
            offset = bar * BAR_BEATS
            for beat, key, velocity in LAST_BAR if last else section.drums:
                if not (fill and offset + beat >= fill[0][0] and key == SNARE):
                    self.add("drums", (start + offset + beat, 0.25, key, velocity))
            self.add_bar(start + offset, section, last)
        for beat, key, velocity in fill:
            self.add("drums", (start + beat, 0.25, key, velocity))
        if section is CHORUS:
            self.add("drums", (start, 1.0, CRASH, 104))

    def add_bar(self, start: float, section: DemoSection, last: bool) -> None:
        """Add one bar of keys, bass and pad on the chords written so far; the last one rings."""
        around = 60.0
        for beat, length, velocity in ((0.0, 4.0, 96),) if last else section.comp:
            for pitch in _choose_voicing(self.find_chord(start + beat), around):
                self.add("keys", (start + beat, length, pitch, velocity))
        for beat, length, above, velocity in ((0.0, 4.0, 0, 112),) if last else section.bass:
            root = 31 + (self.find_chord(start + beat).root - 31) % 12  # G1 is the lowest bass note
            self.add("bass", (start + beat, length, root + above, velocity))
        if section.pad:
            changes = [b for b, _ in self.chords if start < b < start + BAR_BEATS]
            for begin, end in pairwise((start, *changes, start + BAR_BEATS)):
                for pitch in _choose_voicing(self.find_chord(begin), around + 7):
                    self.add("pad", (begin, end - begin, pitch, 88))

    def find_chord(self, beat: float) -> Chord:
        return [chord for start, chord in self.chords if start <= beat][-1]


def render_own_song(rate: int, seconds: float = 30.0, seed: int = 1) -> DemoSong:
    """``Late Train``, 112 beats a minute in G minor, looped and ended to last ``seconds``.

    ``seed`` changes velocities, not the notes.
    """
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ConfigError(f"the demo song cannot last {seconds:g} s", f"choose {SHORTEST_S:g} to {LONGEST_S:g} seconds")
    tempo = TempoMap([TempoChange(0.0, TEMPO)], rate)
    frames = round(seconds * rate)
    bars = max(int(tempo.beat_at(frames + 0.5) // BAR_BEATS), 1)
    score = _ScoreWriter(np.random.default_rng(seed))
    for start, beats, section in _iterate_form(bars):
        score.add_section(start, beats, section)
    stems = render_stems(score.parts, tempo, frames)
    audio: Audio = np.stack(list(stems.values())).sum(axis=0, dtype=np.float32)

    beat_numbers = range(int(np.ceil(tempo.beat_at(frames - 0.5))))
    at = [round(tempo.frame_at(beat)) for beat in beat_numbers]
    truth = Truth(
        beats=tuple(at),
        downbeats=tuple(at[::BAR_BEATS]),
        chords=tuple((f, c) for f, c in ((round(tempo.frame_at(b)), c) for b, c in score.chords) if f < frames),
        key=KEY,
    )
    return DemoSong(TITLE, rate, audio, tempo, stems, make_daw_midi(score.parts["keys"], tempo, frames), truth)


def make_daw_midi(notes: Sequence[DemoNote], tempo: TempoMap, frames: int) -> list[TimedEvent]:
    """Start, clock and stop as a DAW sends them, and ``notes`` on the channel of the keys, over ``frames``.

    The first clock falls on the first beat; every one at its exact frame, rounded. Stop and whatever note
    still sounds then are sent at the last frame.
    """
    last = frames - 1
    ordered: list[tuple[int, int, bytes]] = [(0, 1, bytes([START])), (last, 4, bytes([STOP]))]
    ticks = int(np.ceil(tempo.beat_at(last) * CLOCKS_PER_BEAT)) + 1
    clocks = (round(tempo.frame_at(tick / CLOCKS_PER_BEAT)) for tick in range(ticks))
    ordered += [(frame, 2, bytes([CLOCK])) for frame in clocks if frame <= last]
    ordered += list_messages(notes, tempo, SOUNDS["keys"].channel, last)
    return [TimedEvent(frame, Midi(data)) for frame, _, data in sorted(ordered)]


def load_song(path: Path, rate: int, seconds: float | None = None) -> DemoSong:
    """The user's file at ``rate``, its first ``seconds``. Its truth is unknown, so there is no MIDI."""
    return DemoSong(path.stem, rate, read_song(path, rate, seconds))

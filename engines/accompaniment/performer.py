"""The band, a beat at a time: what begins and what ends in it, as the chords known by then have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.engine import State
from bridge.core.events import Chord
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.form import BeatPosition, Shape
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import COUNT_IN, NO_CHORD, Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style

CHANNELS = {"drums": 9, "bass": 0, "keys": 1, "pad": 2, "guitar": 3}
LONGEST_BAR = 7
"""Beats of a bar that the parts know how to play."""


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """``tick`` of its bar: a note on ``channel`` begins, or ends where ``velocity`` is 0."""

    tick: int
    channel: int
    pitch: int
    velocity: int


class Performer:
    """Plays beat after beat. A bar is made anew at each, from the chords that were played and those foreseen by now.

    Parts are pure and draw their luck from the bar's number, so what a bar was at its first beat it is at its last, but
    for what the chords have changed. A note's end is said no sooner than in the beat in which it ends: one whose chord
    gives way in the meantime ends with it.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._start = -1
        self._played = [NO_CHORD] * LONGEST_BAR
        self._before = {name: PartState() for name in PARTS}
        self._after = dict(self._before)
        self._sounding: dict[tuple[int, int, int], int] = {}  # (channel, tick, pitch) of this bar: tick of its end

    def play(
        self,
        place: BeatPosition,
        shape: Shape,
        chords: Sequence[Chord],
        style: Style,
        dials: Mapping[str, PerformanceControls],
        silent: Collection[str],
    ) -> list[NoteEvent]:
        """What begins and ends in the beat at ``place``, in order.

        ``chords``: of this beat, the rest of its bar and the next bar's first beat. ``dials``: by part.
        ``silent``: parts that rest. Notes of a bar that was left before its end must have been released.
        """
        chords, coming = chords[:-1], chords[-1]
        if place.start != self._start:
            self._start, self._before = place.start, dict(self._after)
            self._played[: place.number] = [chords[0]] * place.number  # it joined within the bar
        self._played[place.number] = chords[0]
        bar = self._bar(place, shape, (*self._played[: place.number], *chords), coming)
        begin, end = place.number * TICKS_PER_BEAT, (place.number + 1) * TICKS_PER_BEAT
        sounds: list[NoteEvent] = []
        for name, play in PARTS.items():
            notes, self._after[name] = play(bar, style, dials[name], self._before[name])
            sounds += self._part(CHANNELS[name], () if name in silent else notes, begin, end)
        return sorted(sounds, key=lambda sound: (sound.tick, sound.velocity > 0, sound.channel, sound.pitch))

    @staticmethod
    def _bar(place: BeatPosition, shape: Shape, chords: tuple[Chord, ...], coming: Chord) -> Bar:
        if shape.counting:
            return Bar(-1, (NO_CHORD,) * place.bar_beats, coming, COUNT_IN, intensity=shape.intensity)
        return Bar(
            max(place.bar, 0), chords, coming, shape.section, shape.position, shape.intensity, shape.opens, shape.fill
        )

    def _part(self, channel: int, notes: Sequence[ScoreNote], begin: int, end: int) -> list[NoteEvent]:
        """The part on ``channel`` from tick ``begin`` to ``end``."""
        ends = {(channel, note.tick, note.pitch): note.end for note in notes}
        for key in [key for key in self._sounding if key[0] == channel]:
            self._sounding[key] = max(ends.get(key, begin), begin)
        sounds = []
        for note in notes:
            if begin <= note.tick < end:
                key = channel, note.tick, note.pitch
                self._sounding[key] = note.end
                sounds.append(NoteEvent(note.tick, channel, note.pitch, note.velocity))
        return sounds + self._ended(channel, end)

    def _ended(self, channel: int, by: int) -> list[NoteEvent]:
        over = [(key, tick) for key, tick in self._sounding.items() if key[0] == channel and tick <= by]
        for key, _ in over:
            del self._sounding[key]
        return [NoteEvent(tick, channel, key[2], 0) for key, tick in over]

    def release(self) -> list[tuple[int, int]]:
        """Everything that sounds ends now: (channel, pitch) of each."""
        sounding = sorted({(channel, pitch) for channel, _, pitch in self._sounding})
        self._sounding.clear()
        return sounding

    def state(self) -> State:
        kept: State = {
            "start": np.array(self._start),
            "played": np.array([(chord.root, chord.quality, chord.bass) for chord in self._played], np.int64),
            "sounding": np.array([(*key, end) for key, end in self._sounding.items()], np.int64).reshape(-1, 4),
        }
        for side, memories in (("before", self._before), ("after", self._after)):
            for name, memory in memories.items():
                kept[f"{side}.{name}.voicing"] = np.array(memory.voicing, np.int64)
                kept[f"{side}.{name}.bass"] = np.array(memory.bass)
                kept[f"{side}.{name}.struck"] = np.array(memory.struck, np.int64).reshape(-1, 2)
        return kept

    def restore(self, state: State) -> None:
        self._start = int(state["start"])
        self._played = [Chord(int(root), int(quality), int(bass), 1.0) for root, quality, bass in state["played"]]
        self._sounding = {(int(c), int(t), int(p)): int(end) for c, t, p, end in state["sounding"]}
        self._before, self._after = (
            {name: _memory(state, f"{side}.{name}") for name in PARTS} for side in ("before", "after")
        )


def _memory(state: State, where: str) -> PartState:
    return PartState(
        tuple(int(pitch) for pitch in state[f"{where}.voicing"]),
        int(state[f"{where}.bass"]),
        tuple((int(pitch), int(velocity)) for pitch, velocity in state[f"{where}.struck"]),
    )

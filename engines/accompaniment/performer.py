"""Performer: the notes that begin and end in each beat, by the chords known at that time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.engine import State
from bridge.core.events import Chord
from bridge.core.midi import DRUM_CHANNEL
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.form import BeatPosition, Shape
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import COUNT_IN, NO_CHORD, Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style

CHANNELS = {"drums": DRUM_CHANNEL, "bass": 0, "keys": 1, "pad": 2, "guitar": 3}
STEADY_TEMPO_SHARE = 0.03
"""A change of tempo of up to this share changes nothing in how a bar is played: a tracked tempo is never quite even."""
LONGEST_BAR = 7
"""Beats of a bar that the parts know how to play."""


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """``tick`` of its bar: a note on ``channel`` begins, or ends where ``velocity`` is 0. ``ticks``: its length."""

    tick: int
    channel: int
    pitch: int
    velocity: int
    ticks: int = 0


class Performer:
    """Plays beat after beat. At each the bar is made again, from the chords played so far and those predicted now.

    Parts are pure functions and their random draws depend on the bar's number. So a bar stays the same through its
    beats, except where its chords changed. A note-off is written in the beat in which the note ends: a note whose chord
    changes in the meantime ends with the chord, one whose bar is left before its end, as where the song's metre is
    detected anew, with the last beat of that bar that was played.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._start, self._tempo = -1, 0.0
        self._played_chords = [NO_CHORD] * LONGEST_BAR
        self._before = {name: PartState() for name in PARTS}
        self._after = dict(self._before)
        self._sounding: dict[tuple[int, int, int], int] = {}  # (channel, tick, pitch) of this bar: tick of its end

    def play(
        self,
        place: BeatPosition,
        shape: Shape,
        chords: Sequence[Chord],
        style: Style,
        controls: Mapping[str, PerformanceControls],
        muted: Collection[str],
        tempo: float = 0.0,
    ) -> list[NoteEvent]:
        """The notes that begin and end in the beat at ``place``, in order.

        ``chords``: of this beat, the rest of its bar and the next bar's first beat. ``controls``: by part.
        ``muted``: parts that rest. ``tempo``: quarter notes a minute, as `Bar.tempo`; that of a bar's first beat holds.
        """
        chords, coming = chords[:-1], chords[-1]
        begin, end = place.number * TICKS_PER_BEAT, (place.number + 1) * TICKS_PER_BEAT
        sounds: list[NoteEvent] = []
        if place.start != self._start:
            # what sounds still is known by its tick in the bar that was left; in this bar another note may have it
            sounds += [NoteEvent(begin, channel, pitch, 0) for channel, pitch in self.release()]
            self._start, self._before = place.start, dict(self._after)
            if abs(tempo - self._tempo) > STEADY_TEMPO_SHARE * self._tempo:
                self._tempo = tempo
            self._played_chords[: place.number] = [chords[0]] * place.number  # it joined within the bar
        self._played_chords[place.number] = chords[0]
        bar = self._make_bar(place, shape, (*self._played_chords[: place.number], *chords), coming)
        for name, play in PARTS.items():
            notes, self._after[name] = play(bar, style, controls[name], self._before[name])
            sounds += self._play_part(CHANNELS[name], () if name in muted else notes, begin, end)
        return sorted(sounds, key=lambda sound: (sound.tick, sound.velocity > 0, sound.channel, sound.pitch))

    def _make_bar(self, place: BeatPosition, shape: Shape, chords: tuple[Chord, ...], coming: Chord) -> Bar:
        if shape.counting:
            return Bar(-1, (NO_CHORD,) * place.bar_beats, coming, COUNT_IN, intensity=shape.intensity)
        return Bar(
            max(place.bar, 0), chords, coming, shape.section, shape.position, shape.intensity, shape.opens, shape.fill,
            self._tempo,
        )  # fmt: skip

    def _play_part(self, channel: int, notes: Sequence[ScoreNote], begin: int, end: int) -> list[NoteEvent]:
        """The part on ``channel`` from tick ``begin`` to ``end``."""
        ends = {(channel, note.tick, note.pitch): note.end for note in notes}
        for key in [key for key in self._sounding if key[0] == channel]:
            self._sounding[key] = max(ends.get(key, begin), begin)
        sounds = []
        for note in notes:
            if begin <= note.tick < end:
                key = channel, note.tick, note.pitch
                self._sounding[key] = note.end
                sounds.append(NoteEvent(note.tick, channel, note.pitch, note.velocity, note.ticks))
        return sounds + self._end_notes(channel, end)

    def _end_notes(self, channel: int, by: int) -> list[NoteEvent]:
        over = [(key, tick) for key, tick in self._sounding.items() if key[0] == channel and tick <= by]
        for key, _ in over:
            del self._sounding[key]
        return [NoteEvent(tick, channel, key[2], 0) for key, tick in over]

    def release(self) -> list[tuple[int, int]]:
        """End all sounding notes: (channel, pitch) of each."""
        sounding = sorted({(channel, pitch) for channel, _, pitch in self._sounding})
        self._sounding.clear()
        return sounding

    def state(self) -> State:
        kept: State = {
            "start": np.array(self._start),
            "tempo": np.array(self._tempo),
            "played": np.array([(chord.root, chord.quality, chord.bass) for chord in self._played_chords], np.int64),
            "sounding": np.array([(*key, end) for key, end in self._sounding.items()], np.int64).reshape(-1, 4),
        }
        for side, memories in (("before", self._before), ("after", self._after)):
            for name, memory in memories.items():
                kept[f"{side}.{name}.voicing"] = np.array(memory.voicing, np.int64)
                kept[f"{side}.{name}.bass"] = np.array(memory.bass)
                kept[f"{side}.{name}.velocities"] = np.array(memory.velocities, np.int64).reshape(-1, 2)
        return kept

    def restore(self, state: State) -> None:
        self._start, self._tempo = int(state["start"]), float(state["tempo"])
        self._played_chords = [
            Chord(int(root), int(quality), int(bass), 1.0) for root, quality, bass in state["played"]
        ]
        self._sounding = {(int(c), int(t), int(p)): int(end) for c, t, p, end in state["sounding"]}
        self._before, self._after = (
            {name: _read_part_state(state, f"{side}.{name}") for name in PARTS} for side in ("before", "after")
        )


def _read_part_state(state: State, where: str) -> PartState:
    return PartState(
        tuple(int(pitch) for pitch in state[f"{where}.voicing"]),
        int(state[f"{where}.bass"]),
        tuple((int(pitch), int(velocity)) for pitch, velocity in state[f"{where}.velocities"]),
    )

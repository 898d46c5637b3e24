"""Note scheduler: from ticks to MIDI events at frames, in order, none too early to be played, every note ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.engine import State
from bridge.core.events import PlannedNote, TimedEvent
from bridge.core.midi import make_note_off, make_note_on
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.performer import NoteEvent
from engines.accompaniment.timeline import Timeline


def make_planned_note(sound: NoteEvent, start: int, frame: int, line: Timeline) -> PlannedNote:
    """The plan of the note ``sound``, which begins at ``frame``, of the bar that begins at beat ``start``."""
    beat = start + sound.tick / TICKS_PER_BEAT
    end = max(line.to_frame(beat + sound.ticks / TICKS_PER_BEAT), frame + 1)
    return PlannedNote(sound.channel, sound.pitch, sound.velocity, beat, (end - frame) / line.time.rate)


class NoteScheduler:
    """Keeps the start of each sounding note, and the last frame with an event."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.last_frame = 0
        self._began: dict[tuple[int, int], int] = {}  # (channel, pitch) of what sounds: the frame

    def schedule(
        self,
        sounds: Sequence[NoteEvent],
        start: int,
        line: Timeline,
        earliest: int,
        planned: list[TimedEvent] | None = None,
    ) -> list[TimedEvent]:
        """``sounds`` of the bar that begins at beat ``start``, none before frame ``earliest``; each note ends a frame
        after it began at least. ``planned`` gets a PlannedNote for each note that begins, in order."""
        events: list[TimedEvent] = []
        notes: list[TimedEvent] = []
        ended: dict[tuple[int, int], int] = {}
        for sound in sounds:
            key = sound.channel, sound.pitch
            frame = max(line.to_frame(start + sound.tick / TICKS_PER_BEAT), earliest)
            if sound.velocity:
                frame = max(frame, ended.get(key, frame))  # a delayed note ends before it begins again
                self._began[key] = frame
                events.append(TimedEvent(frame, make_note_on(sound.channel, sound.pitch, sound.velocity)))
                notes.append(TimedEvent(frame, make_planned_note(sound, start, frame, line)))
            else:
                frame = ended[key] = max(frame, self._began.pop(key) + 1)
                events.append(TimedEvent(frame, make_note_off(sound.channel, sound.pitch)))
        events.sort(key=lambda event: event.frame)
        if events:
            self.last_frame = events[-1].frame
        if planned is not None:
            planned += sorted(notes, key=lambda event: event.frame)
        return events

    def end_notes(self, notes: Sequence[tuple[int, int]], earliest: int) -> list[TimedEvent]:
        """Note-offs for ``notes`` (channel, pitch), all that sound, as early as possible."""
        frame = max(earliest, self.last_frame, *(began + 1 for began in self._began.values()))
        self._began.clear()
        if notes:
            self.last_frame = frame
        return [TimedEvent(frame, make_note_off(channel, pitch)) for channel, pitch in notes]

    def state(self) -> State:
        return {
            "last_frame": np.array(self.last_frame),
            "began": np.array([(*key, frame) for key, frame in self._began.items()], np.int64).reshape(-1, 3),
        }

    def restore(self, state: State) -> None:
        self.last_frame = int(state["last_frame"])
        self._began = {(int(channel), int(pitch)): int(frame) for channel, pitch, frame in state["began"]}

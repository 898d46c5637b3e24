"""Our own notes that a DAW sends back: a track that passes MIDI on is no player's hands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.events import Midi, TimedEvent
from engines.memory import Memory

ECHO_S = 0.3
"""A note comes back within so long: a period or two of JACK, and what a DAW's own buffers take."""
MOST = 512
"""Notes of ours that are remembered: what is decided sixteen beats ahead fits."""
MIDI_CHANNELS, PITCHES = 16, 128


class Echo(Memory):
    """``notes`` (MOST, 3): frame, pitch and velocity of what was played last, around ``at``. ``ringing`` (16, 128): by
    the channel on which they came back, notes whose end will come back as well.

    A note is known by its pitch and its velocity, on whatever channel: nobody strikes a key just as hard just then.
    """

    remembered = ("notes", "at", "ringing")

    def __init__(self) -> None:
        self.notes = np.zeros((MOST, 3), np.int64)
        self.ringing = np.zeros((MIDI_CHANNELS, PITCHES), np.int64)
        self.frames = 0
        self.forget()

    def forget(self) -> None:
        self.notes[:], self.ringing[:] = -1, 0
        self.at = 0

    def sent(self, events: Sequence[TimedEvent]) -> None:
        """What the band plays."""
        for event in events:
            if (note := _note(event)) is not None and note[2]:
                self.notes[self.at] = event.frame, *note[1:]
                self.at = (self.at + 1) % MOST

    def without(self, events: Sequence[TimedEvent]) -> list[TimedEvent]:
        """``events`` that came in, less what is ours."""
        return [event for event in events if not self._is_ours(event)]

    def _is_ours(self, event: TimedEvent) -> bool:
        if (note := _note(event)) is None:
            return False
        channel, pitch, velocity = note
        if not velocity:
            rang = bool(self.ringing[channel, pitch])
            self.ringing[channel, pitch] -= rang
            return rang
        since = event.frame - self.notes[:, 0]
        ours = (self.notes[:, 1] == pitch) & (self.notes[:, 2] == velocity) & (since >= 0) & (since <= self.frames)
        if not ours.any():
            return False
        self.ringing[channel, pitch] += 1
        return True


def _note(event: TimedEvent) -> tuple[int, int, int] | None:
    """Channel, pitch and velocity, 0 where it ends; None for what is no note."""
    data = event.payload.data if isinstance(event.payload, Midi) else b""
    if len(data) != 3 or data[0] & 0xE0 != 0x80:
        return None
    return data[0] & 0x0F, data[1] & 0x7F, data[2] if data[0] & 0x10 else 0

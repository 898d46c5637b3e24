"""What holds until something else is said: for those who come late to it, or start afresh and have forgotten it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from bridge.core.events import Chord, Key, Midi, Payload, TimedEvent

CONTROL, NOTES = 0xB0, (0x80, 0x90, 0xA0)
CHANNEL_MODES = 120
"""Controllers from here on are commands, such as all notes off, and hold nothing (MIDI 1.0, Channel Mode Messages)."""


class Standing:
    """The last chord and key, and the last of each setting of each MIDI channel."""

    def __init__(self) -> None:
        self._last: dict[Hashable, TimedEvent] = {}

    def keep(self, events: Iterable[TimedEvent]) -> None:
        """Remember those of ``events`` that go on holding."""
        for event in events:
            kind = _kind(event.payload)
            if kind is not None:
                self._last.pop(kind, None)  # what was said last stands last: a bank before its program
                self._last[kind] = event

    def told(self) -> list[TimedEvent]:
        """All of it, by frame, in the order in which it was said."""
        return sorted(self._last.values(), key=lambda event: event.frame)

    def clear(self) -> None:
        self._last.clear()


def _kind(payload: Payload) -> Hashable:
    """What ``payload`` takes the place of; None where it is over as soon as it was said."""
    if isinstance(payload, Chord | Key):
        return payload.KIND
    if not isinstance(payload, Midi) or payload.data[0] & 0xF0 in NOTES or payload.data[0] >= 0xF0:
        return None
    if payload.data[0] & 0xF0 != CONTROL:
        return payload.data[0]
    return payload.data[:2] if payload.data[1] < CHANNEL_MODES else None

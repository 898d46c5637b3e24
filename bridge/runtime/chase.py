"""MIDI chase: remembers the latest chord, key, program and controller values, and replays them after a reset."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from bridge.core.events import Chord, Key, Midi, Payload, TimedEvent
from bridge.core.midi import ALL_SOUND_OFF, CONTROL_CHANGE, KEY_PRESSURE, NOTE_OFF, NOTE_ON, SYSTEM, get_status


class EventChaser:
    """The last chord and key, and the last of each setting of each MIDI channel."""

    def __init__(self) -> None:
        self._last: dict[Hashable, TimedEvent] = {}

    def remember(self, events: Iterable[TimedEvent]) -> None:
        """Store those of ``events`` that stay in force until the next of their kind."""
        for event in events:
            setting = _find_setting(event.payload)
            if setting is not None:
                self._last.pop(setting, None)  # re-inserted at the end: a bank select stays before its program
                self._last[setting] = event

    def replay(self) -> list[TimedEvent]:
        """All stored events, sorted by frame; those of one frame in the order of their arrival."""
        return sorted(self._last.values(), key=lambda event: event.frame)

    def reset(self) -> None:
        self._last.clear()


def _find_setting(payload: Payload) -> Hashable:
    """The key of the setting that ``payload`` replaces; None for an event without a lasting value."""
    if isinstance(payload, Chord | Key):
        return payload.KIND
    if not isinstance(payload, Midi):
        return None
    status = get_status(payload.data)
    if status in (NOTE_OFF, NOTE_ON, KEY_PRESSURE, SYSTEM):
        return None
    if status != CONTROL_CHANGE:
        return payload.data[0]
    return payload.data[:2] if payload.data[1] < ALL_SOUND_OFF else None

"""What was heard, as notes: chords on one MIDI port, beats on another."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.core.events import Beat, Chord, Midi, TimedEvent

CHORD_CHANNEL, CHORD_VELOCITY, CHORD_LOWEST = 0, 80, 48  # C3 where middle C is C4
BEAT_CHANNEL, BEAT_LENGTH_S = 9, 0.05  # General MIDI percussion
DOWNBEAT_NOTE, BEAT_NOTE = 76, 77  # high and low wood block
DOWNBEAT_VELOCITY, BEAT_VELOCITY = 112, 80


def note_on(channel: int, note: int, velocity: int) -> Midi:
    return Midi(bytes((0x90 | channel, note, velocity)))


def note_off(channel: int, note: int) -> Midi:
    return Midi(bytes((0x80 | channel, note, 64)))


class NoteRenderer:
    """Turns Chord and Beat events into notes, in order of frames, each switched off in the end.

    A chord holds until the next one; a beat is a short note. What is to be switched off later than the
    present hop is kept until `render` gets there.
    """

    def __init__(self, rate: int) -> None:
        self._beat_frames = round(BEAT_LENGTH_S * rate)
        self._pending: list[TimedEvent] = []
        self._held: tuple[int, ...] = ()

    def reset(self) -> None:
        """Forget what sounds: the callback releases it when an epoch begins."""
        self._pending.clear()
        self._held = ()

    def render(self, events: Iterable[TimedEvent], before: int) -> list[TimedEvent]:
        """The notes of ``events`` and of earlier ones that fall before frame ``before``."""
        for event in events:
            if isinstance(event.payload, Chord):
                self._render_chord(event.frame, event.payload)
            elif isinstance(event.payload, Beat):
                self._render_beat(event.frame, event.payload)
        self._pending.sort(key=lambda event: event.frame)
        due = [event for event in self._pending if event.frame < before]
        del self._pending[: len(due)]
        return due

    def _render_chord(self, frame: int, chord: Chord) -> None:
        notes = tuple(CHORD_LOWEST + pitch for pitch in sorted(chord.pitch_classes))
        self._pending += [TimedEvent(frame, note_off(CHORD_CHANNEL, note)) for note in self._held]
        self._pending += [TimedEvent(frame, note_on(CHORD_CHANNEL, note, CHORD_VELOCITY)) for note in notes]
        self._held = notes

    def _render_beat(self, frame: int, beat: Beat) -> None:
        down = beat.number == 0
        note, velocity = (DOWNBEAT_NOTE, DOWNBEAT_VELOCITY) if down else (BEAT_NOTE, BEAT_VELOCITY)
        self._pending.append(TimedEvent(frame, note_on(BEAT_CHANNEL, note, velocity)))
        self._pending.append(TimedEvent(frame + self._beat_frames, note_off(BEAT_CHANNEL, note)))

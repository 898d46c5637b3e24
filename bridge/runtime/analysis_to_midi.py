"""Analysis to MIDI: renders detected chords and beats as notes, each on its own MIDI port."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.core.events import Beat, Chord, TimedEvent
from bridge.core.midi import DRUM_CHANNEL, make_note_off, make_note_on

CHORD_CHANNEL, CHORD_VELOCITY, CHORD_LOWEST = 0, 80, 48  # C3 where middle C is C4
BEAT_CHANNEL, BEAT_LENGTH_S = DRUM_CHANNEL, 0.05
DOWNBEAT_NOTE, BEAT_NOTE = 76, 77  # high and low wood block
DOWNBEAT_VELOCITY, BEAT_VELOCITY = 112, 80
RELEASE_VELOCITY = 64  # MIDI 1.0: of keyboards that do not measure it


class NoteRenderer:
    """Renders Chord and Beat events as notes, sorted by frame, each with its note-off.

    A chord holds until the next one; a beat is a short note. A note-off after the present hop stays pending until
    `render` gets there.
    """

    def __init__(self, rate: int) -> None:
        self._beat_frames = round(BEAT_LENGTH_S * rate)
        self._pending: list[TimedEvent] = []
        self._held: tuple[int, ...] = ()

    def reset(self) -> None:
        """Drop held and pending notes: the callback releases them when an epoch begins."""
        self._pending.clear()
        self._held = ()

    def render(self, events: Iterable[TimedEvent], before: int) -> list[TimedEvent]:
        """The note messages before frame ``before``, of ``events`` and of earlier ones."""
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
        self._pending += [
            TimedEvent(frame, make_note_off(CHORD_CHANNEL, note, RELEASE_VELOCITY)) for note in self._held
        ]
        self._pending += [TimedEvent(frame, make_note_on(CHORD_CHANNEL, note, CHORD_VELOCITY)) for note in notes]
        self._held = notes

    def _render_beat(self, frame: int, beat: Beat) -> None:
        down = beat.number == 0
        note, velocity = (DOWNBEAT_NOTE, DOWNBEAT_VELOCITY) if down else (BEAT_NOTE, BEAT_VELOCITY)
        self._pending.append(TimedEvent(frame, make_note_on(BEAT_CHANNEL, note, velocity)))
        self._pending.append(TimedEvent(frame + self._beat_frames, make_note_off(BEAT_CHANNEL, note, RELEASE_VELOCITY)))

"""Band notes: what each part of the band has played last, as the notes of a clip.

They come from the readings `accompaniment.note` and `accompaniment.withdrawn`, by beats of the song.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bridge.control.bus import Bus, Row
from bridge.daw.ableton.clip_notes import ClipNote
from bridge.errors import ControlError, did_you_mean

MOST_NOTES_OF_PART = 8192
"""Notes that are kept of each part: 128 bars of sixteenths with four notes each."""
JUMP_BEATS = 1.0
"""A note that begins so much before the last one belongs to another pass: the song was located, or starts again."""
DEFAULT_BAR_BEATS = 4.0
"""Bar length while the clock has none."""


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note that a part plays: ``frame`` and ``length_frames`` in frames, ``beat`` in beats of the song."""

    frame: int
    length_frames: int
    pitch: int
    velocity: int
    beat: float


@dataclass(frozen=True, slots=True)
class BandClip:
    """Notes of whole bars: ``origin``: the beat of the song at which they begin; ``length`` in beats."""

    notes: tuple[ClipNote, ...]
    origin: float
    length: float


class BandNotes:
    """The last notes of all parts. Thread-safe."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._lock = threading.Lock()
        self._parts: dict[str, deque[PlayedNote]] = {}
        self._newest: PlayedNote | None = None
        self._oldest: PlayedNote | None = None

    def start(self) -> Callable[[], None]:
        """Begin to take notes; returns a function that ends it."""
        return self._bus.subscribe(self._take)

    def collect(self, part: str, bars: int) -> BandClip:
        """The last ``bars`` whole bars of a part.

        Raises:
            ControlError: The part is unknown, or the band has not played so many bars.
        """
        if bars < 1:
            raise ControlError(f"{bars} bars", "give 1 or more")
        bar_beats = self._read_bar_beats()
        with self._lock:
            known, newest, oldest = dict(self._parts), self._newest, self._oldest
            notes = list(known.get(part, ()))
        if newest is None or oldest is None:
            raise ControlError("the band has played nothing yet", "start the transport, and let it play some bars")
        if part not in known:
            raise ControlError(f"the band has no part {part!r}", did_you_mean(part, known))
        end = math.floor(newest.beat / bar_beats) * bar_beats
        first = math.floor(oldest.beat / bar_beats) * bar_beats
        origin = end - bars * bar_beats
        if origin < first:
            played = max(int((end - first) / bar_beats), 0)
            raise ControlError(f"the band has played {played} whole bars since it began", "give fewer bars, or wait")
        beat_frames = (newest.frame - oldest.frame) / (newest.beat - oldest.beat)
        inside = [note for note in notes if origin <= note.beat < end]
        clip = (
            ClipNote(note.beat - origin, note.pitch, note.length_frames / beat_frames, float(note.velocity))
            for note in inside
        )
        return BandClip(tuple(clip), origin, end - origin)

    def _read_bar_beats(self) -> float:
        row = self._bus.get_latest("clock")
        if row is None:
            return DEFAULT_BAR_BEATS
        value = row[self._bus.registry.get_reading("clock").fields.index("bar_beats")]
        return float(value) if isinstance(value, int | float) and value > 0 else DEFAULT_BAR_BEATS

    def _take(self, name: str, values: Row, _source: str) -> None:
        if name == "accompaniment.note":
            frame, length, part, pitch, velocity, beat = values
            note = PlayedNote(int(frame), int(length), int(pitch), int(velocity), float(beat))
            with self._lock:
                self._add(str(part), note)
        elif name == "accompaniment.withdrawn":
            with self._lock:
                self._withdraw(int(values[0]))

    def _add(self, part: str, note: PlayedNote) -> None:
        if self._newest is not None and note.beat < self._newest.beat - JUMP_BEATS:
            self._clear()
        if self._oldest is None:
            self._oldest = note
        if self._newest is None or note.beat >= self._newest.beat:
            self._newest = note
        self._parts.setdefault(part, deque(maxlen=MOST_NOTES_OF_PART)).append(note)

    def _withdraw(self, frame: int) -> None:
        """Notes from ``frame`` on do not sound; frame 0: those of another signal path, all are void."""
        for part, notes in self._parts.items():
            self._parts[part] = deque((note for note in notes if note.frame < frame), maxlen=MOST_NOTES_OF_PART)
        left = [note for notes in self._parts.values() for note in notes]
        if not left:
            self._clear()
            return
        self._newest = max(left, key=lambda note: note.beat)

    def _clear(self) -> None:
        self._parts = {part: deque(maxlen=MOST_NOTES_OF_PART) for part in self._parts}
        self._newest = self._oldest = None

"""Events: MIDI, analysis and transport events at a frame, and their binary record.

An event crosses a process border as one record of eight 64-bit words: frame, kind, size, and forty bytes.
MIDI stores its bytes there, every other kind up to five float64 in the order of its fields, so that compiled code can
read a record without Python. A text, the last field of a few kinds, follows them as UTF-8.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from typing import Any, ClassVar, TypeAlias

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES, QUALITIES

NOTE_NAMES: tuple[str, ...] = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

CHORD_SOURCES: tuple[str, ...] = ("none", "habit", "loop", "track", "detected", "played")
"""Source of a player's chord, by number: none, usual chord progressions, a repetition in the song, the user's chord
sheet, the analyser, the user's MIDI keys."""

LEVELS: tuple[str, ...] = ("foreseen", "held", "tonic", "drums", "silence")
"""Fallback level of a player at a beat, by number: the predicted chord, or else the last chord, the tonic of the key,
drums only, nothing."""

PAYLOAD_BYTES = 40
"""Bytes of a payload in a record."""
SECTION_BYTES = PAYLOAD_BYTES - 8
"""Bytes of the name of a section, in UTF-8, beside its bar."""


def cut_section_name(name: str) -> str:
    """As much of ``name`` as fits an event."""
    return name.encode()[:SECTION_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Midi:
    """A MIDI message as its bytes; at most 40 of them (system exclusive goes by a port of its own)."""

    KIND: ClassVar[int] = 1
    data: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.data) <= PAYLOAD_BYTES:
            raise ValueError(f"a MIDI message here has 1 to {PAYLOAD_BYTES} bytes, not {len(self.data)}")


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat. ``number``: 0 on the downbeat. ``index``: beats since the song's start."""

    KIND: ClassVar[int] = 2
    number: int
    bar_beats: int
    tempo: float
    confidence: float
    index: int


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord begins. ``root`` and ``bass``: 0 is C; root -1: no chord. ``quality``: the number of one of QUALITIES."""

    KIND: ClassVar[int] = 3
    root: int
    quality: int
    bass: int
    confidence: float

    @property
    def label(self) -> str:
        """The chord as text, such as ``Am7`` or ``C/E``; ``N`` for no chord."""
        if self.root < 0:
            return "N"
        slash = "" if self.bass in (-1, self.root) else "/" + NOTE_NAMES[self.bass]
        return NOTE_NAMES[self.root] + QUALITIES[self.quality].suffix + slash

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The notes of the chord, root first, 0 is C; empty for no chord."""
        if self.root < 0:
            return ()
        return tuple((self.root + interval) % PITCH_CLASSES for interval in QUALITIES[self.quality].intervals)


def to_state(chord: Chord) -> int:
    """The number of ``chord`` without its bass: ``quality * 12 + root``, NO_CHORD_STATE for none."""
    return chord.quality * PITCH_CLASSES + chord.root if chord.root >= 0 else NO_CHORD_STATE


def to_chord(state: int, confidence: float) -> Chord:
    """The chord that has the number ``state``, in root position."""
    if state == NO_CHORD_STATE:
        return Chord(-1, 0, -1, confidence)
    quality, root = divmod(state, PITCH_CLASSES)
    return Chord(root, quality, root, confidence)


@dataclass(frozen=True, slots=True)
class Key:
    """A key begins. ``tonic``: 0 is C. ``minor``: 0 or 1."""

    KIND: ClassVar[int] = 4
    tonic: int
    minor: int
    confidence: float

    @property
    def label(self) -> str:
        """The key as text, such as ``A minor``."""
        return NOTE_NAMES[self.tonic] + (" minor" if self.minor else " major")


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo begins, in quarter notes per minute."""

    KIND: ClassVar[int] = 5
    bpm: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transport:
    """The host's transport as the driver saw it: ``beat`` (quarter notes) and ``tempo`` at the event's frame."""

    KIND: ClassVar[int] = 6
    rolling: int
    beat: float
    tempo: float
    bar_beats: int


@dataclass(frozen=True, slots=True)
class ClockPosition:
    """The MIDI clock tick at the event's frame is number ``ticks`` since the song's start, 24 per beat.

    The callback sends it once per beat, so that a worker that was started late knows the song position.
    """

    KIND: ClassVar[int] = 7
    ticks: int
    rolling: int


@dataclass(frozen=True, slots=True)
class Gap:
    """``frames`` of input before the event's frame are missing, and so are the messages in them."""

    KIND: ClassVar[int] = 8
    frames: int


@dataclass(frozen=True, slots=True)
class Onset:
    """An onset. ``strength``: 0 to 1, relative to the usual onset strength of this music."""

    KIND: ClassVar[int] = 9
    strength: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Note:
    """A detected note of one voice begins (``on`` 1) or ends (``on`` 0). Notes do not overlap.

    ``pitch``: a MIDI note number with its fraction, 69.0 is 440 Hz; the same at both ends. ``velocity``: 1 to 127, and
    0 at the end.
    """

    KIND: ClassVar[int] = 10
    on: int
    pitch: float
    velocity: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Commit:
    """The accompaniment has decided the beat at the event's frame and will not revise it.

    ``beat``: number of the beat since the song's start. ``level``: index into LEVELS. ``source``: index into
    CHORD_SOURCES. ``lookahead_beats``: beats from the end of the known input to this beat. ``tempo``: quarter notes
    per minute, 0 where it is not reported.
    """

    KIND: ClassVar[int] = 11
    beat: int
    level: int
    source: int
    lookahead_beats: float
    tempo: float = 0.0


@dataclass(frozen=True, slots=True)
class PlannedNote:
    """A note that the accompaniment will start at the event's frame; no MIDI message, but about one.

    ``channel``: from 0. ``beat``: its start in beats since the song's start. ``length_s``: seconds that it is meant to
    sound; a change of the chord ends it earlier.
    """

    KIND: ClassVar[int] = 12
    channel: int
    pitch: int
    velocity: int
    beat: float
    length_s: float


@dataclass(frozen=True, slots=True)
class ExpectedChord:
    """The accompaniment expects a chord at ``beat``, which it has not decided yet.

    ``state``: the chord without its bass (`to_state`). ``bass``: 0 is C, -1: as the root. ``source``: index into
    CHORD_SOURCES. Those of one plan have the frame of the last decided beat, and a `Lookahead` ends them.
    """

    KIND: ClassVar[int] = 13
    beat: int
    state: int
    bass: int
    confidence: float
    source: int


@dataclass(frozen=True, slots=True)
class Section:
    """The accompaniment plays section ``name`` (at most SECTION_BYTES) since bar ``bar``, from 1; empty: none."""

    KIND: ClassVar[int] = 14
    bar: int
    name: str

    def __post_init__(self) -> None:
        if len(self.name.encode()) > SECTION_BYTES:
            raise ValueError(f"section {self.name!r}: use `cut_section_name`, {SECTION_BYTES} bytes fit")


@dataclass(frozen=True, slots=True)
class Lookahead:
    """How far ahead the accompaniment decides. It ends what is reported of the beats that were just decided.

    ``asked_beats``: as set, or as found automatically. ``kept_beats``: from the end of the known input to the last beat
    that was decided. ``late``: how many of these beats were decided too late to be played.
    """

    KIND: ClassVar[int] = 15
    asked_beats: float
    kept_beats: float
    late: int


Payload: TypeAlias = (
    Midi | Beat | Chord | Key | Tempo | Transport | ClockPosition | Gap | Onset | Note
    | Commit | PlannedNote | ExpectedChord | Section | Lookahead
)  # fmt: skip

_KINDS: dict[int, type[Any]] = {
    kind.KIND: kind
    for kind in (
        Beat, Chord, Key, Tempo, Transport, ClockPosition, Gap, Onset, Note,
        Commit, PlannedNote, ExpectedChord, Section, Lookahead,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """``payload`` at ``frame``, counted from the stream's start."""

    frame: int
    payload: Payload


def pack(payload: Payload) -> tuple[int, int, bytes]:
    """``payload`` as (kind, size in bytes, forty bytes)."""
    if isinstance(payload, Midi):
        return Midi.KIND, len(payload.data), payload.data.ljust(PAYLOAD_BYTES, b"\0")
    values = astuple(payload)
    text = values[-1].encode() if isinstance(values[-1], str) else b""
    numbers = values[:-1] if isinstance(values[-1], str) else values
    data = struct.pack(f"<{len(numbers)}d", *numbers) + text
    return payload.KIND, len(data), data.ljust(PAYLOAD_BYTES, b"\0")


def unpack(kind: int, size: int, data: bytes) -> Payload:
    """The payload of a record that `pack` made.

    Raises:
        ValueError: The kind is unknown. Both sides run the same version, so this is a fault.
    """
    if kind == Midi.KIND:
        return Midi(data[:size])
    if kind not in _KINDS:
        raise ValueError(f"event kind {kind} is unknown")
    cls = _KINDS[kind]
    types = [field.type for field in cls.__dataclass_fields__.values() if field.type != "ClassVar[int]"]
    numbers = len(types) - types.count("str")
    values: list[Any] = list(struct.unpack(f"<{numbers}d", data[: 8 * numbers]))
    if numbers < len(types):
        values.append(data[8 * numbers : size].decode())
    payload: Payload = cls(*(int(v) if t == "int" else v for v, t in zip(values, types, strict=True)))
    return payload

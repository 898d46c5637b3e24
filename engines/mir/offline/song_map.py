"""Song map: the analysis of a song in the song's own time (beats, tempo, chords, keys, notes, other events)."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

SCHEMA = 1
"""Raised with each incompatible change of the JSON; docs/analyze.md describes it."""
MAP_KIND = "json"
"""Suffix of the file that names the song of the others of its name, so it is written first."""
SUFFIX_BYTES = 32
"""The longest suffix of a result, such as ``.beats.csv``; engines name kinds, too."""


@dataclass(frozen=True, slots=True)
class SongBeat:
    """A beat. ``number``: 1 on the downbeat. ``confidence``: 0 to 1, as everywhere here."""

    time_s: float
    number: int
    bar_beats: int
    confidence: float


@dataclass(frozen=True, slots=True)
class TempoPoint:
    """The tempo from here on, quarter notes per minute."""

    time_s: float
    bpm: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord. ``label``: as Sideman writes it (``Am7/G``). ``harte``: in Harte's syntax (``A:min7/b7``). N: no chord.

    ``pitch_classes``: the chord's notes, root first, 0 is C. ``bass``: -1 if unknown.
    """

    start_s: float
    end_s: float
    label: str
    harte: str
    root: int
    bass: int
    pitch_classes: tuple[int, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class KeySpan:
    """A key. ``label``: such as ``G minor``. ``tonic``: 0 is C."""

    start_s: float
    end_s: float
    label: str
    tonic: int
    minor: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class NoteSpan:
    """A note of one voice. ``voice``: the engine's output port. ``pitch``: fractional MIDI note number."""

    start_s: float
    end_s: float
    pitch: float
    velocity: int
    confidence: float
    voice: str


@dataclass(frozen=True, slots=True)
class SongMap:
    """The analysis of a whole song. Chords leave no gap; keys begin with the first detected one.

    ``file``: path of the song. ``rate_hz``, ``length_frames``: of the file. ``events``: the engine's other events by
    kind (``onset``), each a table of ``time_s`` and the payload's fields. ``remarks``: anything odd.
    """

    file: str
    engine: str
    rate_hz: int
    length_frames: int
    duration_s: float
    beats: tuple[SongBeat, ...] = ()
    tempo: tuple[TempoPoint, ...] = ()
    chords: tuple[ChordSpan, ...] = ()
    keys: tuple[KeySpan, ...] = ()
    notes: tuple[NoteSpan, ...] = ()
    events: dict[str, tuple[dict[str, float | list[int]], ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    schema: int = SCHEMA

    @property
    def key(self) -> str:
        """The key that lasts longest; empty if none was detected."""
        lengths: dict[str, float] = {}
        for span in self.keys:
            lengths[span.label] = lengths.get(span.label, 0.0) + span.end_s - span.start_s
        return max(lengths, key=lambda label: lengths[label], default="")

    @property
    def bpm(self) -> float:
        """The median tempo weighted by duration, quarter notes per minute; 0 if no beat was detected."""
        if not self.tempo:
            return 0.0
        ends = [*(point.time_s for point in self.tempo[1:]), self.duration_s]
        held = sorted((point.bpm, end - point.time_s) for point, end in zip(self.tempo, ends, strict=True))
        half, passed = sum(length for _, length in held) / 2, 0.0
        for bpm, length in held:
            passed += length
            if passed >= half:
                return bpm
        return 0.0


def to_json(song: SongMap) -> bytes:
    """Indented JSON, UTF-8."""
    return msgspec.json.format(msgspec.json.encode(song), indent=2) + b"\n"


def from_json(data: bytes) -> SongMap:
    """Parse the output of `to_json`. Anything else is a `msgspec.MsgspecError`."""
    return msgspec.json.decode(data, type=SongMap)

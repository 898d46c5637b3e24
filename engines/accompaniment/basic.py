"""Basic accompaniment engine: bass and chords that follow the analysed chord, a beat at a time."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from bridge.core.control import Control
from bridge.core.engine import Block, EngineSpec, EventPort, Part, State
from bridge.core.events import Beat, Chord, Midi, PlannedNote, TimedEvent
from bridge.core.midi import NOTE_ON, get_status, is_note_on, make_note_off, make_note_on
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.accompaniment.timeline import HOP, LATE_BEATS, LOOKAHEAD, SHORTEST_BEAT_FRAMES, Timeline, make_timeline

CHORD_LOW, CHORD_HIGH, CHORD_MIDDLE = 52, 76, 62
"""E3 to E5: above the bass, below a voice's top. Without a chord before, start around the middle."""
BASS_LOW, BASS_HIGH, BASS_MIDDLE = 28, 48, 36
"""E1, a bass guitar's lowest string, to C3."""
VOICES = 3
BASS_CHANNEL, CHORD_CHANNEL = 0, 1
ACCENT = 10
"""How much louder the first beat of a bar is, in MIDI velocity."""
VELOCITY_SMOOTHING = 0.1
"""Share of each received note in the average velocity."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A note or chord from ``start`` to ``end`` in beats after the beat's start, ``end`` below 1."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class BeatPattern:
    """``fifth``: on every other beat the bass takes the chord's fifth."""

    name: str
    bass: Gate
    chords: Gate
    fifth: bool = False


BEAT_PATTERNS: tuple[BeatPattern, ...] = (
    BeatPattern("pulse", Gate(0.0, 0.8), Gate(0.0, 0.7)),
    BeatPattern("offbeat", Gate(0.0, 0.8), Gate(0.5, 0.85)),
    BeatPattern("alternating", Gate(0.0, 0.6), Gate(0.5, 0.85), fifth=True),
    BeatPattern("sustained", Gate(0.0, 0.95), Gate(0.0, 0.95)),
)


BASS_MUTE = Control("accompaniment.bass.mute", 0.0, 1.0, 0.0, kind="switch", doc="Mute the bass from the next beat on.")
CHORDS_MUTE = Control(
    "accompaniment.chords.mute", 0.0, 1.0, 0.0, kind="switch", doc="Mute the chords from the next beat on."
)
VELOCITY = Control("accompaniment.velocity", 1.0, 127.0, 80.0, kind="integer", doc="MIDI velocity of the notes.")
TOUCH_FOLLOW = Control(
    "accompaniment.follow", 0.0, 1.0, 0.3, doc="How closely the velocity follows that of the played notes."
)
STYLE = Control(
    "accompaniment.style", 0.0, len(BEAT_PATTERNS) - 1.0, 0.0, kind="choice", doc="The pattern played within a beat.",
    choices=tuple(style.name for style in BEAT_PATTERNS),
)  # fmt: skip


class BasicAccompaniment:
    """Plans one beat at a time, whole and for good: notes on and off, from what was received by then."""

    spec = EngineSpec(
        name="accompaniment.basic",
        inputs=(EventPort("midi"), EventPort("beats"), EventPort("chords")),
        outputs=(EventPort("midi"), EventPort("planned")),
        hop=HOP,
        controls=(LOOKAHEAD, BASS_MUTE, CHORDS_MUTE, VELOCITY, TOUCH_FOLLOW, STYLE),
        predicts=True,
        resets_on_gap=False,
        parts=(Part("bass", BASS_CHANNEL), Part("chords", CHORD_CHANNEL)),
    )

    def __init__(self) -> None:
        self.rate = 0
        self._lead = 0

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate <= 0 or lead_frames < 0:
            raise EngineError(
                f"{self.spec.name}: rate {rate} Hz with a lead of {lead_frames} frames",
                "use a rate above 0, a lead from 0",
            )
        self.rate = rate
        self._lead = lead_frames
        self.reset()

    def latency_frames(self, port: str) -> int:
        return -self._lead

    def reset(self) -> None:
        self._chord: Chord | None = None
        self._beat: Beat | None = None
        self._beat_frame = 0
        self._touch = -1.0
        self._voicing: tuple[int, ...] = ()
        self._bass = -1
        self._planned_to: int | None = None
        self._line: Timeline | None = None
        self._last_frame = 0

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self._read_events(block)
        line = make_timeline(time, self._beat, self._beat_frame)
        if line is None or not line.follows(self._line):
            self._planned_to = None
        self._line = line
        if line is None or line.time.frames_per_beat < SHORTEST_BEAT_FRAMES:
            return
        earliest = time.frame + HOP + self._lead
        if self._planned_to is None:
            self._planned_to = line.find_first_beat(max(earliest, self._last_frame))
        # The block in which the decision falls is the last one that can still decide before it: the next one's
        # events may start only a hop later.
        while line.to_frame(self._planned_to - block.values[LOOKAHEAD.name]) < earliest + HOP:
            events = self._plan(self._planned_to, line, max(earliest, self._last_frame), block)
            out.events["midi"] += events
            out.events["planned"] += _make_planned_notes(events, line)
            self._planned_to += 1

    def _read_events(self, block: Block) -> None:
        for event in block.events["chords"]:
            if isinstance(event.payload, Chord):
                self._chord = event.payload
        for event in block.events["beats"]:
            if isinstance(event.payload, Beat):
                self._beat, self._beat_frame = event.payload, event.frame
        for event in block.events["midi"]:
            if isinstance(event.payload, Midi) and is_note_on(event.payload.data):
                self._touch += (event.payload.data[2] - self._touch) * (VELOCITY_SMOOTHING if self._touch >= 0 else 1.0)

    def _plan(self, beat: int, line: Timeline, earliest: int, block: Block) -> list[TimedEvent]:
        """The notes of ``beat``, on and off, sorted; none where nothing is known or it is too late."""
        late = line.to_frame(beat) < earliest
        if late and line.to_frame(beat + LATE_BEATS) < earliest:
            return []
        if self._chord is None or self._chord.root < 0:
            return []
        style = BEAT_PATTERNS[int(block.values[STYLE.name])]
        number = line.get_number(beat)
        velocity = self._get_velocity(block, number)
        events: list[TimedEvent] = []
        if not block.values[BASS_MUTE.name]:
            self._bass = voice_bass(self._get_bass_class(self._chord, style.fifth and number % 2 == 1), self._bass)
            events += _make_note_events((self._bass,), BASS_CHANNEL, velocity, style.bass, beat, line, earliest)
        if not block.values[CHORDS_MUTE.name]:
            self._voicing = voice_chord(self._chord, self._voicing)
            events += _make_note_events(self._voicing, CHORD_CHANNEL, velocity, style.chords, beat, line, earliest)
        events.sort(key=_get_sort_key)
        if events:
            self._last_frame = events[-1].frame
        return events

    def _get_velocity(self, block: Block, number: int) -> int:
        velocity = block.values[VELOCITY.name]
        if self._touch >= 0:
            velocity += block.values[TOUCH_FOLLOW.name] * (self._touch - velocity)
        return min(max(round(velocity) + (ACCENT if number == 0 else 0), 1), 127)

    @staticmethod
    def _get_bass_class(chord: Chord, fifth: bool) -> int:
        if fifth:
            return chord.pitch_classes[2]
        return chord.bass if chord.bass >= 0 else chord.root

    def state(self) -> State:
        chord, beat, line = self._chord, self._beat, self._line
        return {
            "chord": np.array([] if chord is None else astuple(chord)),
            "beat": np.array([] if beat is None else [*astuple(beat), self._beat_frame]),
            "touch": np.array(self._touch),
            "voicing": np.array(self._voicing, np.int64),
            "bass": np.array(self._bass),
            "planned_to": np.array([] if self._planned_to is None else [self._planned_to], np.int64),
            "line": np.array([] if line is None else [*astuple(line.time), line.to_bar], np.float64),
            "last_frame": np.array(self._last_frame),
        }

    def restore(self, state: State) -> None:
        chord, beat, line = (state[name].tolist() for name in ("chord", "beat", "line"))
        self._chord = Chord(int(chord[0]), int(chord[1]), int(chord[2]), chord[3]) if chord else None
        self._beat = Beat(int(beat[0]), int(beat[1]), beat[2], beat[3], int(beat[4])) if beat else None
        self._beat_frame = int(beat[5]) if beat else 0
        self._touch = float(state["touch"])
        self._voicing = tuple(int(note) for note in state["voicing"])
        self._bass = int(state["bass"])
        planned = state["planned_to"].tolist()
        self._planned_to = int(planned[0]) if planned else None
        self._line = None
        if line:
            frame, rate, position, tempo, rolling, bar_beats, hosted, to_bar = line
            time = BlockTime(int(frame), int(rate), position, tempo, bool(rolling), int(bar_beats), bool(hosted))
            self._line = Timeline(time, int(to_bar))
        self._last_frame = int(state["last_frame"])


def _get_sort_key(event: TimedEvent) -> tuple[int, bool, bytes]:
    """By frame; where notes meet, the one that ends goes first."""
    data = event.payload.data if isinstance(event.payload, Midi) else b""
    return event.frame, get_status(data) == NOTE_ON, data


def _make_note_events(
    notes: tuple[int, ...], channel: int, velocity: int, gate: Gate, beat: int, line: Timeline, earliest: int
) -> list[TimedEvent]:
    """``notes`` on and off within ``beat``, none before ``earliest``."""
    on = max(line.to_frame(beat + gate.start), earliest)
    off = max(line.to_frame(beat + gate.end), on + 1)
    return [TimedEvent(on, make_note_on(channel, note, velocity)) for note in notes] + [
        TimedEvent(off, make_note_off(channel, note)) for note in notes
    ]


def _make_planned_notes(events: list[TimedEvent], line: Timeline) -> list[TimedEvent]:
    """The plan of each note of ``events``, on and off of one beat."""
    notes = [(event.frame, event.payload.data) for event in events if isinstance(event.payload, Midi)]
    ends = {(data[0] & 0x0F, data[1]): frame for frame, data in notes if not is_note_on(data)}
    planned = []
    for frame, data in notes:
        if is_note_on(data):
            channel, pitch, velocity = data[0] & 0x0F, data[1], data[2]
            length_s = (ends[channel, pitch] - frame) / line.time.rate
            planned.append(TimedEvent(frame, PlannedNote(channel, pitch, velocity, line.time.beat_at(frame), length_s)))
    return planned


def _get_upper_notes(chord: Chord) -> tuple[int, ...]:
    """Three pitch classes: the triad, or without the root where there are four, since the bass has it."""
    notes = chord.pitch_classes
    return notes[-VOICES:]


def _list_positions(pitch_classes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every close position in range, each sorted from low to high."""
    found = []
    for lowest in range(CHORD_LOW, CHORD_HIGH + 1):
        if lowest % 12 not in pitch_classes:
            continue
        notes = tuple(sorted(lowest + (pc - lowest) % 12 for pc in pitch_classes))
        if notes[-1] <= CHORD_HIGH:
            found.append(notes)
    return found


def voice_chord(chord: Chord, before: tuple[int, ...]) -> tuple[int, ...]:
    """Three MIDI notes, low to high, as near as can be to those ``before`` (empty: to the range's middle)."""
    reference = before or (CHORD_MIDDLE,) * VOICES

    def measure_cost(notes: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
        moved = sum(abs(a - b) for a, b in zip(notes, reference, strict=True))
        return moved, abs(sum(notes) - VOICES * CHORD_MIDDLE), notes

    return min(_list_positions(_get_upper_notes(chord)), key=measure_cost)


def voice_bass(pitch_class: int, before: int) -> int:
    """The MIDI note of ``pitch_class`` that is nearest to ``before`` (-1: to the range's middle)."""
    reference = before if before >= 0 else BASS_MIDDLE
    notes = [note for note in range(BASS_LOW, BASS_HIGH + 1) if note % 12 == pitch_class]
    return min(notes, key=lambda note: (abs(note - reference), abs(note - BASS_MIDDLE), note))

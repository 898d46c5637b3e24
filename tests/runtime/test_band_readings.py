"""Readings of the band's plans: every note that the port sends was published before, and none that it does not send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bridge.control.bus import Bus, Row
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.audio import Audio
from bridge.core.events import (
    Chord,
    Commit,
    ExpectedChord,
    Lookahead,
    Midi,
    Payload,
    PlannedNote,
    Section,
    TimedEvent,
    to_state,
)
from bridge.core.midi import is_note_on
from bridge.core.role import FORESEEN_RING, PLANNED_RING
from bridge.runtime.band_readings import BandReadings
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.rings import EventWriter
from bridge.runtime.wiring import wire
from tests.runtime.offline_graph import Cue, process_offline

RATE = 44100
BEAT = RATE // 2  # frames, at 120 BPM
ENGINES = {"mir": "mir.chroma", "accompaniment": "accompaniment.band"}
WIRING = wire(ENGINES, RATE, RESERVE_FRAMES)
PLAYER = WIRING.plan.player
START, STOP, CLOCK = b"\xfa", b"\xfc", b"\xf8"
PARTS = {"drums": 9, "bass": 0, "keys": 1, "pad": 2, "guitar": 3}
READ_FRAMES = 1000
"""Times that the readings are published in a song."""


def make_bus() -> Bus:
    return Bus(make_sidecar_registry({node.name: node.spec.controls for node in WIRING.nodes}))


@pytest.fixture
def bus() -> Bus:
    return make_bus()


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(WIRING, 128, RESERVE_FRAMES, {}) as opened:
        yield opened


class Song:
    """The readings of a song that the band plays, as a client sees them."""

    def __init__(self) -> None:
        self.bus = make_bus()
        self.published: list[tuple[str, Row]] = []
        self.planned: list[dict[str, Any]] = []
        self.withdrawn: list[int] = []
        self.bus.subscribe(self._receive)
        self._readings: BandReadings | None = None

    def _receive(self, name: str, row: Row, _: str) -> None:
        self.published.append((name, row))
        if name == "accompaniment.note":
            fields = self.bus.registry.get_reading(name).fields
            self.planned.append(dict(zip(fields, row, strict=True)))
        elif name == "accompaniment.withdrawn":
            frame = int(row[0])
            self.withdrawn.append(frame)
            self.planned = [note for note in self.planned if note["frame"] < frame]

    def publish(self, graph: Graph) -> None:
        if self._readings is None:
            self._readings = BandReadings(self.bus, graph)
        self._readings.publish()

    def play(self, seconds: float, midi: list[TimedEvent], *cues: Cue) -> list[tuple[int, int, int, int]]:
        """Play, and return (frame, channel, pitch, velocity) of each note that the port starts."""
        audio, end = make_chord(seconds), round(seconds * RATE)
        reads = [Cue(frame, self.publish) for frame in range(-RATE, end, READ_FRAMES)] + [Cue(end - 1, self.publish)]
        taken = process_offline(audio, RATE, ENGINES, midi, block=256, cues=[*reads, *cues])
        return [
            (event.frame, event.payload.data[0] & 0x0F, event.payload.data[1], event.payload.data[2])
            for event in taken.midi["accompaniment"]
            if isinstance(event.payload, Midi) and is_note_on(event.payload.data)
        ]

    def sounding(self, end: int) -> list[tuple[int, int, int, int]]:
        """As the result of `play`, of what was published and not withdrawn."""
        return [
            (note["frame"], PARTS[note["part"]], note["pitch"], note["velocity"])
            for note in self.planned
            if note["frame"] < end
        ]


def make_chord(seconds: float) -> Audio:
    """C major, from its start to its end; shape (2, frames)."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    wave = sum(0.1 * np.sin(2 * np.pi * 261.63 * 2 ** (step / 12) * time_s) for step in (0, 4, 7))
    return np.stack([wave, wave]).astype(np.float32)


def make_clock(first: int, beats: float, start: bytes = START) -> list[TimedEvent]:
    ticks = [TimedEvent(first + 10 + round(i * BEAT / 24), Midi(CLOCK)) for i in range(int(24 * beats))]
    return [TimedEvent(first, Midi(start)), *ticks]


def test_every_note_that_the_port_sends_was_published_and_no_other() -> None:
    song = Song()
    sent = song.play(10.0, make_clock(100, 22))
    assert len(sent) > 100
    assert sorted(song.sounding(10 * RATE)) == sorted(sent)
    assert song.withdrawn == [100]
    longest = max(note["length_frames"] for note in song.planned)
    assert longest > 1.5 * BEAT  # a pad, of which the end is decided beats later
    assert all(note["length_frames"] >= 1 for note in song.planned)


def test_what_was_planned_is_withdrawn_where_the_music_breaks_off() -> None:
    stop, again, jump = 4 * RATE + 300, 5 * RATE, 8 * RATE + 50
    midi = [
        *make_clock(100, 7.5), TimedEvent(stop, Midi(STOP)),
        *make_clock(again, 5.9), *make_clock(jump, 5),
    ]  # fmt: skip
    song = Song()
    sent = song.play(10.5, sorted(midi, key=lambda event: event.frame))
    assert song.withdrawn == [100, stop, again, jump]
    assert len(sent) > 60
    assert sorted(song.sounding(round(10.5 * RATE))) == sorted(sent)


def test_a_panic_withdraws_nothing_and_a_new_worker_what_the_old_one_planned() -> None:
    song, panic, died = Song(), 4 * RATE, 6 * RATE
    cues = Cue(panic, lambda graph: graph.release_notes()), Cue(died, lambda graph: graph.restart_one(PLAYER))
    sent = song.play(8.0, make_clock(100, 18), *cues)
    assert song.withdrawn == [100, died]
    assert sorted(song.sounding(8 * RATE)) == sorted(sent)


def test_chords_to_come_go_away_as_they_pass() -> None:
    song = Song()
    song.play(10.0, make_clock(100, 22))
    rows = song.bus.get_rows("accompaniment.plan")
    beats = sorted(int(row[0]) for row in rows)
    assert beats == list(range(beats[0], beats[0] + len(rows)))
    assert beats[0] == 19  # the beat that sounds
    assert len(beats) > 16
    assert {row[2] for row in rows} == {"C"}
    for beat, frame, *_ in rows:
        assert abs(int(frame) - 110 - int(beat) * BEAT) < 500
    asked, kept, least, late = song.bus.get_latest("accompaniment.lookahead") or ()
    assert (asked, late) == (1.0, 0)
    assert 0.99 <= float(least) <= float(kept) < 1.1


def write_events(graph: Graph, ring: str, *events: TimedEvent, epoch: int = 1) -> None:
    index = graph.plan.rings.index(ring)
    writer = EventWriter(graph.arrays.records[index], graph.arrays.heads[index])
    for event in events:
        writer.write(event, epoch)


def begin_epoch(graph: Graph, frame: int) -> None:
    words = graph.arrays.workers[PLAYER]
    words[w.LAST_ORIGIN], words[w.ORIGIN] = words[w.ORIGIN], frame
    words[w.EPOCH] += 1


def record(bus: Bus, *names: str) -> list[Row]:
    rows: list[Row] = []
    bus.subscribe(lambda name, row, _: rows.append(row) if name in names else None)
    return rows


def test_the_parts_are_published_with_their_channels(bus: Bus, graph: Graph) -> None:
    bus.publish("accompaniment.part", "tuba", 5)  # of another engine, before
    BandReadings(bus, graph)
    assert {row[0]: row[1] for row in bus.get_rows("accompaniment.part")} == {
        name: channel + 1 for name, channel in PARTS.items()
    }


def test_a_note_that_an_old_epoch_decides_counts_up_to_the_break_alone(bus: Bus, graph: Graph) -> None:
    begin_epoch(graph, 0)
    readings, rows = BandReadings(bus, graph), record(bus, "accompaniment.note", "accompaniment.withdrawn")
    begin_epoch(graph, 500)
    note = PlannedNote(0, 40, 90, 1.0, 0.5)
    write_events(graph, PLANNED_RING, TimedEvent(499, note), TimedEvent(500, note), epoch=1)
    write_events(graph, PLANNED_RING, TimedEvent(501, note), epoch=2)
    readings.publish()
    length = RATE // 2
    assert rows == [(500,), (499, length, "bass", 40, 90, 1.0), (501, length, "bass", 40, 90, 1.0)]


def test_the_user_s_offset_delays_what_was_planned(bus: Bus, graph: Graph) -> None:
    readings, rows = BandReadings(bus, graph), record(bus, "accompaniment.note")
    graph.set_offset("accompaniment", 700)
    write_events(graph, PLANNED_RING, TimedEvent(1000, PlannedNote(9, 36, 90, 2.0, 0.1)))
    readings.publish()
    assert [(row[0], row[2]) for row in rows] == [(1700, "drums")]


def test_a_new_signal_path_withdraws_all_that_an_earlier_one_planned(bus: Bus, graph: Graph) -> None:
    readings = BandReadings(bus, graph)
    write_events(graph, PLANNED_RING, TimedEvent(1000, PlannedNote(9, 36, 90, 2.0, 0.1)))
    write_events(graph, FORESEEN_RING, TimedEvent(1000, Chord(0, 0, 0, 1.0)), TimedEvent(1000, Commit(2, 0, 3, 1.0)))
    readings.publish()
    assert bus.get_rows("accompaniment.plan")
    rows = record(bus, "accompaniment.withdrawn")
    BandReadings(bus, graph)
    assert rows == [(0,)]
    assert not bus.get_rows("accompaniment.plan")


def decide(graph: Graph, beat: int, *labels: str, late: int = 0, kept: float = 1.05, sure: float = 0.8) -> None:
    """The band decides ``beat`` for a C, and expects further chords: C, F or G, or C/E."""
    frame = beat * BEAT
    chords = {"C": (0, -1), "F": (5, -1), "G": (7, -1), "C/E": (0, 4)}
    expected = [
        ExpectedChord(beat + 1 + i, to_state(Chord(chords[label][0], 0, -1, 1.0)), chords[label][1], sure, 2)
        for i, label in enumerate(labels)
    ]
    events: list[Payload] = [
        Chord(0, 0, 0, 0.9),
        Commit(beat, 0, 2, kept, 120.0),
        *expected,
        Lookahead(1.0, kept, late),
    ]
    write_events(graph, FORESEEN_RING, *(TimedEvent(frame, event) for event in events))


def test_only_rows_of_the_plan_that_changed_are_published(bus: Bus, graph: Graph) -> None:
    readings, rows = BandReadings(bus, graph), record(bus, "accompaniment.plan")
    decide(graph, 4, "C", "F", "C/E")
    readings.publish()
    assert rows == [
        (4, 4 * BEAT, "C", 0.9, "loop"), (5, 5 * BEAT, "C", 0.8, "loop"),
        (6, 6 * BEAT, "F", 0.8, "loop"), (7, 7 * BEAT, "C/E", 0.8, "loop"),
    ]  # fmt: skip
    rows.clear()
    decide(graph, 5, "G", "C/E", sure=0.82)
    readings.publish()
    assert rows == [(5, 5 * BEAT, "C", 0.9, "loop"), (6, 6 * BEAT, "G", 0.82, "loop")]
    rows.clear()
    graph.arrays.state[w.HEAD] = 5 * BEAT + 10  # beat 4 is over
    decide(graph, 6, sure=0.82)
    readings.publish()
    assert rows == [(4,), (7,), (6, 6 * BEAT, "C", 0.9, "loop")]


def test_nothing_is_expected_after_a_break(bus: Bus, graph: Graph) -> None:
    begin_epoch(graph, 0)
    readings = BandReadings(bus, graph)
    decide(graph, 4, "C", "F")
    readings.publish()
    assert len(bus.get_rows("accompaniment.plan")) == 3
    begin_epoch(graph, 3 * BEAT)
    readings.publish()
    assert not bus.get_rows("accompaniment.plan")


def test_lookahead_is_published_with_the_least_and_the_late_beats_since_the_reset(bus: Bus, graph: Graph) -> None:
    readings, rows = BandReadings(bus, graph), record(bus, "accompaniment.lookahead")
    for beat, kept, late in ((4, 0.2, 1), (5, 1.1, 0), (6, 1.04, 1), (7, 1.08, 0), (12, 0.3, 0), (13, 1.2, 0)):
        decide(graph, beat, late=late, kept=kept)
        readings.publish()
    assert rows == [
        (1.0, 0.2, 0.2, 1), (1.0, 1.1, 1.1, 1), (1.0, 1.04, 1.04, 2), (1.0, 1.08, 1.04, 2),
        (1.0, 0.3, 1.04, 2), (1.0, 1.2, 1.04, 2),
    ]  # fmt: skip
    readings.reset_counters()
    decide(graph, 14, kept=1.3)
    readings.publish()
    assert rows[-1] == (1.0, 1.3, 1.3, 0)


def test_a_section_is_published_when_another_one_begins(bus: Bus, graph: Graph) -> None:
    readings, rows = BandReadings(bus, graph), record(bus, "accompaniment.section")
    for frame, (bar, name) in enumerate(
        [(1, ""), (2, ""), (3, "verse"), (3, "verse"), (11, "verse"), (12, ""), (13, "")]
    ):
        write_events(graph, FORESEEN_RING, TimedEvent(frame, Section(bar, name)))
    readings.publish()
    assert rows == [("verse", 3), ("verse", 11), ("", 12)]
    assert bus.get_history("accompaniment.section") == tuple(rows)

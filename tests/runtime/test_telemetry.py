"""Readings that telemetry publishes from the graph."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bridge
from bridge.control.bus import CHANGE, Bus
from bridge.control.insert_controls import INSERT_READING
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.control.sidecar_readings import READINGS
from bridge.core.audio import STEMS
from bridge.core.events import Beat, Chord, Commit, Key, Note, Onset, Tempo, TimedEvent
from bridge.core.role import FORESEEN_RING
from bridge.drivers.offline_callback import OfflineCallback
from bridge.runtime.counters import Counters
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.rings import EventWriter
from bridge.runtime.telemetry import READING_OF, Telemetry
from bridge.runtime.wiring import wire

WIRING = wire({"separation": "separation.dsp", "mir": "mir.chroma"}, 44100, RESERVE_FRAMES)


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(WIRING, 128, RESERVE_FRAMES, {}) as opened:
        yield opened


@pytest.fixture
def bus() -> Bus:
    return Bus(make_sidecar_registry({node.name: node.spec.controls for node in WIRING.nodes}))


Published = list[tuple[str, tuple[Any, ...]]]


def record_published(bus: Bus) -> Published:
    published: Published = []
    bus.subscribe(lambda name, row, _source: published.append((name, row)))
    return published


def write_events(graph: Graph, ring: str, *events: TimedEvent) -> None:
    index = graph.plan.rings.index(ring)
    writer = EventWriter(graph.arrays.records[index], graph.arrays.heads[index])
    for event in events:
        writer.write(event, 1)


def test_detected_music_is_published_once(bus: Bus, graph: Graph) -> None:
    write_events(graph, "mir.chords", TimedEvent(1, Chord(2, 0, 2, 1.0)))  # before anyone asked
    telemetry, published = Telemetry(bus, graph), record_published(bus)
    write_events(graph, "mir.chords", TimedEvent(10, Chord(9, 4, 9, 0.5)), TimedEvent(11, Key(9, 1, 0.25)))
    write_events(graph, "mir.beats", TimedEvent(12, Tempo(98.5, 1.0)), TimedEvent(13, Beat(0, 4, 98.5, 0.75, 8)))
    write_events(graph, "mir.onsets", TimedEvent(14, Onset(0.5, 0.75)))
    write_events(graph, "mir.notes", TimedEvent(15, Note(1, 40.25, 90, 0.5)))
    telemetry.publish_music()
    telemetry.publish_music()
    assert sorted(published) == [
        ("mir.beat", (13, 0, 4, 98.5, 0.75, 8)),
        ("mir.chord", (10, "Am7", 0.5)),
        ("mir.key", (11, "A minor", 0.25)),
        ("mir.note", (15, 1, 40.25, 90, 0.5)),
        ("mir.onset", (14, 0.5, 0.75)),
        ("mir.tempo", (12, 98.5, 1.0)),
    ]


def test_what_a_player_decided_is_published_and_counted_by_level(bus: Bus, graph: Graph) -> None:
    telemetry, published = Telemetry(bus, graph), record_published(bus)
    write_events(graph, FORESEEN_RING, TimedEvent(50, Chord(5, 3, 5, 0.5)), TimedEvent(50, Commit(8, 0, 3, 1.5)))
    write_events(graph, FORESEEN_RING, TimedEvent(90, Chord(5, 3, 5, 0.0)), TimedEvent(90, Commit(9, 1, 0, 1.25)))
    telemetry.publish_music()
    assert [row for row in published if row[0] != "accompaniment.plan"] == [
        ("accompaniment.chord", (50, "Fmaj7", 0.5)),
        ("accompaniment.commit", (50, 8, "foreseen", "track", 1.5)),
        ("accompaniment.chord", (90, "Fmaj7", 0.0)),
        ("accompaniment.commit", (90, 9, "held", "none", 1.25)),
    ]
    published.clear()
    telemetry.publish_counters(0)
    telemetry.publish_counters(0)
    assert [row for name, row in published if name == "accompaniment.level"] == [("foreseen", 1), ("held", 1)]
    published.clear()
    telemetry.reset_counters()
    telemetry.publish_counters(0)
    assert [row for name, row in published if name == "accompaniment.level"] == [("foreseen", 0), ("held", 0)]


def test_late_frames_are_published_on_the_rows_of_audio_paths(bus: Bus, graph: Graph) -> None:
    telemetry, published = Telemetry(bus, graph), record_published(bus)
    graph.arrays.state[w.LATE_FRAMES] = 77
    telemetry.publish_counters(3)
    rows = {row[0]: row for name, row in published if name == "latency"}
    assert rows["mix"][:4] == ("mix", graph.ledger["mix"].declared, -1, 77)
    assert rows["chords"][3] == 0
    [counters] = [row for name, row in published if name == "counters"]
    assert counters[5:8] == (77, 0, 3)


@pytest.mark.parametrize(
    ("word", "field"), [(w.LATE_EVENTS, "late_events"), (w.LOST_EVENTS, "lost_events"), (w.SLIPS, "slips")]
)
def test_what_the_callback_counts_is_published(bus: Bus, graph: Graph, word: int, field: str) -> None:
    graph.arrays.state[word] = 5
    telemetry = Telemetry(bus, graph)
    graph.arrays.state[word] = 12
    telemetry.publish_counters(0)
    fields = bus.registry.get_reading("counters").fields
    assert dict(zip(fields, bus.get_latest("counters") or (), strict=True))[field] == 7


@pytest.mark.parametrize(("word", "field"), [(w.FAULTS, "faults"), (w.DROPPED_HOPS, "dropped_hops")])
def test_what_the_workers_count_is_published_as_a_sum(bus: Bus, graph: Graph, word: int, field: str) -> None:
    telemetry = Telemetry(bus, graph)
    graph.arrays.workers[:, word] = 3
    telemetry.publish_counters(0)
    fields = bus.registry.get_reading("counters").fields
    assert dict(zip(fields, bus.get_latest("counters") or (), strict=True))[field] == 3 * len(graph.arrays.workers)


def test_every_count_but_the_band_s_has_a_field_of_its_own() -> None:
    """The band's late frames are on its row of the latency reading."""
    (reading,) = (one for one in READINGS if one.name == "counters")
    assert set(Counters.__slots__) - {"band_late_frames"} <= set(reading.fields)


def test_counters_start_anew_when_they_are_reset(bus: Bus, graph: Graph) -> None:
    graph.arrays.state[w.XRUNS] = 5
    telemetry = Telemetry(bus, graph)
    assert telemetry.counters.xruns == 0
    graph.arrays.state[w.XRUNS] = 9
    assert telemetry.counters.xruns == 4
    telemetry.reset_counters()
    assert telemetry.counters.xruns == 0


def test_the_time_of_a_hop_is_published_in_milliseconds_and_as_a_share(bus: Bus, graph: Graph) -> None:
    graph.arrays.worker_bins[0, 4000] = 5  # before anyone asked
    telemetry, published = Telemetry(bus, graph), record_published(bus)
    graph.arrays.worker_bins[0, [99, 149, 199, 299]] = 9000, 980, 19, 1
    telemetry.publish_workers()
    [(name, row)] = published  # the other worker had nothing to do
    assert (name, row[0]) == ("worker.time", "separation")
    assert row[1:5] == (1.0, 1.5, 2.0, 3.0)
    mean_s = (9000 * 0.995 + 980 * 1.495 + 19 * 1.995 + 2.995) / 10_000_000
    assert row[5] == pytest.approx(mean_s * 44100 / WIRING.nodes[0].spec.hop, abs=1e-4)
    telemetry.reset_counters()
    telemetry.publish_workers()
    assert len(published) == 1


def test_the_time_of_the_callback_is_published_when_it_changes(bus: Bus, graph: Graph) -> None:
    graph.arrays.callback_bins[500] = 7  # before anyone asked
    telemetry, published = Telemetry(bus, graph), record_published(bus)
    telemetry.publish_callback(0.0)
    assert published == []  # no callback yet
    graph.arrays.callback_bins[[4, 9, 19, 29]] = 9000, 980, 19, 1
    for _ in range(2):
        telemetry.publish_callback(0.1234)
    assert published == [("callback.time", (5.0, 10.0, 20.0, 30.0, 2902.5, 0.12))]
    telemetry.reset_counters()
    telemetry.publish_callback(0.1234)
    assert len(published) == 1


def play(graph: Graph, level: float) -> None:
    """A cycle of a constant input."""
    callback = OfflineCallback(graph.context, graph.control_context, graph.insert_context)
    graph.context.work_in[:, :128] = level
    callback.run(128, int(graph.arrays.state[w.HEAD]))


def test_meters_are_published_by_name_in_tenths_of_a_db(bus: Bus, graph: Graph) -> None:
    telemetry, published = Telemetry(bus, graph), record_published(bus)
    for level in (0.5, 0.25):
        play(graph, level)
    telemetry.request_meters()
    telemetry.publish_meters()
    assert published == []  # no cycle has begun since
    play(graph, 0.0)
    telemetry.publish_meters()
    rows = {row[0]: row[1:] for name, row in published if name == "meters"}
    assert set(rows) == {"in", *STEMS, *(f"{stem}.out" for stem in STEMS), "mix"}  # no band plays here
    assert rows["in"] == (-6.0, -8.1, -6.0, -6.0, -8.1, -8.1)
    assert rows["bass"] == (-120.0,) * 6


def test_silence_is_published_once(bus: Bus) -> None:
    with Graph(wire({}, 44100, {}), 128, {}, {}) as graph:
        telemetry, published = Telemetry(bus, graph), record_published(bus)
        # in, other before its fader and behind it, and the mix sound; a reading has the cycle before it too
        for level, count in ((0.0, 10), (0.0, 0), (0.5, 4), (0.5, 4), (0.0, 4), (0.0, 4), (0.0, 0)):
            play(graph, level)
            telemetry.request_meters()
            play(graph, level)
            published.clear()
            telemetry.publish_meters()
            assert len(published) == count, level


PUBLISHING = {"publish", "_publish", "_publish_event", "_publish_rows"}
"""Methods whose first argument is the name of a reading."""


def published_names(source: str) -> set[str]:
    """The readings that a module publishes, by name or by a constant of the module."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    firsts = [
        call.args[0]
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in PUBLISHING and call.args
    ]
    names = [constants.get(first.id) if isinstance(first, ast.Name) else first for first in firsts]
    values = [name.value if isinstance(name, ast.Constant) else name for name in names]
    return {value for value in values if isinstance(value, str)}


def test_every_reading_is_published_somewhere() -> None:
    names = {CHANGE, *READING_OF.values()}
    for path in Path(bridge.__file__).parent.rglob("*.py"):
        names |= published_names(path.read_text(encoding="utf-8"))
    assert names == {reading.name for reading in (*READINGS, INSERT_READING)}

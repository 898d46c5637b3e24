"""Insert readings: the rows of insert points that are in use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.counters import WORKER_BIN_US
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.insert_readings import InsertReadings
from bridge.runtime.shared import slots as w
from bridge.runtime.supervised_insert import BLOCK_FRAMES, InsertStatus
from bridge.runtime.wiring import wire

RATE = 48000
DRUMS = INSERT_POINTS.index("drums")


class PublishedInserts:
    """Readings of statuses that the test sets."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.bus = graph, Bus(make_sidecar_registry({}, ("glue",)))
        self.statuses: tuple[InsertStatus, ...] = (InsertStatus("drums", "glue", "running", 0, 7),)
        self.readings = InsertReadings(self.bus, graph, lambda: self.statuses)

    def read(self) -> list[object]:
        self.readings.publish()
        [row] = self.bus.get_rows("insert")
        return list(row)


@pytest.fixture
def inserts() -> Iterator[PublishedInserts]:
    with Graph(wire({}, RATE, {}), 128, {}, {}) as graph:
        yield PublishedInserts(graph)


def test_a_row_has_delay_late_frames_faults_and_the_time_of_blocks(inserts: PublishedInserts) -> None:
    inserts.graph.set_insert("drums", InsertTiming(BLOCK_FRAMES, 256, 480))
    arrays = inserts.graph.insert_arrays
    arrays.words[DRUMS, [w.INSERT_LATENCY, w.INSERT_LATE, w.INSERT_FAULTS]] = 480, 64, 2
    arrays.block_bins[DRUMS, 9] = 100
    share = round(10 * WORKER_BIN_US * 1e-6 * RATE / BLOCK_FRAMES, 3)
    assert inserts.read() == ["drums", "glue", "running", 480, 736, 64, 2, 0, share]


def test_counts_begin_anew_when_they_are_reset(inserts: PublishedInserts) -> None:
    arrays = inserts.graph.insert_arrays
    arrays.words[DRUMS, [w.INSERT_LATE, w.INSERT_FAULTS]] = 64, 2
    arrays.block_bins[DRUMS, 300] = 5
    inserts.readings.reset_counters()
    arrays.words[DRUMS, w.INSERT_LATE] += 3
    assert inserts.read()[5:] == [3, 0, 0, 0.0]


def test_a_row_is_published_when_it_changes_and_withdrawn_when_the_point_is_off(inserts: PublishedInserts) -> None:
    published: list[str] = []
    inserts.bus.subscribe(lambda name, _row, _source: published.append(name))
    inserts.readings.publish()
    inserts.readings.publish()
    assert published == ["insert"]
    inserts.statuses = (InsertStatus("drums", "off", "off", 0, 0),)
    inserts.readings.publish()
    assert inserts.bus.get_rows("insert") == ()


def test_nothing_is_left_of_a_signal_path_that_ended(inserts: PublishedInserts) -> None:
    inserts.read()
    inserts.readings.withdraw()
    assert inserts.bus.get_rows("insert") == ()

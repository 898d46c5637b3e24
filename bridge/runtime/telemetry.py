"""Telemetry: publishes analysis results, counters, levels and latencies of the graph on the Bus."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict

from bridge.control.bus import Bus
from bridge.core.audio import ANALYSERS
from bridge.core.events import Beat, Chord, Key, Note, Onset, Payload, Tempo, TimedEvent
from bridge.core.latency import AUDIO_PATHS, RETURNED
from bridge.core.role import ROLES
from bridge.runtime.band_readings import BandReadings
from bridge.runtime.clock_reading import ClockReading
from bridge.runtime.counters import WORKER_BIN_US, Counters, compute_percentiles, read_counters
from bridge.runtime.graph import Graph
from bridge.runtime.meter_reader import MeterReader
from bridge.runtime.shared.rings import EventReader

READING_OF: Mapping[type[Payload], str] = {
    Beat: "mir.beat",
    Tempo: "mir.tempo",
    Chord: "mir.chord",
    Key: "mir.key",
    Onset: "mir.onset",
    Note: "mir.note",
}
"""The reading that publishes each kind of analysis event."""

ANALYSIS_RINGS = {spec.writes[p.name] for spec in ROLES.values() for p in spec.paths if p.name in spec.writes}
"""The rings of events that are published as they come."""

ANALYSER_OF = {path.name: path.analyser for spec in ROLES.values() for path in spec.paths if path.analyser}
"""The analyser that the events of a path come from, by the path's name."""

LOAD_DIGITS = 2
METER_DIGITS = 1
"""Decimals of a level in dB: a finer step makes no difference to eye or ear."""


class Telemetry:
    """Publishes on ``bus`` what changed in ``graph`` since the last call of the same method."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        self.clock, self.band = ClockReading(bus, graph), BandReadings(bus, graph)
        shared = graph.arrays
        rings = [i for i, name in enumerate(graph.plan.rings) if name in ANALYSIS_RINGS]
        self._readers = [EventReader(shared.records[i], shared.heads[i]) for i in rings]
        for reader in self._readers:
            reader.cursor = reader.written
        self.reset_counters()
        self._rows: dict[str, tuple[int, ...]] = {}
        for name, *_ in bus.get_rows("latency"):  # those of an earlier signal path, with other engines
            if str(name) not in graph.ledger:
                bus.withdraw("latency", name)
        self._meter_reader = MeterReader(graph.context)
        self._silent: set[str] = set()
        """The meters whose silence has been published."""

    @property
    def counters(self) -> Counters:
        """Counts since the last reset."""
        return read_counters(self._graph.arrays).subtract(self._base)

    def reset_counters(self) -> None:
        shared = self._graph.arrays
        self._since_ms = round(time.time() * 1000)
        self._base, self._times = read_counters(shared), shared.worker_bins.copy()
        self._callback_times = shared.callback_bins.copy()
        self._callback_row: tuple[float, ...] = ()
        self._stems_missing = shared.stems_missing.copy()
        self.band.reset_counters()

    def publish_music(self) -> None:
        """Publish beats, tempo, chords, keys, onsets and notes, and what the accompaniment decided."""
        for reader in self._readers:
            for event in reader.read():
                self._publish_analysis(event)
        self.band.publish()

    def _publish_analysis(self, event: TimedEvent) -> None:
        if reading := READING_OF.get(type(event.payload)):
            # the fields behind the frame are attributes of the event
            _, *fields = self._bus.registry.get_reading(reading).fields
            self._bus.publish(reading, event.frame, *(getattr(event.payload, field) for field in fields))

    def publish_counters(self, restarts: int) -> None:
        """Publish the counters, and every row of the ledger that changed."""
        now, ledger = self.counters, self._graph.ledger
        counts = asdict(now) | {"rate": self._graph.plan.rate, "restarts": restarts, "since_ms": self._since_ms}
        self._bus.publish("counters", *(counts[field] for field in self._bus.registry.get_reading("counters").fields))
        self.band.publish_levels()
        for path in list(ledger):
            if path.name in AUDIO_PATHS:
                ledger.set_late(path.name, now.late_frames if path.name in RETURNED else now.band_late_frames)
            if path.name in ANALYSER_OF:
                index = ANALYSERS.index(ANALYSER_OF[path.name])
                ledger.set_late(path.name, int(self._graph.arrays.stems_missing[index] - self._stems_missing[index]))
            parts = (path.model, path.upstream, path.buffering, path.reserve, path.user_offset, path.period)
            row = (path.declared, path.measured, ledger[path.name].late, *parts, path.insert)
            if self._rows.get(path.name) != row:
                self._rows[path.name] = row
                self._bus.publish("latency", path.name, *row)

    def publish_workers(self) -> None:
        """Publish the processing time per hop of each worker that has had one."""
        counted = self._graph.arrays.worker_bins - self._times
        for node, bins in zip(self._graph.wiring.nodes, counted, strict=False):
            spent = compute_percentiles(bins, WORKER_BIN_US)
            if spent.count:
                times_us = (spent.p50_us, spent.p99_us, spent.p999_us, spent.max_us)
                share = spent.mean_us * 1e-6 * self._graph.plan.rate / node.spec.hop
                self._bus.publish("worker.time", node.role, *(t / 1000 for t in times_us), round(share, 4))

    def publish_callback(self, dsp_load: float) -> None:
        """Publish the time of the callback since the counters were reset, if it changed; ``dsp_load``: 0 to 1."""
        spent = compute_percentiles(self._graph.arrays.callback_bins - self._callback_times)
        period_us = 1e6 * self._graph.ledger.period / self._graph.plan.rate
        times_us = (spent.p50_us, spent.p99_us, spent.p999_us, spent.max_us, round(period_us, 1))
        row = (*times_us, round(dsp_load, LOAD_DIGITS))
        if spent.count and row != self._callback_row:
            self._callback_row = row
            self._bus.publish("callback.time", *row)

    def request_meters(self) -> None:
        """Ask the callback for the levels since the last request; `publish_meters` has them a cycle later."""
        self._meter_reader.request()

    def publish_meters(self) -> None:
        """Publish the levels that were requested: in, stems before and after the faders, mix, band; silence once."""
        for name, level in (self._meter_reader.read() or {}).items():
            if (name == "band" and name not in self._graph.ledger) or (level.is_silent and name in self._silent):
                continue
            (self._silent.add if level.is_silent else self._silent.discard)(name)
            peaks, levels = (tuple(round(one, METER_DIGITS) for one in of) for of in (level.peaks_db, level.rms_db))
            self._bus.publish("meters", name, max(peaks), max(levels), *peaks, *levels)

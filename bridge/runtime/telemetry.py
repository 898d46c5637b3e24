"""Telemetry: publishes analysis results, counters, levels and latencies of the graph on the Bus."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from bridge.control.bus import Bus
from bridge.core.audio import ANALYSERS, CHANNELS, STEMS
from bridge.core.events import CHORD_SOURCES, LEVELS, Beat, Chord, Commit, Key, Note, Onset, Payload, Tempo, TimedEvent
from bridge.core.latency import AUDIO_PATHS, RETURNED
from bridge.core.role import FORESEEN_RING, ROLES
from bridge.runtime.clock_reading import ClockReading
from bridge.runtime.counters import WORKER_BIN_US, Counters, compute_percentiles, read_counters
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.shared.layout import SEPARATED
from bridge.runtime.shared.rings import EventReader, read_audio

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

METER_S = 0.1
SILENCE_DB = -120.0


def to_db(level: float) -> float:
    """A linear level in dB, not below SILENCE_DB."""
    return max(SILENCE_DB, 20.0 * math.log10(level)) if level > 0.0 else SILENCE_DB


class Telemetry:
    """Publishes on ``bus`` what changed in ``graph`` since the last call of the same method."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        self.clock = ClockReading(bus, graph)
        shared = graph.arrays
        rings = [i for i, name in enumerate(graph.plan.rings) if name in ANALYSIS_RINGS]
        self._readers = [EventReader(shared.records[i], shared.heads[i]) for i in rings]
        foreseen = graph.plan.rings.index(FORESEEN_RING)
        self._foreseen = EventReader(shared.records[foreseen], shared.heads[foreseen])
        for reader in (*self._readers, self._foreseen):
            reader.cursor = reader.written
        self.reset_counters()
        self._published_levels = dict.fromkeys(LEVELS, 0)
        self._rows: dict[str, tuple[int, ...]] = {}
        self._block = np.zeros((CHANNELS, round(METER_S * graph.plan.rate)), np.float32)
        self._stems = np.zeros((SEPARATED * CHANNELS, self._block.shape[1]), np.float32)

    @property
    def counters(self) -> Counters:
        """Counts since the last reset."""
        return read_counters(self._graph.arrays).subtract(self._base)

    def reset_counters(self) -> None:
        shared = self._graph.arrays
        self._since_ms = round(time.time() * 1000)
        self._base, self._times = read_counters(shared), shared.worker_bins.copy()
        self._stems_missing = shared.stems_missing.copy()
        self._levels = dict.fromkeys(LEVELS, 0)

    def publish_music(self) -> None:
        """Publish beats, tempo, chords, keys, onsets and notes, and the chords and beats that the player decided."""
        for reader in self._readers:
            for event in reader.read():
                self._publish_analysis(event)
        for event in self._foreseen.read():
            self._publish_plan(event)

    def _publish_analysis(self, event: TimedEvent) -> None:
        if reading := READING_OF.get(type(event.payload)):
            self._publish_event(reading, event)

    def _publish_plan(self, event: TimedEvent) -> None:
        planned = event.payload
        if isinstance(planned, Chord):
            self._publish_event("accompaniment.chord", event)
        elif isinstance(planned, Commit):
            level, source = LEVELS[planned.level], CHORD_SOURCES[planned.source]
            self._levels[level] += 1
            self._publish_event("accompaniment.commit", event, level=level, source=source)

    def _publish_event(self, reading: str, event: TimedEvent, **words: str) -> None:
        """Publish ``event``: the fields of ``reading`` behind the frame are its attributes, unless in ``words``."""
        _, *fields = self._bus.registry.get_reading(reading).fields
        row = (words[field] if field in words else getattr(event.payload, field) for field in fields)
        self._bus.publish(reading, event.frame, *row)

    def publish_counters(self, restarts: int) -> None:
        """Publish the counters, and every row of the ledger that changed."""
        now, ledger = self.counters, self._graph.ledger
        counts = asdict(now) | {"rate": self._graph.plan.rate, "restarts": restarts, "since_ms": self._since_ms}
        self._bus.publish("counters", *(counts[field] for field in self._bus.registry.get_reading("counters").fields))
        for level, beats in self._levels.items():
            if self._published_levels[level] != beats:
                self._published_levels[level] = beats
                self._bus.publish("accompaniment.level", level, beats)
        for path in list(ledger):
            if path.name in AUDIO_PATHS:
                ledger.set_late(path.name, now.late_frames if path.name in RETURNED else now.band_late_frames)
            if path.name in ANALYSER_OF:
                index = ANALYSERS.index(ANALYSER_OF[path.name])
                ledger.set_late(path.name, int(self._graph.arrays.stems_missing[index] - self._stems_missing[index]))
            parts = (path.model, path.upstream, path.buffering, path.reserve, path.user_offset, path.period)
            row = (path.declared, path.measured, ledger[path.name].late, *parts)
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

    def publish_meters(self) -> None:
        """Publish the levels of the last tenth of a second: the input, the stems before the faders, the band."""
        shared, frames = self._graph.arrays, self._block.shape[1]
        start = observe(shared.state, w.HEAD) - int(shared.state[w.DELAY_NOW]) - frames
        if start < 0:
            return
        read_audio(shared.inputs, start, self._block)
        read_audio(shared.stems, start, self._stems)
        rows = {"in": self._block}
        for i, stem in enumerate(STEMS[:SEPARATED]):
            rows[stem] = self._stems[i * CHANNELS : (i + 1) * CHANNELS]
        rows[STEMS[-1]] = self._block - self._stems.reshape(SEPARATED, CHANNELS, frames).sum(0)
        if "band" in self._graph.ledger:
            rows["band"] = np.zeros_like(self._block)
            end = observe(shared.state, w.HEAD) - self._graph.ledger["band"].declared
            read_audio(shared.band, end - frames, rows["band"])
        for port, audio in rows.items():
            peaks = [to_db(float(level)) for level in np.abs(audio).max(1)]
            levels = [to_db(float(level)) for level in np.sqrt(np.square(audio).mean(1))]
            self._bus.publish("meters", port, max(peaks), max(levels), *peaks, *levels)

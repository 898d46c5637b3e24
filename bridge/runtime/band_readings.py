"""Band readings: what the accompaniment plans, as it decides it: notes, chords, section and lookahead."""

from __future__ import annotations

from bridge.control.bus import Bus
from bridge.core.events import (
    CHORD_SOURCES,
    LEVELS,
    Chord,
    Commit,
    ExpectedChord,
    Lookahead,
    PlannedNote,
    Section,
    TimedEvent,
)
from bridge.core.role import FORESEEN_RING, PLANNED_RING
from bridge.runtime.expected_chords import ExpectedChords
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.shared.rings import EventReader

KEPT_ORIGINS = 16
"""Epochs of which the first frame is remembered: more than can begin between two readings of a ring."""


class EpochBreaks:
    """Says which events of a worker are void, because a new epoch has begun. ``index``: of the worker, -1: none."""

    def __init__(self, graph: Graph, index: int) -> None:
        self._words = graph.arrays.workers[index] if index >= 0 else None
        self._origins: dict[int, int] = {}
        self.update()

    def update(self) -> list[int]:
        """The frames at which the epochs begin that began since the last call; only the last one of several."""
        if self._words is None:
            return []
        epoch, origin = observe(self._words, w.EPOCH), int(self._words[w.ORIGIN])
        if epoch in self._origins or observe(self._words, w.EPOCH) != epoch:
            return []  # nothing new, or another one is beginning
        is_first = not self._origins
        self._origins[epoch] = origin
        if len(self._origins) > KEPT_ORIGINS:
            del self._origins[min(self._origins)]
        return [] if is_first else [origin]

    def is_ahead(self, epoch: int) -> bool:
        """Whether ``epoch`` began after the last `update`."""
        return self._words is not None and epoch > max(self._origins, default=0)

    def is_void(self, epoch: int, frame: int) -> bool:
        """Whether what was decided in ``epoch`` for ``frame`` is not played, because a later epoch began before it."""
        return any(frame >= origin for later, origin in self._origins.items() if later > epoch)


class BandReadings:
    """Publishes the readings ``accompaniment.*`` of ``graph`` on ``bus``."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        shared, rings = graph.arrays, graph.plan.rings
        self._planned, self._foreseen = (
            EventReader(shared.records[i], shared.heads[i]) for i in map(rings.index, (PLANNED_RING, FORESEEN_RING))
        )
        for reader in (self._planned, self._foreseen):
            reader.cursor = reader.written
        self._midi = shared.heads[rings.index("accompaniment")]
        self._breaks = EpochBreaks(graph, graph.plan.player)
        self._chords = ExpectedChords(bus, graph.plan.rate)
        parts = graph.wiring.nodes[graph.plan.player].spec.parts if graph.plan.player >= 0 else ()
        self._parts = {part.channel: part.name for part in parts}
        self._section = Section(0, "")
        self._levels_published = dict.fromkeys(LEVELS, 0)
        self._last_beat, self._begins = 0, True
        self._lookahead: tuple[float, ...] = ()
        self.reset_counters()
        self._publish_start()

    def _publish_start(self) -> None:
        """Publish the parts; what an earlier signal path has published is void, as its frames are."""
        for row in self._bus.get_rows("accompaniment.part"):
            if row[0] not in self._parts.values():
                self._bus.withdraw("accompaniment.part", row[0])
        for channel, name in self._parts.items():
            self._bus.publish("accompaniment.part", name, channel + 1)
        if self._bus.get_latest("accompaniment.note") is not None:
            self._bus.publish("accompaniment.withdrawn", 0)

    def reset_counters(self) -> None:
        """Count levels, late beats and the least lookahead from now on."""
        self._levels = dict.fromkeys(LEVELS, 0)
        self._least_beats: float | None = None
        self._late = 0

    def publish(self) -> None:
        """Publish what was decided since the last call."""
        self._publish_breaks()
        for reader in (self._planned, self._foreseen):
            for epoch, event in reader.read_with_epochs():
                if self._breaks.is_ahead(epoch):
                    self._publish_breaks()
                if not self._breaks.is_void(epoch, event.frame + self._delay):
                    self._publish_event(event)
        self._chords.publish(observe(self._graph.arrays.state, w.HEAD))

    def publish_levels(self) -> None:
        """Publish how many beats were decided at each level, where that changed."""
        for level, beats in self._levels.items():
            if self._levels_published[level] != beats:
                self._levels_published[level] = beats
                self._bus.publish("accompaniment.level", level, beats)

    @property
    def _delay(self) -> int:
        """Frames by which the MIDI port is delayed: the user's offset."""
        return int(self._midi[w.RING_DELAY])

    def _publish_breaks(self) -> None:
        for frame in self._breaks.update():
            self._chords.clear()
            self._begins = True
            self._bus.publish("accompaniment.withdrawn", frame)

    def _publish_event(self, event: TimedEvent) -> None:
        frame, payload = event.frame + self._delay, event.payload
        if isinstance(payload, PlannedNote):
            self._publish_note(frame, payload)
        elif isinstance(payload, Chord):
            self._chords.push_chord(payload)
            self._bus.publish("accompaniment.chord", event.frame, payload.label, payload.confidence)
        elif isinstance(payload, Commit):
            self._publish_commit(event.frame, payload)
            self._chords.push_commit(frame, payload)
        elif isinstance(payload, ExpectedChord):
            self._chords.push_expected(payload)
        elif isinstance(payload, Section):
            self._publish_section(payload)
        elif isinstance(payload, Lookahead):
            self._chords.end_plan()
            self._publish_lookahead(payload)

    def _publish_note(self, frame: int, note: PlannedNote) -> None:
        part = self._parts.get(note.channel, f"channel {note.channel + 1}")
        length = max(round(note.length_s * self._graph.plan.rate), 1)
        beat = round(note.beat, 3)
        self._bus.publish("accompaniment.note", frame, length, part, note.pitch, note.velocity, beat)

    def _publish_commit(self, frame: int, commit: Commit) -> None:
        level, source = LEVELS[commit.level], CHORD_SOURCES[commit.source]
        self._levels[level] += 1
        self._bus.publish("accompaniment.commit", frame, commit.beat, level, source, commit.lookahead_beats)
        self._begins = self._begins or commit.beat != self._last_beat + 1
        self._last_beat = commit.beat

    def _publish_section(self, section: Section) -> None:
        if section.name != self._section.name or (section.name and section.bar != self._section.bar):
            self._section = section
            self._bus.publish("accompaniment.section", section.name, section.bar)

    def _publish_lookahead(self, lookahead: Lookahead) -> None:
        self._late += lookahead.late
        if not self._begins:  # the first beats are decided all at once, as late as they come
            least = self._least_beats
            self._least_beats = lookahead.kept_beats if least is None else min(least, lookahead.kept_beats)
        self._begins = False
        shown = lookahead.kept_beats if self._least_beats is None else self._least_beats
        row = (round(lookahead.asked_beats, 2), round(lookahead.kept_beats, 2), round(shown, 2), self._late)
        if row != self._lookahead:
            self._lookahead = row
            self._bus.publish("accompaniment.lookahead", *row)

"""The reading of the clock: position, tempo and leader, from MIDI clock, JACK's transport and detected beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.clock import FOLLOW, HOST, TEMPO_MODE
from bridge.core.events import Beat, Midi, TimedEvent
from bridge.runtime.callback.input import read_inputs
from bridge.runtime.clock_line import ClockStatus
from bridge.runtime.clock_reading import MOVING_S, STANDING_S, ClockReading, find_bar
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import PulseFit
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.rings import EventWriter
from bridge.runtime.wiring import wire
from tests.runtime.offline_graph import load_events

RATE = 44100
PERIOD = 256
WIRING = wire({"mir": "mir.standard"}, RATE, RESERVE_FRAMES)
BEAT = RATE // 2  # frames, at 120 BPM
START, STOP, CLOCK = b"\xfa", b"\xfc", b"\xf8"


class Rig:
    """A graph whose callback is driven by hand, with the reading behind it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.bus = Bus(make_sidecar_registry({node.name: node.spec.controls for node in WIRING.nodes}))
        self.reading = ClockReading(self.bus, graph)
        self.rows: list[dict[str, Any]] = []
        fields = self.bus.registry.get_reading("clock").fields
        self.bus.subscribe(
            lambda name, row, _: self.rows.append(dict(zip(fields, row, strict=True))) if name == "clock" else None
        )
        beats = graph.plan.rings.index("mir.beats")
        self._beats = EventWriter(graph.arrays.records[beats], graph.arrays.heads[beats])
        self.now = 0

    def run(self, frames: int, midi: Sequence[tuple[int, bytes]] = (), beats: Sequence[TimedEvent] = ()) -> None:
        """Serve callbacks for ``frames`` and publish after each; ``midi`` and ``beats`` arrive at their frames."""
        end = self.now + frames
        while self.now < end:
            due = [TimedEvent(at, Midi(data)) for at, data in midi if self.now <= at < self.now + PERIOD]
            load_events(self.graph, due, self.now)
            self.graph.context.work_in[:] = 0.0
            transport = self.graph.context.transport
            read_inputs(self.graph.context, self.graph.control_context, PERIOD, self.now)
            if transport[w.T_ROLLING]:
                transport[w.T_FRAME] += PERIOD
                transport[w.T_BEAT] += PERIOD / BEAT
            for event in beats:
                if self.now <= event.frame < self.now + PERIOD:
                    self._beats.write(event, 1)
            self.now += PERIOD
            self.reading.publish(self.now / RATE, 1000 + round(1000 * self.now / RATE))

    def roll(self, rolling: bool, beat: float = 0.0, valid: bool = True) -> None:
        transport = self.graph.context.transport
        transport[[w.T_VALID, w.T_ROLLING, w.T_TEMPO, w.T_BAR]] = valid, rolling, 120.0, 4
        transport[w.T_BEAT] = beat

    @property
    def last(self) -> dict[str, Any]:
        return self.rows[-1]


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Graph(WIRING, PERIOD, RESERVE_FRAMES, {}) as graph:
        yield Rig(graph)


def test_while_another_clock_is_selected_the_hosts_transport_does_not_make_it_roll(rig: Rig) -> None:
    """A start of our own transport is asked for where it stands, whatever JACK's does."""
    rig.roll(True, valid=False)
    rig.run(RATE)
    assert rig.last["rolling"] == 1
    rig.graph.clock_status = ClockStatus("internal", is_line=True)
    rig.run(2 * RATE)
    assert (rig.last["rolling"], rig.last["source"]) == (0, "internal")


def make_ticks(first: int, beats: float, late: Sequence[int] = (0,)) -> list[tuple[int, bytes]]:
    return [(first + round(i * BEAT / 24) + late[i % len(late)], CLOCK) for i in range(int(24 * beats))]


def make_beats(count: int, first: int = 0, late: Sequence[int] = (0,), number: int = 0) -> list[TimedEvent]:
    return [
        TimedEvent(first + i * BEAT + late[i % len(late)], Beat((number + i) % 4, 4, 120.0, 0.9, i))
        for i in range(count)
    ]


def test_nothing_plays_and_nobody_leads(rig: Rig) -> None:
    rig.run(3 * RATE)
    assert {key: rig.last[key] for key in ("rolling", "bar", "beat", "leader", "lock")} == {
        "rolling": 0, "bar": 0, "beat": 0.0, "leader": "none", "lock": "free",
    }  # fmt: skip
    assert len(rig.rows) in (3, 4)  # once a second


def test_midi_clock_leads_with_its_position_and_is_locked_after_a_beat(rig: Rig) -> None:
    ticks = make_ticks(PERIOD, 9.5)
    rig.run(PERIOD + BEAT // 2, [(10, START), *ticks])
    assert (rig.last["leader"], rig.last["lock"], rig.last["rolling"]) == ("host", "searching", 1)
    rig.run(8 * BEAT, ticks)
    last = rig.last
    assert (last["leader"], last["lock"], last["bar_beats"]) == ("host", "locked", 4)
    assert last["tempo_bpm"] == pytest.approx(120.0, abs=0.1)
    song = (last["frame"] - PERIOD) / BEAT
    assert last["bar"] == song // 4 + 1
    assert last["beat"] == pytest.approx(song % 4 + 1, abs=0.01)
    assert last["time_ms"] == 1000 + round(1000 * last["frame"] / RATE)


@pytest.mark.parametrize("late_frames", [0, 44, 132])
def test_the_jitter_of_a_midi_clock_is_measured(rig: Rig, late_frames: int) -> None:
    """Every other tick is late, so each is half of that from the line between them."""
    ticks = make_ticks(PERIOD, 9, (0, late_frames))
    rig.run(PERIOD + 8 * BEAT, [(10, START), *ticks])
    assert rig.last["jitter_ms"] == pytest.approx(500 * late_frames / RATE, rel=0.1, abs=0.02)
    assert rig.last["lock"] == "locked"


def test_a_change_is_published_at_once_and_the_rest_five_times_a_second(rig: Rig) -> None:
    rig.run(RATE)
    rig.rows.clear()
    rig.run(2 * PERIOD, [(rig.now, START)])
    assert [row["rolling"] for row in rig.rows] == [1]
    rig.run(2 * RATE, make_ticks(rig.now, 3.9))
    assert sum(row["rolling"] for row in rig.rows) in range(8, 18)
    rig.rows.clear()
    stop = rig.now
    rig.run(PERIOD, [(stop, STOP)])
    assert [(row["rolling"], row["leader"], row["lock"]) for row in rig.rows] == [(0, "host", "free")]
    rig.run(RATE)
    assert len(rig.rows) <= 3
    assert MOVING_S < STANDING_S


def test_jack_s_transport_leads_where_it_has_bars_and_beats(rig: Rig) -> None:
    rig.roll(True, beat=9.0)
    rig.run(2 * BEAT)
    last = rig.last
    assert (last["leader"], last["lock"], last["jitter_ms"], last["tempo_bpm"]) == ("host", "locked", 0.0, 120.0)
    assert (last["bar"], last["beat"]) == (3, pytest.approx(2 + last["frame"] / BEAT, abs=0.01))
    rig.roll(False, beat=11.0)
    rig.run(2 * PERIOD)
    assert (rig.last["rolling"], rig.last["leader"], rig.last["bar"], rig.last["beat"]) == (0, "host", 3, 4.0)


def test_a_transport_without_a_tempo_rolls_and_nobody_leads(rig: Rig) -> None:
    rig.roll(True, valid=False)
    rig.run(PERIOD)
    assert (rig.last["rolling"], rig.last["leader"], rig.last["bar"]) == (1, "none", 0)


def test_detected_beats_lead_without_a_host(rig: Rig) -> None:
    rig.run(BEAT * 7 + BEAT // 4, beats=make_beats(8))
    last = rig.last
    assert (last["rolling"], last["leader"], last["lock"], last["tempo_bpm"]) == (0, "detected", "locked", 120.0)
    assert last["bar"] == 2
    assert last["beat"] == pytest.approx(last["frame"] / BEAT - 3, abs=0.01)
    rig.run(5 * BEAT)
    assert (rig.last["leader"], rig.last["lock"], rig.last["bar"]) == ("none", "free", 0)


def test_uneven_beats_are_searched_and_their_jitter_is_shown(rig: Rig) -> None:
    late = (0, 4000, -4000, 4000)
    rig.run(BEAT * 9, beats=make_beats(9, PERIOD + 4000, late))
    assert (rig.last["leader"], rig.last["lock"]) == ("detected", "searching")
    assert 40 < rig.last["jitter_ms"] < 120


def test_while_the_audio_leads_the_host_counts_for_nothing_until_it_reports_its_position(rig: Rig) -> None:
    ticks = make_ticks(PERIOD, 14)
    rig.graph.set_value(TEMPO_MODE, FOLLOW)
    rig.run(4 * BEAT, [(10, START), *ticks], make_beats(5))
    assert (rig.last["leader"], rig.last["rolling"]) == ("detected", 0)
    rig.roll(True, beat=100.0)
    rig.run(BEAT, beats=make_beats(5))
    assert (rig.last["leader"], rig.last["rolling"], rig.last["bar"]) == ("detected", 1, 2)
    rig.roll(False)
    rig.run(PERIOD)
    rig.graph.set_value(TEMPO_MODE, HOST)
    rig.run(4 * BEAT, [(rig.now, START), *ticks])
    assert (rig.last["leader"], rig.last["rolling"], rig.last["bar"]) == ("host", 1, 1)


def test_the_number_of_changes_is_that_of_the_bus(rig: Rig) -> None:
    rig.bus.set("stems.vocals.mute", 1, "test")
    rig.run(PERIOD)
    assert rig.last["changes"] == rig.bus.changes == 1


def test_a_bar_is_counted_from_index_and_number() -> None:
    assert [find_bar(Beat((2 + i) % 4, 4, 120.0, 1.0, i)) for i in range(8)] == [0, 0, 1, 1, 1, 1, 2, 2]
    assert [find_bar(Beat(i % 3, 3, 120.0, 1.0, i)) for i in range(5)] == [1, 1, 1, 2, 2]


def test_missing_pulses_do_not_count_as_jitter() -> None:
    fit = PulseFit(8)
    for index in (0, 1, 2, 5, 6, 9):
        fit.push(1000 * index, index)
    assert fit.compute_jitter() == pytest.approx(0.0)
    fit.push(50, 0)  # begins anew
    assert len(fit) == 1
    assert np.isfinite(fit.compute_jitter())

"""A graph whose callback and clock service are driven by hand, and the clock of an engine behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import numpy as np

from bridge.clocks.clock_service import ClockService
from bridge.clocks.clock_source import ClockSource
from bridge.clocks.host_source import HostSource
from bridge.clocks.internal_transport import InternalTransport
from bridge.clocks.link_source import LinkSource
from bridge.clocks.midi_clock_source import MidiClockSource
from bridge.clocks.time_code_source import TimeCodeSource
from bridge.clocks.transport_actions import DawTransport
from bridge.control.bus import Bus
from bridge.control.sidecar import RESERVE_FRAMES, make_sidecar_registry
from bridge.core.clock import HostClock
from bridge.core.events import Midi, TimedEvent
from bridge.core.role import HOST_RING
from bridge.core.time import BlockTime
from bridge.errors import DriverError
from bridge.runtime.callback.input import read_inputs
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.rings import EventReader
from bridge.runtime.wiring import wire
from tests.clocks.virtual_link import VirtualNetwork
from tests.runtime.offline_graph import load_events

RATE, PERIOD = 48000, 256
START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"
WIRING = wire({}, RATE, RESERVE_FRAMES)
LOOK_FRAMES = 960
"""Frames between two looks of the service: 20 ms, as it has."""


class HostPlayer:
    """The transport of an audio system, which a test rolls."""

    def __init__(self) -> None:
        self.is_connected, self.rolls, self.has_transport = True, False, True
        self.asked: list[bool] = []
        """What was asked for: True to roll."""

    def start_transport(self) -> None:
        self._set(True)

    def stop_transport(self) -> None:
        self._set(False)

    def _set(self, rolls: bool) -> None:
        if not self.has_transport:
            raise DriverError("there is no transport")
        self.rolls = rolls
        self.asked.append(rolls)


class ClockRig:
    """Cycles of ``period`` frames; the service looks every LOOK_FRAMES, late by ``late_frames`` of them in turn."""

    def __init__(self, bus: Bus, service: ClockService, host: HostPlayer, period: int = PERIOD) -> None:
        self.bus, self.service, self.host, self.period = bus, service, host, period
        self.now = 0
        self.host_beat, self.host_tempo, self.has_bars = 0.0, 120.0, True
        self.link_network = VirtualNetwork(lambda: 1e6 * self.now_s)
        self.late_frames: Sequence[int] = (0,)
        self._looks = count()
        self._look = 0
        self._elapsed_frames = 0

    def attach(self, graph: Graph) -> None:
        """Run on ``graph``, whose frames begin at 0, as after a restart of the server."""
        self.graph, self.now, self._look = graph, 0, 0
        index = graph.plan.rings.index(HOST_RING)
        self.reader = EventReader(graph.arrays.records[index], graph.arrays.heads[index])
        self.engine = HostClock(RATE)
        self.service.attach(graph)

    def find_frame(self) -> int:
        """The frame now, as a driver has it."""
        return self.now

    def run(self, frames: int, midi: Sequence[tuple[int, bytes]] = ()) -> BlockTime:
        """Serve cycles for ``frames``; ``midi`` arrives at its frames. What an engine sees at the end."""
        end = self.now + frames
        while self.now < end:
            due = [TimedEvent(at, Midi(data)) for at, data in midi if self.now <= at < self.now + self.period]
            self.run_cycle(due)
        return self.engine.time_at(self.now)

    def run_cycle(self, events: Sequence[TimedEvent] = ()) -> None:
        """One cycle with these messages, and the look of the service that is due."""
        context, host = self.graph.context, self.host
        load_events(self.graph, list(events), self.now)
        words = context.transport
        words[[w.T_VALID, w.T_ROLLING, w.T_TEMPO, w.T_BAR]] = self.has_bars, host.rolls, self.host_tempo, 4
        words[w.T_BEAT] = self.host_beat
        words[w.T_FRAME] = round(self.host_beat * 60 * RATE / self.host_tempo)
        context.work_in[:, : self.period] = 0.0
        read_inputs(context, self.graph.control_context, self.period, self.now)
        if host.rolls:
            self.host_beat += self.period * self.host_tempo / (60 * RATE)
        self.now += self.period
        self._elapsed_frames += self.period
        for event in self.reader.read():
            self.engine.push(event)
        if self.now >= self._look:
            self.service.update(self._elapsed_frames / RATE)
            self._look = self.now + LOOK_FRAMES + self.late_frames[next(self._looks) % len(self.late_frames)]

    @property
    def now_s(self) -> float:
        """Seconds since the start, over restarts."""
        return self._elapsed_frames / RATE


@contextmanager
def open_rig(
    *more: ClockSource, period: int = PERIOD, daw: DawTransport | None = None, has_link: bool = False
) -> Iterator[ClockRig]:
    """A rig with the sources of a sidecar, and ``more`` of them; a ``daw`` starts and stops with it.

    ``has_link``: Link too, on the rig's `ClockRig.link_network`.
    """
    bus, host = Bus(make_sidecar_registry({})), HostPlayer()
    sources: list[ClockSource] = [HostSource(), MidiClockSource(), TimeCodeSource(bus), InternalTransport(bus)]
    sources += more
    if has_link:
        sources.append(LinkSource(bus, lambda: rig, lambda tempo: rig.link_network.open_session(tempo)))
    service = ClockService(bus, sources, lambda: host, daw)
    rig = ClockRig(bus, service, host, period)
    with Graph(WIRING, period, RESERVE_FRAMES, {}) as graph:
        rig.attach(graph)
        yield rig


def make_ticks(
    first: float, beats: float, bpm: float = 120.0, late: Sequence[float] = (0.0,)
) -> list[tuple[int, bytes]]:
    """MIDI clock from frame ``first`` on; each tick up to ``late`` frames late, in turn."""
    step = 60 * RATE / bpm / 24
    return [(round(first + n * step + late[n % len(late)]), CLOCK) for n in range(int(24 * beats))]


def make_jitter(most_s: float, seed: int = 1, ticks: int = 4096) -> list[float]:
    """Lateness in frames, even between 0 and ``most_s`` seconds."""
    return list(np.random.default_rng(seed).uniform(0, most_s * RATE, ticks))

"""Path measurement: the delay of each path on a JACK server, between a sent impulse or note and its return."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from bridge.control.bus import Bus
from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.events import Midi, TimedEvent
from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS, PATHS, UNMEASURED
from bridge.core.midi import NOTE_ON, make_note_off, make_note_on
from bridge.drivers.fake_daw import FakeDaw
from bridge.routing.wanted_links import MEASURE_CLIENT
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe

LEVEL = 0.5
PROBE_S = 0.1  # position of impulse and note in the recording
NOTE = 60
SWITCH_S = 2.0  # within which a callback must come and see the ping switches


@dataclass(frozen=True, slots=True)
class MeasuredDelays:
    """Frames between sending and return. ``ping``: each path in ping mode, a pure delay.

    ``engines``: the impulse through the engines: in the mix, and in the sum of the stems.
    """

    ping: dict[str, int]
    engines: dict[str, int]


def measure_impulse_delay(returned: Audio, sent_at: int) -> int:
    """Frames from ``sent_at`` to the impulse in ``returned``, (channels, frames); UNMEASURED without one."""
    level = np.abs(returned).sum(0)
    peak = int(level.argmax())
    return peak - sent_at if level[peak] >= 0.5 * LEVEL * CHANNELS else UNMEASURED


def measure_note_delay(returned: list[TimedEvent], sent_at: int) -> int:
    """Frames from ``sent_at`` to the first note-on; UNMEASURED without one."""
    for event in returned:
        if isinstance(event.payload, Midi) and event.payload.data[:2] == bytes((NOTE_ON, NOTE)):
            return event.frame - sent_at
    return UNMEASURED


class PathMeasurement:
    """Measures the paths of ``graph``, which runs as the client ``client`` on a JACK server, empty: the default one.

    ``freewheel`` is exact however busy the machine is, but stops real time for everyone on that server.
    """

    def __init__(self, bus: Bus, graph: Graph, client: str, server: str, freewheel: bool) -> None:
        self._bus, self._graph = bus, graph
        self._client, self._server, self._freewheel = client, server, freewheel

    def measure_engines(self) -> dict[str, int]:
        """The delay of an impulse through the engines: in the mix, and in the sum of the stems; in frames.

        Inserts are bypassed meanwhile, which keeps their delay: what a chain makes of an impulse says nothing of it.
        """
        bus = self._bus
        before = {name: bus.get(name) for name in (f"inserts.{point}.bypass" for point in INSERT_POINTS)}
        bus.set_all(dict.fromkeys(before, 1), "measure")
        try:
            self._wait_for_bypass()
            daw, sent_at = self._send_and_record()
        finally:
            bus.set_all(before, "measure")
        total = np.sum([daw.read_audio(stem) for stem in STEMS], axis=0)
        return {
            "mix": measure_impulse_delay(daw.read_audio("mix"), sent_at),
            "sum of stems": measure_impulse_delay(total, sent_at),
        }

    def measure_paths(self) -> dict[str, int]:
        """The delay in frames of each path in ping mode, by name; stored in the ledger. It takes two seconds or so."""
        bus, ledger = self._bus, self._graph.ledger
        before = {path: bus.get(f"latency.{path}.ping") for path in PATHS}
        bus.set_all({f"latency.{path}.ping": 1 for path in PATHS}, "measure")
        try:
            self._wait_for_callback()
            daw, sent_at = self._send_and_record()
        finally:
            bus.set_all({f"latency.{path}.ping": value for path, value in before.items()}, "measure")
        ping = {path: measure_impulse_delay(daw.read_audio(path), sent_at) for path in AUDIO_PATHS if path in ledger}
        ping |= {port: measure_note_delay(daw.read_midi(port), sent_at) for port in MIDI_PORTS if port in ledger}
        for path, frames in ping.items():
            ledger.set_measured(path, frames)
        return ping

    def _send_and_record(self) -> tuple[FakeDaw, int]:
        """Send an impulse and a note and record what returns; the frame at which they were sent."""
        rate = self._graph.plan.rate
        sent_at = round(PROBE_S * rate)
        frames = sent_at + max((path.declared for path in self._graph.ledger), default=0) + rate // 2
        audio = np.zeros((CHANNELS, sent_at + 1), np.float32)
        audio[:, sent_at] = LEVEL
        note = [
            TimedEvent(sent_at, make_note_on(0, NOTE, 100)),
            TimedEvent(sent_at + rate // 10, make_note_off(0, NOTE)),
        ]
        daw = FakeDaw(self._client, self._server or None, frames, name=MEASURE_CLIENT)
        daw.load(audio, note)
        with daw:
            if self._freewheel:
                daw.run_freewheeling(60.0)
            else:
                daw.start(margin_frames=rate // 4)
                daw.wait(10.0 + frames / rate)
        return daw, sent_at

    def _wait_for_bypass(self) -> None:
        """Let the supervisor of the inserts see the bypass switches, and the callback fade."""
        words, deadline = self._graph.insert_arrays.words, time.monotonic() + SWITCH_S
        while any(observe(point, w.INSERT_ROUTED) for point in words) and time.monotonic() < deadline:
            time.sleep(0.002)
        self._wait_for_callback()

    def _wait_for_callback(self) -> None:
        """Let the callback see the ping switches."""
        state, deadline = self._graph.arrays.state, time.monotonic() + SWITCH_S
        cycles = observe(state, w.CYCLES) + 2
        while observe(state, w.CYCLES) < cycles and time.monotonic() < deadline:
            time.sleep(0.002)

"""Latency measurement: the delay between a sent impulse or note and its return, to the frame."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

import msgspec
import numpy as np

from bridge.app import Sidecar
from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.events import Midi, TimedEvent
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS, PATHS, UNMEASURED, Ledger
from bridge.core.midi import NOTE_ON, make_note_off, make_note_on
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.routing.wanted_links import MEASURE_CLIENT
from bridge.settings import NO_DEVICES, NO_JOBS, OscSettings, Settings

LEVEL = 0.5
PROBE_S = 0.1  # position of impulse and note in the recording
NOTE = 60


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


def _run(sidecar: Sidecar, freewheel: bool) -> tuple[FakeDaw, int]:
    settings, graph = sidecar.settings, sidecar.signal_path.graph
    rate = graph.plan.rate
    sent_at = round(PROBE_S * rate)
    frames = sent_at + max((path.declared for path in graph.ledger), default=0) + rate // 2
    audio = np.zeros((CHANNELS, sent_at + 1), np.float32)
    audio[:, sent_at] = LEVEL
    note = [
        TimedEvent(sent_at, make_note_on(0, NOTE, 100)),
        TimedEvent(sent_at + rate // 10, make_note_off(0, NOTE)),
    ]
    daw = FakeDaw(settings.jack.client, settings.jack.server or None, frames, name=MEASURE_CLIENT)
    daw.load(audio, note)
    with daw:
        if freewheel:
            daw.run_freewheeling(60.0)
        else:
            daw.start(margin_frames=rate // 4)
            daw.wait(10.0 + frames / rate)
    return daw, sent_at


def measure(sidecar: Sidecar, freewheel: bool) -> MeasuredDelays:
    """Measure every path of a running sidecar and store the result in the ledger.

    ``freewheel`` is exact however busy the machine is, but stops real time for everyone on that server.
    """
    bus, ledger = sidecar.bus, sidecar.signal_path.graph.ledger
    daw, sent_at = _run(sidecar, freewheel)
    total = np.sum([daw.read_audio(stem) for stem in STEMS], axis=0)
    engines = {
        "mix": measure_impulse_delay(daw.read_audio("mix"), sent_at),
        "sum of stems": measure_impulse_delay(total, sent_at),
    }
    before = {path: bus.get(f"latency.{path}.ping") for path in PATHS}
    for path in PATHS:
        bus.set(f"latency.{path}.ping", 1, "measure")
    try:
        _wait_for_callback(sidecar)
        daw, sent_at = _run(sidecar, freewheel)
    finally:
        for path, value in before.items():
            bus.set(f"latency.{path}.ping", value, "measure")
    ping = {path: measure_impulse_delay(daw.read_audio(path), sent_at) for path in AUDIO_PATHS if path in ledger}
    ping |= {port: measure_note_delay(daw.read_midi(port), sent_at) for port in MIDI_PORTS if port in ledger}
    for path, frames in ping.items():
        ledger.set_measured(path, frames)
    return MeasuredDelays(ping, engines)


def _wait_for_callback(sidecar: Sidecar) -> None:
    """Let the callback see the ping switches."""
    telemetry, deadline = sidecar.signal_path.telemetry, time.monotonic() + 2.0
    cycles = telemetry.counters.cycles + 2
    while telemetry.counters.cycles < cycles and time.monotonic() < deadline:
        time.sleep(0.002)


def find_disagreements(sidecar: Sidecar, measured: MeasuredDelays) -> list[str]:
    """A line for each path whose measured delay is not the declared one."""
    ledger = sidecar.signal_path.graph.ledger
    lines = [
        f"{path.name}: declared {path.declared} frames, ping measured {measured.ping.get(path.name, UNMEASURED)}"
        for path in ledger
        if path.ports and measured.ping.get(path.name, UNMEASURED) != path.declared
    ]
    for name, frames in measured.engines.items() if "mix" in ledger else ():  # else no stems are separated
        if frames != ledger["mix"].declared:
            lines.append(f"{name} through the engines: declared {ledger['mix'].declared} frames, measured {frames}")
    return lines


def measure_new_sidecar(settings: Settings, server: str, rate: int, period: int) -> tuple[Ledger, list[str]]:
    """Start a sidecar, measure it, and return its ledger and the paths that disagree.

    Without a ``server`` on a dummy server of its own that freewheels, else on that server in real time.
    """
    with ExitStack() as opened:
        name = server or opened.enter_context(DummyServer(rate, period)).name
        jack = msgspec.structs.replace(settings.jack, server=name, client="sideman-measured")
        settings = msgspec.structs.replace(
            settings, jack=jack, osc=OscSettings(port=0), controllers=NO_DEVICES, jobs=NO_JOBS
        )
        sidecar = opened.enter_context(Sidecar(settings))
        found = measure(sidecar, freewheel=not server)
        return sidecar.signal_path.graph.ledger, find_disagreements(sidecar, found)

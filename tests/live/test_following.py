"""MIDI clock output: the sidecar follows clicks and sends its clock, which returns to its own input."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, Audio
from bridge.core.clock import HostClock
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import START, STOP
from bridge.drivers.dummy_server import DummyServer
from bridge.runtime.shared import slots as w
from bridge.settings import EngineSettings
from tests.live.rig import ask_server, get_driver, make_fake_daw, sidecar_on
from tests.waiting import HANG_S

pytestmark = pytest.mark.live

RATE, BPM, SECONDS = 48000, 122.0, 14
BEAT = 60 * RATE / BPM


def clicks() -> tuple[Audio, list[int]]:
    """Bursts of noise on the beats, shape (2, frames), and the frames at which they start."""
    rng, sent = np.random.default_rng(5), np.zeros((CHANNELS, RATE * SECONDS), np.float32)
    frames = [round(3000 + i * BEAT) for i in range(int(SECONDS * BPM / 60) - 1)]
    for frame in frames:
        sent[:, frame : frame + 800] += (rng.normal(0, 0.3, 800) * np.exp(-np.arange(800) / 150)).astype(np.float32)
    return sent, frames


def times(events: list[TimedEvent], status: int) -> list[int]:
    return [e.frame for e in events if isinstance(e.payload, Midi) and e.payload.data[0] == status]


def test_our_own_clock_come_back_leads_nobody_and_a_receiver_finds_the_beat(module_server: DummyServer) -> None:
    sent, frames = clicks()
    engines = EngineSettings(separation="", mir="mir.chroma")
    with sidecar_on(module_server, engines, client="follower") as sidecar:
        graph, client = sidecar.signal_path.graph, get_driver(sidecar).client
        sidecar.bus.set("mir.tempo.mode", "follow", "test")
        out = next(port for port in client.midi_outports if port.shortname == "clock")
        ask_server(get_driver(sidecar), lambda: client.connect(out, client.midi_inports[0]))
        with make_fake_daw(sidecar, sent, sent.shape[1]) as daw:
            daw.run_freewheeling(HANG_S)
            said = daw.read_midi("clock")
        assert (graph.context.callback_state[w.CLOCK_RUNNING], graph.context.callback_state[w.TICKS]) == (0, 0)
    starts = times(said, START)
    assert len(starts) == 1  # whoever had locked to it would have started afresh, and again
    assert all(frame < starts[0] for frame in times(said, STOP))
    receiver = HostClock(RATE)
    for event in said:
        receiver.push(event)
    at = receiver.time_at(frames[-1])
    assert at.rolling
    assert at.tempo == pytest.approx(BPM, rel=0.01)
    assert abs(at.beat - round(at.beat)) * BEAT < 0.02 * RATE

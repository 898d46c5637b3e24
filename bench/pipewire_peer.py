"""Peer of `bench.pipewire`: sends a tone and MIDI clock through a sidecar, and says at what pitch the tone comes back.

A process of its own, since libjack is chosen when a process starts. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from bridge.core.audio import CHANNELS
from bridge.core.events import Midi, TimedEvent
from bridge.drivers.clients import ask_server
from bridge.drivers.fake_daw import FakeDaw

TONE_HZ, TEMPO_BPM = 440.0, 120.0
SECONDS = 4.0
RUN_PEER = "import sys; from bench.pipewire_peer import run_peer; run_peer(sys.argv[1])"
"""Code of the peer's process: it is a part of `bench.pipewire`, and no command."""


def make_clock(rate: int) -> list[TimedEvent]:
    """MIDI start, and the clock of `TEMPO_BPM` from a frame later on."""
    ticks = int(SECONDS * TEMPO_BPM * 24 / 60)
    clock = [TimedEvent(1 + round(i * 60 * rate / (TEMPO_BPM * 24)), Midi(b"\xf8")) for i in range(ticks)]
    return [TimedEvent(0, Midi(b"\xfa")), *clock, TimedEvent(round(SECONDS * rate), Midi(b"\xfc"))]


def measure_hz(samples: np.ndarray, rate: int) -> float:
    """The frequency of the loudest partial of ``samples``, interpolated in a Hann spectrum; 0: silence."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    peak = int(spectrum[1:-1].argmax()) + 1
    if spectrum[peak] < 1.0:
        return 0.0
    below, at, above = np.log(np.maximum(spectrum[peak - 1 : peak + 2], 1e-12))
    offset = 0.5 * (below - above) / (below - 2 * at + above)
    return float((peak + offset) * rate / samples.size)


def run_peer(sidecar: str) -> None:
    """Send, record, and print ``rate``, ``period`` and ``hz``."""
    facts = ask_server(None)
    frames = round(SECONDS * facts.rate)
    tone = 0.3 * np.sin(2 * np.pi * TONE_HZ * np.arange(frames) / facts.rate)
    daw = FakeDaw(sidecar, None, frames, name="pipewire-peer")
    daw.load(np.tile(tone, (CHANNELS, 1)).astype(np.float32), make_clock(facts.rate))
    with daw:
        daw.start(margin_frames=facts.rate // 4)
        daw.wait(30.0 + SECONDS)
        mix = daw.read_audio("mix")[0, frames // 2 :]
    answer = {"rate": facts.rate, "period": facts.period, "hz": measure_hz(mix, facts.rate)}
    sys.stdout.write(json.dumps(answer) + "\n")

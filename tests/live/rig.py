"""Test rig: a sidecar on a jackd of its own, test signals for it, and checks of its output."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from bridge.app import Sidecar
from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import is_note_on
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.drivers.jack_driver import JackDriver
from bridge.routing.patchbay import LinkEvent
from bridge.routing.port_graph import LinkMaker
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.settings import NO_DEVICES, EngineSettings, JackSettings, OscSettings, Settings
from tests.engines.driving import parse_chord
from tests.ports import free_port
from tests.waiting import until

SUM_ERROR = 1e-6
"""Largest difference between the sum of the stems and the mix, as documented."""

NO_ENGINES = EngineSettings(separation="", mir="", accompaniment="")
ONLY_SEPARATION = EngineSettings(mir="", accompaniment="")
ALL_ENGINES = EngineSettings()


def settings_for(server: DummyServer, engines: EngineSettings = ALL_ENGINES, client: str = "sideman") -> Settings:
    """Settings for a sidecar on ``server``, its OSC on a free port, without the MIDI devices of the machine."""
    return Settings(
        jack=JackSettings(server=server.name, client=client),
        osc=OscSettings(port=free_port()),
        engines=engines,
        controllers=NO_DEVICES,
    )


@contextmanager
def sidecar_on(
    server: DummyServer, engines: EngineSettings = ALL_ENGINES, client: str = "sideman"
) -> Iterator[Sidecar]:
    """A running sidecar on ``server``."""
    with Sidecar(settings_for(server, engines, client)) as sidecar:
        yield sidecar


def make_fake_daw(sidecar: Sidecar, sent: Audio, frames: int, midi: list[TimedEvent] | None = None) -> FakeDaw:
    """A fake DAW for ``sidecar``, loaded, not yet entered, that records ``frames`` frames.

    Its name contains the sidecar's: another sidecar on the server would restore the links of its own fake DAW.
    """
    client = sidecar.settings.jack.client
    daw = FakeDaw(client, sidecar.settings.jack.server, frames, name=f"{client}-daw")
    daw.load(sent, midi or [])
    return daw


def music(rate: int, seconds: float) -> Audio:
    """Something for every stem: a low tone, a high one to the side, bursts of noise. Shape (2, frames)."""
    time_s = np.arange(int(rate * seconds)) / rate
    rng = np.random.default_rng(7)
    bursts = rng.normal(0, 0.2, time_s.size) * np.exp(-(time_s % 0.25) * 40)
    low, voice, side = (np.sin(2 * np.pi * hz * time_s) for hz in (60.0, 660.0, 1500.0))
    left = 0.2 * low + 0.2 * voice + 0.15 * side + bursts
    right = 0.2 * low + 0.2 * voice - 0.15 * side + bursts
    return np.stack([left, right]).astype(np.float32)


def chord_changes(rate: int, seconds: float, labels: Sequence[str], seconds_each: float) -> Audio:
    """Chords of a few harmonics over their root, in turn, shape (2, frames)."""
    frame = np.arange(int(rate * seconds))
    turn = (frame / (rate * seconds_each)).astype(np.int64) % len(labels)
    wave = np.zeros(frame.size)
    for i, label in enumerate(labels):
        chord = parse_chord(label)
        pitches = (36 + chord.root, 48 + chord.root, *(60 + pitch for pitch in chord.pitch_classes[1:]))
        hz = [440.0 * 2.0 ** ((pitch - 69) / 12) * k for pitch in pitches for k in range(1, 7)]
        weight = [1.0 / k for _ in pitches for k in range(1, 7)]
        tone = sum(g * np.sin(2 * np.pi * f * frame / rate) for f, g in zip(hz, weight, strict=True))
        wave += np.where(turn == i, tone, 0.0)
    return np.tile(0.05 * wave, (CHANNELS, 1)).astype(np.float32)


def midi_clock(rate: int, tempo: float, seconds: float, start: int = 0) -> list[TimedEvent]:
    """MIDI start at frame ``start`` and the clock from a frame later on, as a DAW sends them."""
    ticks = range(int(seconds * tempo * 24 / 60))
    return [TimedEvent(start, Midi(b"\xfa"))] + [
        TimedEvent(start + 1 + round(i * 60 * rate / (tempo * 24)), Midi(b"\xf8")) for i in ticks
    ]


def recorded(daw: FakeDaw) -> int:
    """JackRecorder frames that are on the reels."""
    return min(max(0, daw.recorder.position), daw.frames)


def sum_error(daw: FakeDaw) -> float:
    """The largest difference between the stems' sum and the mix over all that was recorded so far."""
    end = recorded(daw)
    total = np.sum([daw.read_audio(stem)[:, :end].astype(np.float64) for stem in STEMS], axis=0)
    return float(np.abs(total - daw.read_audio("mix")[:, :end]).max(initial=0.0))


def delay_error(daw: FakeDaw, sent: Audio, delay: int) -> float:
    """The largest difference between the returned mix and ``sent`` delayed, silence before and after."""
    expected = np.zeros((CHANNELS, daw.frames), np.float32)
    count = min(sent.shape[1], daw.frames - delay)
    expected[:, delay : delay + count] = sent[:, :count]
    return float(np.abs(expected - daw.read_audio("mix")).max())


def level(audio: Audio) -> float:
    """RMS over all channels and frames."""
    return float(np.sqrt(np.square(audio, dtype=np.float64).mean()))


def head(sidecar: Sidecar) -> int:
    """Frames that the sidecar's callback has taken in."""
    return observe(sidecar.signal_path.graph.arrays.state, w.HEAD)


def stream_frame_of_tape(sidecar: Sidecar, daw: FakeDaw) -> int:
    """The sidecar's stream frame at which the started tapes begin."""
    return find_stream_offset(sidecar) + daw.recorder.started_at


def find_stream_offset(sidecar: Sidecar) -> int:
    """By how much a stream frame of the sidecar is larger than JACK's frame time."""
    state, own = sidecar.signal_path.graph.arrays.state, sidecar.signal_path.graph.context.callback_state
    found: Counter[int] = Counter()
    while not found or found.most_common(1)[0][1] < 10:
        # what is read while a callback runs does not belong together; most of the time none does
        found[observe(state, w.HEAD) - int(state[w.PERIOD]) - int(own[w.RAW])] += 1
        time.sleep(0.001)
    return found.most_common(1)[0][0]


def cycles(sidecar: Sidecar) -> int:
    """Callbacks served."""
    return observe(sidecar.signal_path.graph.arrays.state, w.CYCLES)


def some_cycles(sidecar: Sidecar, count: int = 3) -> None:
    """Let the callback come round: it then acts on all that was asked before."""
    wanted = cycles(sidecar) + count
    until(f"{count} callbacks", lambda: cycles(sidecar) >= wanted)


def is_on(event: TimedEvent) -> bool:
    """Whether this is a note-on."""
    return isinstance(event.payload, Midi) and is_note_on(event.payload.data)


def note_ons(events: list[TimedEvent]) -> list[tuple[int, int, int]]:
    """(frame, channel, note) of each note-on."""
    return [
        (e.frame, e.payload.data[0] & 0x0F, e.payload.data[1])
        for e in events
        if isinstance(e.payload, Midi) and is_on(e)
    ]


def hanging(events: list[TimedEvent]) -> set[tuple[int, int]]:
    """(channel, note) of what was switched on and not off by the end of ``events``."""
    sounding: set[tuple[int, int]] = set()
    for event in events:
        if not isinstance(event.payload, Midi):
            continue
        data = event.payload.data
        key = (data[0] & 0x0F, data[1] if len(data) > 1 else 0)
        if is_on(event):
            sounding.add(key)
        elif data[0] & 0xF0 in (0x80, 0x90):
            sounding.discard(key)
    return sounding


def get_driver(sidecar: Sidecar) -> JackDriver:
    """The driver of a sidecar on JACK."""
    driver = sidecar.signal_path.driver
    assert isinstance(driver, JackDriver)
    return driver


def ask_server(driver: JackDriver, request: Callable[[], object]) -> None:
    """Call ``request``, which asks the server for a change over the driver's client, in the driver's thread.

    libjack sends requests of two threads of one client mixed up, and jackd then drops the client (1.9.21).
    """

    def task(_links: LinkMaker, _now: float) -> list[LinkEvent]:
        request()
        return []

    driver.run_task(task)

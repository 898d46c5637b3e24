"""The band's sound on its ports: that of its notes, at their frames; silent where they end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from bridge.app import Sidecar
from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import Midi, TimedEvent
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.drivers.libjack import CAPTURE, port_latency
from bridge.measure import find_disagreements, measure
from bridge.runtime.shared import slots as w
from bridge.settings import EngineSettings
from engines.synth.stems import render
from engines.synth.synth_engine import plain
from tests.live.conftest import private_server
from tests.live.rig import (
    chord_changes,
    get_driver,
    hanging,
    level,
    make_fake_daw,
    midi_clock,
    note_ons,
    recorded,
    sidecar_on,
)
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE, TEMPO = 48000, 123.45
BEAT = 60 * RATE / TEMPO
START = RATE // 2
SECONDS = 5.0
LENGTH = START + int(SECONDS * RATE)
BAND = EngineSettings(separation="", mir="mir.chroma", accompaniment="accompaniment.basic", synth="synth.plain")
STOP = b"\xfc"


@pytest.fixture(scope="module")
def sidecar(module_server: DummyServer) -> Iterator[Sidecar]:
    with sidecar_on(module_server, BAND) as running:
        yield running


def song(rate: int = RATE, start: int = START) -> Audio:
    """Two chords in turn from ``start`` on."""
    sung = chord_changes(rate, SECONDS, ("C", "Am"), 2 * BEAT / RATE)
    return np.concatenate([np.zeros((CHANNELS, start), np.float32), sung], axis=1)


def play(sidecar: Sidecar, midi: list[TimedEvent]) -> FakeDaw:
    with make_fake_daw(sidecar, song(), LENGTH, midi) as daw:
        daw.run_freewheeling(HANG_S)
    return daw


@pytest.mark.parametrize(("rate", "period"), [(44100, 64), (48000, 1024)])
def test_the_band_sounds_as_its_midi_does_to_the_frame(rate: int, period: int) -> None:
    start = rate // 2
    with private_server(rate, period) as server, sidecar_on(server, BAND) as sidecar:
        clock = midi_clock(rate, TEMPO, SECONDS, start)
        with make_fake_daw(sidecar, song(rate, start), start + int(SECONDS * rate), clock) as daw:
            daw.run_freewheeling(HANG_S)
        assert (
            sidecar.signal_path.graph.ledger["band"].declared
            == sidecar.signal_path.graph.ledger["accompaniment"].declared
            == 0
        )
        assert find_disagreements(sidecar.signal_path.graph, measure(sidecar, freewheel=True)) == []
    notes = daw.read_midi("accompaniment")
    assert len(note_ons(notes)) > 10
    audio, wanted = daw.read_audio("band"), render(notes, daw.frames, rate, plain)
    assert level(wanted) > 0.003
    assert np.abs(audio - wanted).max() < 1e-4


def test_without_a_note_there_is_silence(sidecar: Sidecar) -> None:
    with make_fake_daw(sidecar, np.zeros((CHANNELS, RATE), np.float32), RATE) as daw:
        daw.run_freewheeling(HANG_S)
    assert not daw.read_audio("band").any()


def test_a_stop_of_the_host_is_audible(sidecar: Sidecar) -> None:
    whole = play(sidecar, midi_clock(RATE, TEMPO, SECONDS, START))
    last = next(frame for frame, _, _ in note_ons(whole.read_midi("accompaniment")) if frame > START + 7 * BEAT)
    at = last + 1000  # within a note
    ticks = [event for event in midi_clock(RATE, TEMPO, SECONDS, START) if event.frame < at]
    daw = play(sidecar, [*ticks, TimedEvent(at, Midi(STOP))])
    before = [event for event in daw.read_midi("accompaniment") if event.frame < at - 128]  # a period
    assert hanging(before), "nothing sounded, so nothing was shown"
    assert level(daw.read_audio("band")[:, at - 900 : at]) > 0.003
    assert not daw.read_audio("band")[:, at + w.FADE_FRAMES :].any()


def test_panic_is_audible_and_so_are_later_notes(sidecar: Sidecar) -> None:
    ahead = sidecar.signal_path.graph.plan.workers[-1].ahead_frames
    with make_fake_daw(sidecar, np.tile(song(), 3), 3 * LENGTH, midi_clock(RATE, TEMPO, 15.0, 0)) as daw:
        daw.start(margin_frames=RATE // 4)
        until("sound", lambda: bool(daw.read_audio("band").any()))
        until("a note that is held", lambda: bool(hanging(daw.read_midi("accompaniment"))))
        asked = recorded(daw)
        sidecar.bus.trigger("transport.panic")
        until("two seconds more", lambda: recorded(daw) > asked + 2 * RATE)
        audio = np.abs(daw.read_audio("band")[:, asked : recorded(daw)]).max(axis=0)
    silent = np.diff(np.flatnonzero(np.concatenate([[1.0], audio, [1.0]]))).max() - 1
    assert silent >= ahead - w.FADE_FRAMES
    assert level(audio[-RATE // 2 :]) > 0.003


def test_the_fader_of_the_synth_is_audible(sidecar: Sidecar) -> None:
    sidecar.bus.set("synth.gain_db", -20.0, "test")
    try:
        daw = play(sidecar, midi_clock(RATE, TEMPO, SECONDS, START))
    finally:
        sidecar.bus.set("synth.gain_db", 0.0, "test")
    # measured by its own notes, once those of the play before have died away
    full = render(daw.read_midi("accompaniment"), daw.frames, RATE, plain)[:, START + RATE :]
    assert level(full) > 0.003
    assert np.abs(daw.read_audio("band")[:, START + RATE :] - 0.1 * full).max() < 1e-4


def has_declared(port: object, delay: int) -> bool:
    return port_latency(port, CAPTURE) == (delay, delay)


def test_the_ports_of_the_band_tell_jack_their_delay(sidecar: Sidecar) -> None:
    ports = [port for port in get_driver(sidecar).client.outports if port.shortname.startswith("band_")]
    assert [port.shortname for port in ports] == ["band_1", "band_2"]
    for offset in (0, 333, 0):
        sidecar.bus.set("latency.synth.user_offset_frames", offset, "test")
        for port in ports:
            until("the port's latency", partial(has_declared, port, offset))

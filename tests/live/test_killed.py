"""A sidecar that was killed leaves notes sounding in the DAW; the next of its name switches them off there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from bridge.core.events import Midi
from bridge.core.latency import MIDI_PORTS
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from tests.live.rig import chord_changes, midi_clock
from tests.live.test_leaving import end_of, read_to, sideman_run, sounding
from tests.waiting import until

pytestmark = pytest.mark.live

RATE = 48000
LENGTH_S = 400


def offs(recorder: JackRecorder, port: str) -> set[tuple[int, int]]:
    """(channel, note) of each note-off that came back of ``port``."""
    found = [event.payload.data for event in recorder.read_midi(port) if isinstance(event.payload, Midi)]
    return {(data[0] & 0x0F, data[1]) for data in found if data[0] & 0xF0 == 0x80}


def test_the_next_one_releases_what_sounded(module_server: DummyServer, tmp_path: Path) -> None:
    with sideman_run(module_server, tmp_path) as child:
        read_to(child, "Ctrl-C ends it")
        sent = np.tile(chord_changes(RATE, 2.0, ("C", "Am"), 1.0), 10)
        daw = FakeDaw("sideman", module_server.name, sent.shape[1])
        daw.load(sent, midi_clock(RATE, 123.45, 19.0))
        with daw:
            daw.start(margin_frames=RATE // 4)
            until("sounding notes", lambda: {"chords", "accompaniment"} <= set(sounding(daw)))
            os.kill(child.pid, signal.SIGKILL)
            end_of(child)
            hanging = sounding(daw)
    assert hanging
    with sideman_run(module_server, tmp_path) as child:
        read_to(child, "Ctrl-C ends it")
        with JackRecorder("daw", module_server.name, LENGTH_S * RATE, Ports(midi_record=MIDI_PORTS)) as back:
            start_together(back)
            back.connect({port: f"sideman:{port}" for port in hanging})
            for port, notes in hanging.items():
                until(f"the note-offs at {port}", lambda: notes <= offs(back, port))  # noqa: B023
        child.send_signal(signal.SIGTERM)
        assert end_of(child) == 0

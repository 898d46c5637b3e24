"""PortAudio on PipeWire, which changes its rate without a word to it: the sidecar notices, and runs at the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.drivers.pipewire_server import PipeWireServer
from tests.live.portaudio_rig import SETTINGS, open_sidecar, skip_without_portaudio
from tests.live_pipewire.conftest import PERIOD, RATE
from tests.waiting import until

pytestmark = pytest.mark.live

OTHER_RATE = 48000


def test_a_rate_that_was_changed_behind_its_back_is_followed(pipewire: PipeWireServer, tmp_path: Path) -> None:
    skip_without_portaudio()
    pipewire.set_rate(RATE)
    pipewire.set_period(PERIOD)
    settings = SETTINGS.replace('"separation.dsp"', '""')
    with open_sidecar(pipewire, tmp_path, settings=settings) as sidecar:
        until("the first rate", lambda: sidecar.says("audio.device", state="running", rate=str(RATE)))
        pipewire.set_rate(OTHER_RATE)
        until("the new rate", lambda: sidecar.says("audio.device", state="running", rate=str(OTHER_RATE)))
        assert f"the audio device runs at {OTHER_RATE} Hz, and not at {RATE}" in sidecar.output
        until("the graph", lambda: sidecar.says("counters", rate=str(OTHER_RATE)))
        assert sidecar.says("sideman", state="running", rate=str(OTHER_RATE))

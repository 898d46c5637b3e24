"""A client that is not ours turns a running sidecar's faders over OSC."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, STEMS
from bridge.osc.client import OscClient
from tests.live.conftest import private_server
from tests.live.rig import NO_ENGINES, cycles, level, make_fake_daw, recorded, sidecar_on
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE = 48000


def oscsend(port: int, *words: str) -> None:
    command = ["oscsend", "localhost", str(port), *words]
    subprocess.run(command, check=True, capture_output=True, timeout=HANG_S)


def test_oscsend_changes_the_output_and_a_ping_is_answered_meanwhile() -> None:
    if shutil.which("oscsend") is None:
        pytest.skip("oscsend is not installed")
    with private_server(RATE, 128) as server, sidecar_on(server, NO_ENGINES) as sidecar:
        port, gains = sidecar.settings.osc.port, sidecar.signal_path.graph.control_context.gains
        sent = np.full((CHANNELS, 30 * RATE), 0.25, np.float32)
        with make_fake_daw(sidecar, sent, sent.shape[1]) as daw:
            daw.start(margin_frames=RATE // 4)
            until("music", lambda: recorded(daw) > 4096)
            oscsend(port, "/stems/vocals/mute", "i", "1")
            until("the vocals' mute", lambda: gains[STEMS.index("vocals")] == 0.0)
            assert sidecar.bus.get("stems.vocals.mute") == 1.0
            oscsend(port, "/stems/other/mute", "T")
            until("the last stem's mute", lambda: sidecar.bus.get("stems.other.mute") == 1.0)
            asked = recorded(daw)
            with OscClient(port=port) as client:
                for _ in range(20):
                    served = cycles(sidecar)
                    client.request("/ping", timeout_s=HANG_S)
                until("callbacks meanwhile", lambda: cycles(sidecar) > served)
            until("more frames", lambda: recorded(daw) > asked + 8192)
            audio = daw.read_audio("mix")[:, : recorded(daw)]
        assert level(audio[:, : asked - RATE // 50]) > 0.1
        assert not audio[:, asked + 4096 :].any()

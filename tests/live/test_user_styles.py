"""A style of the user's: chosen over OSC by name, and played by a worker that finds other files than the sidecar."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from bridge.app import Sidecar
from bridge.osc.client import OscClient
from bridge.settings import EngineSettings
from tests.live.conftest import private_server
from tests.live.rig import chord_changes, make_fake_daw, midi_clock, note_ons, sidecar_on
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE, TEMPO, SECONDS = 48000, 120.0, 6.0
ONLY_BAND = EngineSettings(separation="", mir="mir.chroma", accompaniment="accompaniment.band", synth="")
STYLE, DRUMS_CHANNEL = "accompaniment.band.style", 9
COWBELL = 56
FILE = """
schema = 1
name = "mine"
[drums]
opening = ""
[[drums.patterns]]
level = 0.5
hits.{drum} = "9...9...9...9..."
"""


def play(sidecar: Sidecar) -> set[int]:
    """The drums that the band plays to a song."""
    sung = chord_changes(RATE, SECONDS, ("C", "Am"), 1.0)
    with make_fake_daw(sidecar, sung, sung.shape[1], midi_clock(RATE, TEMPO, SECONDS)) as daw:
        daw.run_freewheeling(HANG_S)
    return {note for _, channel, note in note_ons(daw.read_midi("accompaniment")) if channel == DRUMS_CHANNEL}


def test_a_users_style_is_chosen_by_name_and_kept_by_a_worker_that_finds_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "styles"
    folder.mkdir()
    (folder / "zouk.toml").write_text(FILE.format(drum="cowbell"))
    (folder / "broken.toml").write_text("schema = 1\n")
    with private_server(RATE, 256) as server, sidecar_on(server, ONLY_BAND) as sidecar:
        workers, restarts = sidecar.signal_path.workers, sidecar.signal_path.workers.restarts
        until("all workers", lambda: set(workers.states.values()) == {"running"})
        with OscClient(port=sidecar.settings.osc.port) as client:
            client.send("/accompaniment/band/style", "zouk")
            until("the style", lambda: sidecar.bus.get(STYLE) == 8)
        assert play(sidecar) == {COWBELL}

        (folder / "bossa.toml").write_text(FILE.format(drum="tambourine"))  # before zouk
        os.kill(workers.pids["accompaniment"], signal.SIGKILL)
        until("the restart", lambda: workers.restarts > restarts)
        until("the new worker", lambda: workers.states["accompaniment"] == "running")
        assert play(sidecar) == {COWBELL}

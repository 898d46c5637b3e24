"""``sideman run --tui``: the app beside its sidecar on one terminal; closing it does not end the sidecar."""

from __future__ import annotations

import re
import subprocess
import sys
import termios
from pathlib import Path

from bridge.osc.client import OscClient
from tests.offline_sidecar import NO_ENGINES, write_song
from tests.tui.terminal_rig import SHOWN_AT_REST, TerminalProcess


def test_the_app_is_closed_and_the_sidecar_goes_on_until_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "sideman.toml").write_text(f"schema = 1\n{NO_ENGINES}")
    song = write_song(tmp_path / "song.flac")
    command = [sys.executable, "-P", "-m", "bridge", "run", "--tui", "--offline", str(song), "--loop", "--port", "0"]
    terminal = TerminalProcess(command, {"SIDEMAN_CONFIG_HOME": str(tmp_path)})
    listens = terminal.read_until(rb"OSC on 127\.0\.0\.1:(\d+)")
    terminal.read_until("● offline".encode())  # attached
    assert 1049 in terminal.modes
    shown = terminal.shown
    terminal.press(b"q")
    terminal.read_until(rb"Sideman goes on")
    with OscClient(port=int(listens.group(1))) as client:
        client.request("/ping")
    terminal.press(b"\x03")
    assert terminal.end() == 0
    after = termios.tcgetattr(terminal.descriptor)
    terminal.close()
    assert after == terminal.before
    screen = shown[shown.index(b"\x1b[?1049h") :]
    assert not re.search(rb"INFO|WARNING", screen)  # the log goes to a file while the app has the terminal
    assert (tmp_path / "state" / "run.log").exists()


def test_a_song_that_ends_closes_the_app(tmp_path: Path) -> None:
    (tmp_path / "sideman.toml").write_text(f"schema = 1\n{NO_ENGINES}")
    song = write_song(tmp_path / "song.flac", 3.0)
    command = [sys.executable, "-P", "-m", "bridge", "run", "--tui", "--offline", str(song), "--port", "0"]
    terminal = TerminalProcess(command, {"SIDEMAN_CONFIG_HOME": str(tmp_path)})
    assert terminal.end() == 0
    assert terminal.modes == SHOWN_AT_REST
    terminal.close()


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "bridge", "run", "--tui"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "needs a terminal" in done.stderr

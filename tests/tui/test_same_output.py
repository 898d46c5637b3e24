"""Output of the graph: the same bytes with the app attached, on every screen, and without it."""

from __future__ import annotations

import sys
from pathlib import Path

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.core.latency import AUDIO_PATHS
from tests.conftest import StartOfflineSidecar
from tests.offline_sidecar import open_offline_sidecar, write_song
from tests.ports import free_port
from tests.tui.terminal_rig import TerminalProcess

SONG_S = 30.0
"""So long that the song, as fast as the workers are, lasts longer than the keys."""
SCREENS = {
    "s": "Stems",
    "o": "Song",
    "b": "Band",
    "c": "Control",
    "h": "Health",
    "j": "Jobs",
    "l": "Log",
    "r": "Routing",
    "p": "Presets",
}
"""Letter and title of each screen."""
OVERLAYS = {b"?": "Load the selected preset", b"\x10": "Find"}
"""Help and palette, and what each shows; Escape leaves them."""


def test_the_bytes_are_the_same_with_the_app_attached_and_without_it(
    offline_sidecar: StartOfflineSidecar, tmp_path: Path
) -> None:
    song = write_song(tmp_path / "song.flac", SONG_S)
    with offline_sidecar(song, "virtual", ("--out", str(tmp_path / "alone"), "--tempo", "120")) as sidecar:
        assert sidecar.wait() == 0, sidecar.output

    port = free_port()
    command = [sys.executable, "-m", "tui", "--attach", f"127.0.0.1:{port}", "--screen", "routing"]
    app = TerminalProcess(command, {CONFIG_HOME_VARIABLE: str(tmp_path / "config")})
    app.read_until(rb"attaching|LOST")
    options = ("--out", str(tmp_path / "watched"), "--tempo", "120")
    with open_offline_sidecar(tmp_path, song, "virtual", options, port=port) as sidecar:
        app.read_until("● offline".encode())
        for letter, title in SCREENS.items():
            app.press(f"g{letter}".encode())
            app.read_until(title.encode())
        for key, words in OVERLAYS.items():
            app.press(key)
            app.read_until(words.encode())
            app.press(b"\x1b")
            app.read_until(b"karaoke")
        assert sidecar.process.poll() is None, "the song was over too soon"
        assert sidecar.wait() == 0, sidecar.output
        app.read_until(rb"LOST|ended")
        app.press(b"q")
        assert app.end() == 0
    app.close()
    for path in AUDIO_PATHS:
        alone, watched = ((tmp_path / name / f"{path}.wav").read_bytes() for name in ("alone", "watched"))
        assert alone == watched, path
        assert any(alone[1000:]), path

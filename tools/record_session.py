"""Session recorder: a real sidecar plays the demo song without JACK, and the session is recorded for tests.

python -m tools.record_session tests/tui/data/session.rec
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from demo.demo_song import TEMPO, render_own_song
from tests.offline_sidecar import RATE, open_offline_sidecar
from tui.core.options import Options
from tui.screens import SCREENS
from tui.wire.attachment import attach, open_link
from tui.wire.remote import LinkRemote

SECONDS = 24.0
WAIT_S = 16.0
"""Music before the recording begins: then key and chords are known, and the band plays."""
RECORDED_S = 12.0
SLOW_HZ = 4.0
"""Rate of everything in the recording: it stays small, and screens look the same."""
PATTERNS = (
    "/mir", "/accompaniment", "/meters", "/log", "/preset", "/controllers", "/learn", "/jobs", "/routing", "/latency",
    "/worker", "/callback", "/counters", "/health",
)  # fmt: skip
"""Patterns that any screen may need."""
STEPS: tuple[tuple[float, str, float | bool | str], ...] = (
    (1.0, "stems.vocals.mute", True),
    (2.0, "stems.bass.gain_db", -1.5),
    (2.2, "stems.other.gain_db", -3.0),
    (4.0, "accompaniment.band.style", "jazz"),
    (6.0, "accompaniment.band.intensity", 0.62),
)
"""Changes during the recording: seconds, control, value."""


def write_song(path: Path) -> Path:
    """The demo song as a file."""
    song = render_own_song(RATE, SECONDS + WAIT_S)
    soundfile.write(path, np.asarray(song.audio).T, RATE, "PCM_16")
    return path


def record(path: Path) -> None:
    """Record the session into ``path``, which must not be there yet."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = ("--hold", "--tempo", f"{TEMPO:g}")
        with open_offline_sidecar(folder, write_song(folder / "Late Train.flac"), "real", arguments) as sidecar:
            time.sleep(WAIT_S)
            options = Options(attach=f"127.0.0.1:{sidecar.port}", record=str(path))
            with open_link(options, {"SIDEMAN_CONFIG_HOME": name}) as (link, channels):
                screens = [make() for make in SCREENS]
                histories = [history for one in screens for history in one.histories]
                link.show([(pattern, SLOW_HZ) for pattern in PATTERNS], histories)
                remote = LinkRemote(link, time.monotonic, lambda _text, _role: None, channels.send)
                attach(link, channels)
                start_s = time.monotonic()
                for at_s, control, value in STEPS:
                    channels.run(start_s + at_s, lambda: False)
                    remote.set(control, value)
                channels.run(start_s + RECORDED_S, lambda: False)
                link.leave()
                channels.send()


def main() -> int:
    """Parse the command line and record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path)
    path: Path = parser.parse_args().path
    path.parent.mkdir(parents=True, exist_ok=True)
    record(path)
    sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

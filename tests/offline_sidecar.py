"""Sidecars without JACK: real processes that play a song, for tests of whatever talks to a sidecar."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import DriverError
from bridge.osc.client import OscClient
from tests.waiting import HANG_S, until

NO_ENGINES = '[engines]\nseparation = ""\nmir = ""\naccompaniment = ""\nsynth = ""\n'
"""Settings of a sidecar that starts in a second: the mix comes out in ``other``."""

RATE = 44100
BEAT_S = 0.5  # 120 BPM
_LISTENS = re.compile(r"OSC on [^\s]+:(\d+); Ctrl-C ends it")


def write_song(path: Path, seconds: float = 4.0) -> Path:
    """Write a song of drums, bass and a chord, 120 BPM, stereo at RATE; the same one each time."""
    frames = round(seconds * RATE)
    time_s = np.arange(frames) / RATE
    noise = np.random.default_rng(1).standard_normal(2000) * np.exp(-np.arange(2000) / 400)
    mono = 0.2 * np.sin(2 * np.pi * 55 * time_s)
    for pitch in (220.0, 277.2, 329.6):
        mono += 0.1 * np.sin(2 * np.pi * pitch * time_s)
    for beat in range(int(seconds / BEAT_S)):
        start = round(beat * BEAT_S * RATE)
        mono[start : start + 2000] += 0.3 * noise[: frames - start]
    soundfile.write(path, np.stack([mono, 0.8 * mono], axis=1) * 0.7, RATE, "PCM_24")
    return path


class OfflineSidecar:
    """A running ``sideman run --offline``."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, port: int) -> None:
        self.process, self._log, self.port = process, log, port

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def open_client(self) -> OscClient:
        """An OSC client of it, for a with statement."""
        return OscClient("127.0.0.1", self.port)

    def wait(self) -> int:
        """Wait until it ends by itself; returns its exit status."""
        return self.process.wait(HANG_S)

    def stop(self) -> int:
        """End it as Ctrl-C does, if it still runs; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.wait()


def start_process(
    folder: Path, song: Path, arguments: Sequence[str], settings: str = ""
) -> tuple[subprocess.Popen[bytes], Path]:
    """Start ``sideman run --offline`` in ``folder`` with settings of its own; returns it and the file of its output."""
    home = folder / "config"
    home.mkdir(exist_ok=True)
    (home / "sideman.toml").write_text(f"schema = 1\n{settings}", encoding="utf-8")
    log = folder / f"sidecar-{len(list(folder.glob('sidecar-*.log')))}.log"
    env = os.environ | {CONFIG_HOME_VARIABLE: str(home), "COLUMNS": "80", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-P", "-m", "bridge", "run", "--offline", str(song), *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=folder
        )
    return process, log


@contextmanager
def open_offline_sidecar(
    folder: Path,
    song: Path | None = None,
    clock: str = "real",
    arguments: Sequence[str] = (),
    settings: str = "",
    port: int = 0,
) -> Iterator[OfflineSidecar]:
    """Start a sidecar on a free port, or on ``port``, which answers by then; it is ended behind the context.

    ``song``: None for one of 4 s that repeats. ``arguments``: more options of ``sideman run``. ``settings``: TOML, such
    as NO_ENGINES. It may end by itself, or be killed, meanwhile; else the test fails where it ends with an error.
    """
    if song is None:
        song, arguments = write_song(folder / "song.flac"), ("--loop", *arguments)
    process, log = start_process(folder, song, ("--clock", clock, "--port", str(port), *arguments), settings)
    sidecar = OfflineSidecar(process, log, 0)
    try:
        until("the start", lambda: _LISTENS.search(sidecar.output) is not None or process.poll() is not None)
        found = _LISTENS.search(sidecar.output)
        if found is None:
            pytest.fail(f"the sidecar ended with {process.returncode}:\n{sidecar.output}")
        sidecar.port = int(found[1])
        if process.poll() is None:
            until("an answer", lambda: _answers(sidecar) or process.poll() is not None)
        yield sidecar
        if process.poll() is None and sidecar.stop() != 0:
            pytest.fail(f"the sidecar ended with {process.returncode}:\n{sidecar.output}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _answers(sidecar: OfflineSidecar) -> bool:
    try:
        with sidecar.open_client() as client:
            client.request("/ping")
    except DriverError:
        return False
    return True

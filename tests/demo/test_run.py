"""The demo as a whole, on a jackd of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from bridge.core.audio import STEMS
from bridge.core.latency import PATHS
from tests.conftest import StartServer
from tests.processes import alive, children
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
DEMO = [sys.executable, "-m", "bridge.cli", "demo"]


def test_the_demo_measures_what_it_declares_and_writes_what_it_detected(
    jack_server: StartServer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        [*DEMO, "--seconds", "5", "--out", str(out), "--json"],
        capture_output=True, text=True, timeout=HANG_S, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((out / "report.json").read_text())
    assert report["ok"]
    assert {path["name"] for path in report["paths"]} == set(PATHS)
    assert all(path["measured"] == path["declared"] for path in report["paths"])
    stems = [soundfile.read(out / f"{stem}.wav", dtype="float32")[0] for stem in STEMS]
    mix, rate = soundfile.read(out / "mix.wav", dtype="float32")
    assert rate == report["rate"]
    assert np.abs(np.sum(stems, axis=0) - mix).max() < 1e-6  # 24 bits a stem
    band, _ = soundfile.read(out / "band.wav", dtype="float32")
    assert band.shape == mix.shape
    assert np.abs(band).max() > 0.01
    tracks = {track.name for track in mido.MidiFile(out / "session.mid").tracks}
    assert {"accompaniment", "chords", "beats"} <= tracks
    assert set(report["files"]) == {entry.name for entry in out.iterdir()}


def test_sigterm_ends_the_demo_with_nothing_left(jack_server: StartServer, tmp_path: Path) -> None:
    server = jack_server()
    demo = subprocess.Popen(
        [*DEMO, "--server", server.name, "--out", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | server.env,
    )  # fmt: skip
    until("three workers", lambda: len(children(demo.pid)) >= 3)
    workers = children(demo.pid)
    demo.send_signal(signal.SIGTERM)
    _, said = demo.communicate(timeout=HANG_S)
    assert demo.returncode == 130
    assert "Traceback" not in said
    until("the end of the workers", lambda: not any(alive(pid) for pid in workers))

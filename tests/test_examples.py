"""The programs in examples/ run as their docstrings say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.control.bus import Bus
from bridge.installed_controls import make_registry
from bridge.osc.server import OscServer
from bridge.settings import Settings
from examples.minimal_engine import MidSide
from tests.conftest import StartServer
from tests.contracts.checks import CHECKS
from tests.contracts.running import Factory
from tests.live.rig import NO_ENGINES, sidecar_on
from tests.ports import free_port
from tests.waiting import HANG_S

ROOT = Path(__file__).parent.parent


def run_example(name: str, *arguments: str, home: Path) -> str:
    """The standard output of ``examples/name``, with an empty settings folder ``home``."""
    env = os.environ | {"SIDEMAN_CONFIG_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_minimal_engine_prints_its_outputs_and_their_latency(tmp_path: Path) -> None:
    assert run_example("minimal_engine.py", home=tmp_path).splitlines() == [
        "mid: peak 0.375, latency 0 frames",
        "side: peak 0.125, latency 0 frames",
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_minimal_engine_keeps_the_contract(check: Callable[[Factory], None]) -> None:
    check(MidSide)


def test_the_stems_of_a_separated_file_sum_to_it(tmp_path: Path) -> None:
    song, out = tmp_path / "song.wav", tmp_path / "stems"
    mix = np.random.default_rng(1).normal(0, 0.1, (44100, 2)).astype(np.float32)
    soundfile.write(song, mix, 44100, subtype="FLOAT")
    run_example("separate_file.py", str(song), str(out), "dsp", home=tmp_path)
    stems = [soundfile.read(out / f"{stem}.wav", dtype="float32")[0] for stem in ("drums", "bass", "vocals", "other")]
    assert np.abs(np.sum(stems, axis=0) - mix).max() < 1e-6


def test_every_part_of_the_band_plays_notes(tmp_path: Path) -> None:
    printed = run_example("band_from_sheet.py", str(tmp_path / "band"), home=tmp_path).splitlines()
    counts = {name: int(rest.split()[0]) for name, rest in (line.split(": ") for line in printed[-5:])}
    assert set(counts) == {"drums", "bass", "keys", "pad", "guitar"}
    assert counts["drums"] > 0
    assert counts["bass"] > 0


def check_osc_output(printed: str) -> None:
    """The reply to the ping, the fader as it was set, and the values that a subscription begins with."""
    lines = printed.splitlines()
    assert lines[:2] == ["ping: ('hello',)", "vocals, dB: -6.0"]
    assert "/stems/vocals/gain_db -6.0" in lines[2:]


def test_the_osc_client_sets_and_reads_a_fader(tmp_path: Path) -> None:
    port = free_port()
    with OscServer(Bus(make_registry(Settings())), "127.0.0.1", port):
        check_osc_output(run_example("osc_client.py", str(port), "0.5", home=tmp_path))


@pytest.mark.live
def test_the_osc_client_reaches_a_running_sidecar(jack_server: StartServer, tmp_path: Path) -> None:
    with sidecar_on(jack_server(rate=48000), NO_ENGINES) as sidecar:
        printed = run_example("osc_client.py", str(sidecar.settings.osc.port), "0.5", home=tmp_path)
        check_osc_output(printed)
        assert sidecar.bus.get("stems.vocals.gain_db") == -6.0

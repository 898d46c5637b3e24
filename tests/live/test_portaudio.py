"""PortAudio through its JACK host API: it adds nothing to the delay, connects nothing, and waits for no Python."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.drivers.dummy_server import DummyServer
from tests.live.conftest import skip_without_jack
from tests.live.portaudio_rig import PortAudioSidecar, WideServer, open_sidecar, skip_without_portaudio
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE, PERIOD = 48000, 128
TRIES = 8
"""Measurements of which one must agree."""


@pytest.fixture(scope="module")
def server() -> Iterator[DummyServer]:
    skip_without_jack()
    skip_without_portaudio()
    with WideServer(RATE, PERIOD) as opened:
        yield opened


@pytest.fixture(scope="module")
def sidecar(server: DummyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortAudioSidecar]:
    with open_sidecar(server, tmp_path_factory.mktemp("portaudio")) as opened:
        yield opened


def list_links(server: DummyServer, client: str) -> list[str]:
    """What the ports of ``client`` are connected to."""
    done = subprocess.run(
        ["jack_lsp", "-c", f"{client}:"], env=server.env, capture_output=True, text=True, timeout=HANG_S, check=True
    )
    return [line.strip() for line in done.stdout.splitlines() if line.startswith(" ")]


def list_ports(server: DummyServer, client: str) -> list[str]:
    """The ports of ``client``."""
    done = subprocess.run(
        ["jack_lsp", f"{client}:"], env=server.env, capture_output=True, text=True, timeout=HANG_S, check=True
    )
    return done.stdout.split()


def change_period(server: DummyServer, sidecar: PortAudioSidecar, period: int) -> None:
    """Give the server another period, and wait until the sidecar declares it."""
    subprocess.run(["jack_bufsize", str(period)], env=server.env, capture_output=True, check=True, timeout=HANG_S)
    until(f"period {period}", lambda: sidecar.read_latency("mix", "period") == period)


def assert_declared_is_measured(server: DummyServer, sidecar: PortAudioSidecar, path: str) -> None:
    """To the frame. In real time a cycle that the machine misses shifts an output; a wrong delay is wrong each time."""
    for _ in range(TRIES):
        measured, declared = sidecar.measure(path, server), sidecar.read_latency(path)
        if measured == declared:
            break
    assert measured == declared


def test_nothing_is_connected_that_the_user_did_not_connect(server: DummyServer, sidecar: PortAudioSidecar) -> None:
    assert list_ports(server, "sideman") == [
        *(f"sideman:in_{i}" for i in range(2)), *(f"sideman:out_{i}" for i in range(12))
    ]  # fmt: skip
    assert list_links(server, "sideman") == []


@pytest.mark.parametrize("period", [64, 1024, PERIOD])
def test_each_path_comes_back_after_what_it_declares_and_portaudio_adds_nothing(
    server: DummyServer, sidecar: PortAudioSidecar, period: int
) -> None:
    change_period(server, sidecar, period)
    assert_declared_is_measured(server, sidecar, "drums" if period == PERIOD else "mix")


def test_cycles_are_served_while_python_stands_still(server: DummyServer, tmp_path: Path) -> None:
    script = Path(__file__).with_name("portaudio_process.py")
    done = subprocess.run(
        [sys.executable, str(script), server.name], env=server.env, capture_output=True, text=True, timeout=HANG_S,
        check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # in half a second there are 187 cycles, and 100 of them on a machine that does other things
    assert found["while_python_stood"] > 60
    # beside a thread that computes in Python: all that the server called
    assert abs(found["served"] - found["due"]) <= 2  # the two are read one after the other


def test_a_device_that_was_named_keeps_its_links(server: DummyServer, tmp_path: Path) -> None:
    script = (
        "import sys; from bridge.drivers.portaudio.portaudio_system import PortAudioSystem as System\n"
        "from bridge.settings import AudioSettings as Settings\n"
        "from bridge.drivers.portaudio.stream_opener import StreamOpener as Opener\n"
        "from bridge.drivers.portaudio.jack_links import cut_links\n"
        "opener = Opener(Settings(system='portaudio', output='system'), 'named', sys.argv[1])\n"
        "stream = opener.open(48000); print(cut_links('named', sys.argv[1])); stream.close(); opener.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, server.name], env=server.env, capture_output=True, text=True, timeout=HANG_S,
        check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.split() == ["14"], done.stderr  # PortAudio's own: two inputs, twelve outputs


def test_a_device_that_stands_still_is_gone_and_comes_back(server: DummyServer, sidecar: PortAudioSidecar) -> None:
    until("it runs", lambda: sidecar.says("audio.device", state="running", reopenings="0"))
    server.process.send_signal(signal.SIGSTOP)
    until("it is gone", lambda: "is gone, or has not called" in sidecar.output)
    assert sidecar.says("sideman", state="waiting for the audio device")
    server.process.send_signal(signal.SIGCONT)
    until("it is back", lambda: sidecar.says("audio.device", state="running", reopenings="1"))
    assert sidecar.says("sideman", state="running")
    cycles = int(sidecar.read("counters")["cycles"])
    until("callbacks", lambda: int(sidecar.read("counters")["cycles"]) > cycles + 10)
    assert_declared_is_measured(server, sidecar, "mix")


def test_a_server_that_died_ends_it_with_a_sentence(server: DummyServer, sidecar: PortAudioSidecar) -> None:
    server.kill()
    assert sidecar.process.wait(HANG_S) == 1
    assert "the audio device did not let the stream go within 5 s; Sideman ends without it" in sidecar.output

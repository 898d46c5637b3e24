"""Sidecar start: wrong settings are refused before the slow steps, the server and the engines."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from bridge import drivers
from bridge.app import Sidecar
from bridge.core.compile_lock import lock_compiling
from bridge.core.jit import CACHE
from bridge.drivers import jack_driver, jack_system
from bridge.drivers.jack_driver import JackDriver
from bridge.drivers.offline_system import OfflineSystem
from bridge.drivers.song_transport import PlayOptions
from bridge.errors import BridgeError, ConfigError, DriverError
from bridge.osc.server import OscServer
from bridge.settings import EngineSettings, LanSettings, OscSettings, Settings
from tests.offline_sidecar import write_song

NO_ENGINES = EngineSettings(separation="", mir="", accompaniment="", synth="")
LISTED = ("192.168.1.0/24",)


class TooEarlyError(Exception):
    """Something was begun that should have waited."""


@pytest.fixture(autouse=True)
def nothing_may_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise TooEarlyError

    for name in ("ask_server", "compile_callbacks"):
        monkeypatch.setattr(jack_system, name, refuse)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        yield int(other.getsockname()[1])


def start(osc: OscSettings, lan: LanSettings | None = None) -> None:
    with Sidecar(Settings(osc=osc, lan=lan or LanSettings(), engines=NO_ENGINES)):
        pass


def test_a_port_that_is_taken(taken_port: int) -> None:
    with pytest.raises(DriverError, match=rf"{taken_port} cannot be bound: .*\(process {os.getpid()}\) has the port"):
        start(OscSettings(port=taken_port))


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("studio", "no IP address"), ("300.1.1.1", "no IP address"), ("192.0.2.7", "cannot be bound"),
        ("0.0.0.0", "without an allow-list and a token"), ("::", "without an allow-list and a token"),
    ],
)  # fmt: skip
def test_a_host_that_cannot_be_bound(host: str, problem: str) -> None:
    lan = LanSettings(allow=LISTED, token="secret") if host[0] in "1" else LanSettings()
    with pytest.raises((ConfigError, DriverError), match=problem):
        start(OscSettings(host=host), lan)


@pytest.mark.parametrize("token", ["", " ", "\t", "\u00a0 "])
def test_a_blank_token(token: str) -> None:
    with pytest.raises((ConfigError, ValueError), match="token"):
        start(OscSettings(host="0.0.0.0"), LanSettings(allow=LISTED, token=token))


@pytest.mark.parametrize("token", ["a\0b", "two\nlines", "x" * 2000])
def test_a_token_that_no_message_can_carry(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        LanSettings(allow=LISTED, token=token)


def test_settings_that_can_work_go_on_to_ask_the_server() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    for _ in range(2):  # and leaves the port free where it fails
        with pytest.raises(TooEarlyError):
            start(OscSettings(port=port))


def test_while_no_audio_runs_an_action_is_an_error() -> None:
    sidecar = Sidecar(Settings(engines=NO_ENGINES))
    with pytest.raises(BridgeError, match="no audio runs"):
        _ = sidecar.signal_path


def test_ports_are_not_shown_before_the_callback_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def refuse(*_: object) -> NoReturn:
        done.append("opened")
        raise DriverError("no server here")

    monkeypatch.setattr(jack_driver, "compile_callbacks", lambda: done.append("compiled"))
    monkeypatch.setattr(jack_driver, "open_client", refuse)
    with pytest.raises(DriverError):
        JackDriver(None, "sideman")._open()  # type: ignore[arg-type]
    assert done == ["compiled", "opened"]


@pytest.mark.parametrize("name", ["process_callback", "cancel_safe"])
def test_all_that_jack_calls_is_compiled_before_the_ports_show(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(drivers, name, raising=False)
    monkeypatch.setitem(sys.modules, f"bridge.drivers.{name}", None)  # an import of it fails
    with pytest.raises(ImportError, match=name):
        jack_driver.compile_callbacks()


def test_the_identity_is_there_before_the_first_client_can_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    audio = OfflineSystem(write_song(tmp_path / "song.wav", 1.0), PlayOptions(holds=True))
    sidecar = Sidecar(Settings(osc=OscSettings(port=0), engines=NO_ENGINES), audio=audio)
    open_server = OscServer.__enter__

    def look_and_open(server: OscServer) -> OscServer:
        seen.append(sidecar.bus.get_latest("sideman"))
        return open_server(server)

    monkeypatch.setattr(OscServer, "__enter__", look_and_open)
    with sidecar:
        assert seen and all(seen)


def test_a_start_waits_for_another_that_compiles_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    monkeypatch.setattr(CACHE, "folder", tmp_path)
    audio = OfflineSystem(write_song(tmp_path / "song.wav", 1.0), PlayOptions(holds=True))
    with ExitStack() as other:
        other.enter_context(lock_compiling(tmp_path, said.append))

        def report(step: str, _done: int, _of: int) -> None:
            said.append(step)
            if step.startswith("another Sideman"):
                other.close()

        with Sidecar(Settings(osc=OscSettings(port=0), engines=NO_ENGINES), report, audio):
            assert said[0] == f"another Sideman (process {os.getpid()}) is compiling, or loading its code: waiting"

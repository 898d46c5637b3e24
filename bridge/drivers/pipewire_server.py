"""PipeWire server of our own, headless, without a sound card: for the bench and the tests.

It has a folder, a D-Bus and a session manager of its own, so it meets no PipeWire of the user's. A null sink drives it.
Clients get PipeWire's libjack by `PipeWireServer.env`, as ``pw-jack`` gives it to a program: libjack is chosen when a
process starts, so they are processes of their own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bridge.drivers.dummy_server import QUIET_JACK
from bridge.errors import DriverError

PACKAGES = ("pipewire", "wireplumber", "pipewire-jack", "dbus")
INSTALL_PIPEWIRE = f"sudo apt-get install {' '.join(PACKAGES)}"
"""Debian's packages of all that `PipeWireServer` starts."""

PROGRAMS = {
    "dbus-daemon": "dbus",
    "pipewire": "pipewire",
    "pw-metadata": "pipewire",
    "pw-dump": "pipewire",
    "wireplumber": "wireplumber",
}
"""Programs that are started, by the Debian package that has them."""

JACK_FOLDERS = ("/usr/lib/*/pipewire-0.3/jack", "/usr/lib*/pipewire-0.3/jack")
"""Folders of PipeWire's libjack: Debian and Ubuntu; Fedora and Arch (untested)."""

SINK = "sideman-null-sink"
REMOTE = "pipewire-0"
"""PipeWire's own name of its socket."""

_READY_S = 10.0
_STOP_S = 3.0
_POLL_S = 0.02
_FOREIGN = ("PIPEWIRE_REMOTE", "PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_LATENCY", "PIPEWIRE_QUANTUM", "PIPEWIRE_RATE")
"""Variables that would lead our processes to another server, or to another quantum."""

CONFIG = """\
context.properties = {{
    default.clock.rate = {rate}
    default.clock.allowed-rates = [ 44100 48000 88200 96000 ]
    default.clock.quantum = {period}
    default.clock.min-quantum = 16
    default.clock.max-quantum = 8192
    vm.overrides = {{ default.clock.min-quantum = 16 }}
}}
context.objects = [
    {{  factory = adapter
        args = {{
            factory.name = support.null-audio-sink
            node.name = {sink}
            media.class = Audio/Sink
            audio.position = [ FL FR ]
            object.linger = true
            priority.driver = 30000
        }}
    }}
]
"""
"""``pipewire.conf.d``: the rate and quantum that the server starts with, and the sink that drives it. The rule for
virtual machines, which raises the least quantum to 1024, is undone."""


def find_jack_folder() -> Path | None:
    """The folder of PipeWire's libjack, or None."""
    for pattern in JACK_FOLDERS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            if (folder / "libjack.so.0").exists():
                return folder
    return None


def find_missing_packages() -> list[str]:
    """Debian's names of the packages that `PipeWireServer` lacks here; none where it can be started."""
    missing = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if find_jack_folder() is None:
        missing.add("pipewire-jack")
    return sorted(missing)


class PipeWireServer:
    """A PipeWire with session manager from ``__enter__`` to ``__exit__``; ``rate`` in Hz, ``period`` in frames.

    Raises:
        DriverError: A package is missing, or the server does not answer.
    """

    def __init__(self, rate: int = 48000, period: int = 256) -> None:
        self.rate, self.period = rate, period
        self._folder: Path | None = None
        self._log: IO[bytes] | None = None
        self._bus_address = ""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        if missing := find_missing_packages():
            raise DriverError(f"not installed: {', '.join(missing)}", INSTALL_PIPEWIRE)
        # short: the path of a socket has 107 characters at most
        self._folder = Path(tempfile.mkdtemp(prefix="sideman-pw-", dir="/tmp"))
        self._log = tempfile.TemporaryFile()
        try:
            config = self._folder / "config" / "pipewire" / "pipewire.conf.d"
            config.mkdir(parents=True)
            text = CONFIG.format(rate=self.rate, period=self.period, sink=SINK)
            (config / "10-sideman.conf").write_text(text, encoding="utf-8")
            self._start_bus()
            self.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    @property
    def folder(self) -> Path:
        """The folder of sockets and settings, for XDG_RUNTIME_DIR."""
        if self._folder is None:
            raise DriverError("the PipeWire server was not started", "use it in a with statement")
        return self._folder

    @property
    def env(self) -> dict[str, str]:
        """The environment of a JACK client of this server and no other."""
        libraries = [str(find_jack_folder()), os.environ.get("LD_LIBRARY_PATH", "")]
        return self._make_own_env() | QUIET_JACK | {"LD_LIBRARY_PATH": ":".join(filter(None, libraries))}

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running (or killed) pipewire."""
        return self._processes["pipewire"]

    def start(self) -> None:
        """Start pipewire and its session manager, and come back when the null sink is there."""
        self._run("pipewire")
        self._wait("its socket", lambda: (self.folder / REMOTE).is_socket())
        self._run("wireplumber")
        self._wait("the null sink", lambda: SINK in self._ask("pw-dump"))

    def kill(self) -> None:
        """SIGKILL, as a crash would; the session manager ends, as it does without its server."""
        self.process.kill()
        self.process.wait()
        self._end("wireplumber")

    def set_period(self, frames: int) -> None:
        """Force the quantum in frames; 0: the clients' choice."""
        self._set("clock.force-quantum", frames)

    def set_rate(self, rate: int) -> None:
        """Force the rate in Hz; 0: the clients' choice."""
        self._set("clock.force-rate", rate)

    def log(self) -> str:
        """The output of the servers so far."""
        return "" if self._log is None else os.pread(self._log.fileno(), 65536, 0).decode(errors="replace")

    def _set(self, key: str, value: int) -> None:
        self._ask("pw-metadata", "-n", "settings", "0", key, str(value))

    def _ask(self, *command: str) -> str:
        """The output of one of PipeWire's tools; empty where it failed."""
        try:
            done = subprocess.run(
                command, env=self._make_own_env(), capture_output=True, text=True, timeout=_READY_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DriverError(f"PipeWire does not answer {command[0]}: {self.log()[-200:]}") from error
        return done.stdout if done.returncode == 0 else ""

    def _make_own_env(self) -> dict[str, str]:
        folder = str(self.folder)
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        homes = {f"XDG_{name}_HOME": f"{folder}/{name.lower()}" for name in ("CONFIG", "STATE")}
        return kept | homes | {"XDG_RUNTIME_DIR": folder, "DBUS_SESSION_BUS_ADDRESS": self._bus_address}

    def _start_bus(self) -> None:
        self._bus_address = f"unix:path={self.folder}/bus"
        self._run("dbus-daemon", "--session", "--nofork", f"--address={self._bus_address}")
        self._wait("its D-Bus", lambda: (self.folder / "bus").is_socket())

    def _run(self, *command: str) -> None:
        setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
        ended_with_us: tuple[str, ...] = ()
        if setpriv is not None and threading.current_thread() is threading.main_thread():
            ended_with_us = (setpriv, "--pdeathsig", "TERM")  # as for the dummy server: the main thread only
        self._processes[command[0]] = subprocess.Popen(
            (*ended_with_us, *command),
            env=self._make_own_env(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _wait(self, what: str, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_S
        while not is_there():
            ended = [name for name, process in self._processes.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                why = f"{', '.join(ended)} ended" if ended else f"{what} is not there after {_READY_S:.0f} s"
                raise DriverError(f"PipeWire does not start: {why}: {self.log()[-500:]}", INSTALL_PIPEWIRE)
            time.sleep(_POLL_S)

    def _end(self, name: str) -> None:
        process = self._processes.pop(name)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()

    def _leave(self) -> None:
        for name in reversed(tuple(self._processes)):
            self._end(name)
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

"""Dummy JACK server of our own, without a sound card: for the demo, the bench and the live tests."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bridge.drivers.jack_registry import list_server_names
from bridge.drivers.pipewire import refuse_beside_pipewire
from bridge.errors import DriverError
from bridge.runtime.shared.layout import MAX_PERIOD

log = logging.getLogger(__name__)

INSTALL_JACK = "sudo apt-get install jackd2 (macOS: brew install jack)"
INSTALL_JACK_TOOLS = "sudo apt-get install jack-example-tools (Debian 12: jackd2; macOS: brew install jack)"

QUIET_JACK = {"JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
"""No client starts a server on its own, and no server asks D-Bus for a sound card."""

PORT_MAX = 256
"""Ports that the server has room for. jackd's own 2048 take 107 MB of shared memory a server, these 47 MB, which
fits the 64 MB that containers get (measured with jackd 1.9.21)."""

SHM_BYTES = 48_000_000
"""Shared memory that a server takes. jackd does not ask whether there is enough; it dies of SIGBUS half-way."""


RATES = range(8000, 384001)
"""Beyond these jackd's dummy driver spins and ignores signals (seen at 12 MHz)."""

SHM = Path("/dev/shm")
SHM_FIX = f"end other JACK servers, or give {SHM} more (containers: --shm-size=256m)"

_READY_S = 10.0
_STOP_S = 5.0
_POLL_S = 0.02
_TAKEN = re.compile(r"^`.*' server already active", re.MULTILINE)
_FULL = "too many servers"
PREFIX = "sideman-"
"""Beginning of the names that are chosen here, by which a dead server is known for one of ours."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")  # no underscore: jackd joins its file names with it


class ServerListFullError(DriverError):
    """JACK's list of servers has no room; dead servers count."""


class DummyServer:
    """``jackd -d dummy`` on a name of its own, from ``__enter__`` to ``__exit__``.

    ``rate`` in Hz, ``period`` in frames, ``ports`` at most. ``realtime`` asks for FIFO scheduling, which needs the
    rights for it.
    A client must never carry the server's name: that breaks the server for all who come later.
    At most eight servers fit on one machine; that is jackd's limit.
    """

    def __init__(
        self,
        rate: int = 48000,
        period: int = 128,
        name: str | None = None,
        *,
        realtime: bool = False,
        ports: int = PORT_MAX,
    ) -> None:
        self.rate = rate
        self.period = period
        self.name = name if name is not None else f"{PREFIX}{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.realtime = realtime
        self.ports = ports
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._segments: dict[Path, int] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def env(self) -> dict[str, str]:
        """The environment for a child process that shall talk to this server and no other."""
        return {**os.environ, **QUIET_JACK, "JACK_DEFAULT_SERVER": self.name}

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running (or killed) jackd."""
        if self._process is None:
            raise DriverError(f"JACK server {self.name!r} was not started", "use it in a with statement")
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start jackd and come back when it answers; a `DriverError` with jackd's own words if it does not.

        Where JACK's list of servers is full, dead servers of ours are removed from it first.
        """
        refuse_beside_pipewire()
        try:
            self._start()
        except ServerListFullError:
            names = [name for name in list_server_names(PREFIX) if name != self.name]
            if sum(_remove_from_list(name) for name in names) == 0:
                raise
            self._start()

    def _start(self) -> None:
        if self.running:
            raise DriverError(f"JACK server {self.name!r} runs already", "stop it first, or restart it")
        if not has_room_for_server():
            raise DriverError(f"{SHM} has less than {SHM_BYTES // 10**6} MB free for a JACK server", SHM_FIX)
        command = self._command()
        waiter = _find_tool("jack_wait", INSTALL_JACK_TOOLS)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the server; _end() closes it
        # A session of its own: Ctrl-C in the terminal reaches our client first, which then leaves in order.
        self._process = subprocess.Popen(
            command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait_until_ready(waiter)
        except BaseException:
            self._end()
            raise
        self._note_segments()

    def stop(self) -> None:
        """End jackd and remove its files. Harmless when it is dead or was never started."""
        if not self._end():
            return
        # It was killed. jackd keeps eight names for good, and forgets a dead one only when its namesake starts.
        try:
            self._start()
        except DriverError as error:
            log.warning("JACK's list of servers keeps the dead %s: %s", self.name, error)
        self._end()

    def _end(self) -> bool:
        """End the process, close its log, clear its files; True when it died without signing off from JACK."""
        if self._process is None:
            return False
        if self.running:
            self._note_segments()
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        killed = self.process.wait() < 0
        # A name that is taken: then the files of that name are the other server's.
        foreign = _TAKEN.search(self.log()) is not None
        self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
        if not foreign:
            self._sweep()
        return killed

    def kill(self) -> None:
        """SIGKILL, as a crash would: nothing is tidied up until `restart` or `stop`."""
        self._note_segments()
        self.process.kill()
        self.process.wait()

    def restart(self, *, rate: int | None = None, period: int | None = None) -> None:
        """End the server if it still runs and start it again under the same name."""
        self._end()
        self.rate = self.rate if rate is None else rate
        self.period = self.period if period is None else period
        self.start()

    def log(self) -> str:
        """The output of jackd so far."""
        if self._log is None:
            return ""
        # pread, because jackd writes through the same file offset
        return os.pread(self._log.fileno(), 65536, 0).decode(errors="replace")

    def _command(self) -> list[str]:
        if not _NAME.fullmatch(self.name):
            raise DriverError(f"JACK server name {self.name!r}", "use letters, digits, dots and dashes, at most 64")
        if self.rate not in RATES:
            raise DriverError(f"JACK server rate {self.rate} Hz", f"use {RATES[0]}-{RATES[-1]}")
        if not 1 <= self.period <= MAX_PERIOD:
            raise DriverError(f"JACK server period {self.period} frames", f"use 1-{MAX_PERIOD}")
        command = [_find_tool("jackd", INSTALL_JACK), "--name", self.name, "--port-max", str(self.ports)]
        command += ["--realtime" if self.realtime else "--no-realtime"]
        command += ["-d", "dummy", "-r", str(self.rate), "-p", str(self.period)]
        setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
        if setpriv is not None and threading.current_thread() is threading.main_thread():
            # The kernel ends jackd when we die without a chance to; it watches the thread that started it,
            # hence the main thread only.
            command = [setpriv, "--pdeathsig", "TERM", *command]
        return command

    def _wait_until_ready(self, waiter: str) -> None:
        # jack_wait -w looks once a second; asking -c in a loop brings the server up in a tenth of that.
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if not self.running:
                raise self._failure(f"ended at once with {self.process.returncode}")
            try:
                done = subprocess.run(
                    [waiter, "-c", "-s", self.name], env=self.env, capture_output=True, timeout=2.0, check=False
                )
            except subprocess.TimeoutExpired:
                continue
            # A namesake that ran before us would answer too, so ask again whether ours still lives.
            if b"running" in done.stdout.splitlines() and self.running:
                return
            time.sleep(_POLL_S)
        raise self._failure(f"did not answer within {_READY_S:g} s")

    def _failure(self, what: str) -> DriverError:
        lines = [line for line in self.log().splitlines() if line.strip()]
        said = f": {lines[-1]}" if lines else ""
        hint = "run sideman doctor"
        if self.process.returncode == -signal.SIGBUS:
            said, hint = f": {SHM} is full", SHM_FIX
        elif _TAKEN.search(self.log()):
            said, hint = ": the name is taken", "choose another name"
        elif _FULL in self.log().lower():
            return ServerListFullError(
                f"JACK server {self.name!r} {what}: JACK's list of eight servers is full",
                "end one, or when none runs: jackd --replace-registry",
            )
        return DriverError(f"JACK server {self.name!r} {what}{said}", hint)

    def _note_segments(self) -> None:
        """Remember the shared memory that jackd maps, with inodes: the file names are numbers that come round."""
        maps = Path(f"/proc/{self.process.pid}/maps")
        try:
            text = maps.read_text()
        except OSError:
            return  # no /proc on this system, or jackd died by itself: then the next jackd clears the segments
        for match in re.finditer(rf"{SHM}/jack-\d+-\d+$", text, re.MULTILINE):
            path = Path(match.group())
            if path.exists():
                self._segments[path] = path.stat().st_ino

    def _sweep(self) -> None:
        """Remove the files of a killed jackd in /dev/shm: only those of this server."""
        for path, inode in self._segments.items():
            if path.exists() and path.stat().st_ino == inode:
                path.unlink(missing_ok=True)
        self._segments.clear()
        if SHM.is_dir():
            uid = os.getuid()
            for pattern in (f"jack_{self.name}_{uid}_*", f"jack_sem.{uid}_{self.name}_*"):
                for path in SHM.glob(pattern):
                    path.unlink(missing_ok=True)


def _remove_from_list(name: str) -> bool:
    """Remove a dead server from JACK's list, as its namesake; False when it lives."""
    namesake = DummyServer(name=name)
    try:
        namesake._start()
    except DriverError:
        return False
    namesake._end()
    return True


def has_room_for_server() -> bool:
    """Whether shared memory has room for one more server; True where the system does not say."""
    return not SHM.is_dir() or shutil.disk_usage(SHM).free >= SHM_BYTES


def _find_tool(name: str, fix: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise DriverError(f"{name} is not installed", fix)
    return path

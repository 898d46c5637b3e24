"""Pseudo terminal: what the app writes to it and how keys act while it takes nothing, with a real OSC server."""

from __future__ import annotations

import fcntl
import itertools
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.control.bus import Bus, Row
from bridge.osc.server import OscServer
from tests.processes import alive, children
from tests.tui.rig import sidecar_registry
from tests.waiting import until
from tui.terminal.processes import has_hung_up

ROOT = Path(__file__).parent.parent.parent
WAIT_S = 60.0
KEYS = 1000
"""With a frame for every few of them these are many times the 30 writes that Textual queues before it waits."""
CONTROL = "stems.drums.mute"


class PtyRig:
    """A sidecar's Bus and OSC server, and the app in a pseudo terminal of 80 columns and 24 rows."""

    def __init__(self, **environment: str) -> None:
        self.bus = Bus(sidecar_registry())
        self.bus.publish("sideman", "sideman", "1", 1, "one", "host", 1, 0.0, "test", 44100, "running")
        self.changed = threading.Semaphore(0)
        self.bus.subscribe(self._note)
        self.server = OscServer(self.bus, "127.0.0.1", 0)
        self.server.__enter__()
        self.main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", "--attach", f"127.0.0.1:{self.server.port}", "--screen", "stems"],
            cwd=ROOT,
            stdin=other,
            stdout=other,
            stderr=other,
            env={**os.environ, "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )
        os.close(other)

    def _note(self, name: str, _row: Row, _source: str) -> None:
        if name == CONTROL:
            self.changed.release()

    def read_until(self, words: bytes) -> bytes:
        """Take what the app writes until ``words`` came; the end of it."""
        taken = b""
        while words not in taken:
            assert select.select([self.main], [], [], WAIT_S)[0], f"{words!r} did not come after {taken[-2000:]!r}"
            taken = (taken + os.read(self.main, 65536))[-65536:]
        return taken

    def press(self, key: bytes) -> None:
        """Type ``key`` and wait until it has set the control."""
        os.write(self.main, key)
        assert self.changed.acquire(timeout=WAIT_S), "the key did not act"

    def hang_up(self) -> None:
        """Close the terminal, as a window that is closed or a connection that is lost."""
        os.close(self.main)
        self.main = -1

    def list_processes(self) -> set[int]:
        """The guard and the app that still run."""
        return {pid for pid in (self.process.pid, *children(self.process.pid)) if alive(pid)}

    def close(self) -> None:
        if self.main >= 0:
            os.close(self.main)
        try:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(WAIT_S)
        finally:
            self.process.kill()
            self.server.__exit__(None, None, None)


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Iterator[PtyRig]:
    made = PtyRig(**getattr(request, "param", {}))
    yield made
    made.close()


def test_every_key_acts_while_the_terminal_takes_nothing(rig: PtyRig) -> None:
    rig.read_until("● attached".encode())
    for number in range(KEYS):
        rig.press(b"m")
        assert rig.bus.get(CONTROL) == (number + 1) % 2
    rig.press(b"m")
    rig.read_until(b"muted")


@pytest.mark.parametrize("rig", [{"NO_COLOR": "1"}], indirect=True)
def test_where_no_colour_is_wanted_no_sequence_has_one(rig: PtyRig) -> None:
    written = rig.read_until("● attached".encode())
    looks = {code for found in re.findall(rb"\x1b\[([0-9;]*)m", written) for code in found.split(b";")}
    assert looks <= {b"0", b"1", b"2", b"4", b"7"}
    assert b"1" in looks


def test_guard_and_app_end_when_their_terminal_goes_while_it_takes_nothing(rig: PtyRig) -> None:
    rig.read_until("● attached".encode())
    for number in range(KEYS):  # until the writer waits for the terminal
        rig.bus.set("stems.bass.gain_db", -number % 60 - 60, "test")
        rig.press(b"m")
    processes = rig.list_processes()
    assert len(processes) == 2
    rig.hang_up()
    level = itertools.count()

    def have_ended() -> bool:
        rig.bus.set("stems.bass.gain_db", next(level) % 60 - 60, "test")  # something to draw, without end
        rig.process.poll()
        return not any(alive(pid) for pid in processes)

    until("guard and app end", have_ended)


def test_a_terminal_that_is_there_has_not_hung_up() -> None:
    main, other = pty.openpty()
    assert not has_hung_up(other)
    os.close(main)
    assert has_hung_up(other)
    os.close(other)

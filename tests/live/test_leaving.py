"""End of ``sideman run``, in any manner: no process, shared memory or sounding note is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bridge.core.latency import MIDI_PORTS
from bridge.core.role import ROLES
from bridge.drivers.dummy_server import SHM, DummyServer
from bridge.drivers.fake_daw import FakeDaw
from tests.live.rig import chord_changes, hanging, midi_clock, recorded
from tests.ports import free_port
from tests.processes import alive, children
from tests.waiting import HANG_S, until

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see child processes"),
]

RATE = 48000
SIDEMAN = Path(sys.executable).with_name("sideman")


def segments(pid: int) -> set[str]:
    """Shared memory of ``pid`` that has a name."""
    return {path.name for path in SHM.glob(f"sideman-{pid}-*")} if SHM.is_dir() else set()


@contextmanager
def sideman_run(server: DummyServer, config: Path, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    """``sideman run`` as a user starts it; where ``config`` has no settings, without the machine's MIDI devices.

    ``port``: of OSC; 0 for a free one.
    """
    if not (config / "sideman.toml").exists():
        (config / "sideman.toml").write_text("schema = 1\n[controllers]\nmidi = false\n")
    command = [str(SIDEMAN), "run", "--server", server.name, "--port", str(port or free_port())]
    env = server.env | {"SIDEMAN_CONFIG_HOME": str(config), "PYTHONFAULTHANDLER": "1"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def read_to(child: subprocess.Popen[str], words: str = "") -> str:
    """What it says up to a line with ``words``, or to its end."""
    said = ""
    for line in child.stdout or ():
        said += line
        if words and words in line:
            return said
    if words:
        pytest.fail(f"it ended before it said {words!r}:\n{said}")
    return said


def end_of(child: subprocess.Popen[str]) -> int:
    """Its exit status; one that does not end is made to say where it stands."""
    try:
        return child.wait(HANG_S)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGABRT)
        pytest.fail(f"it does not end:\n{read_to(child)}")


def sounding(daw: FakeDaw) -> dict[str, set[tuple[int, int]]]:
    return {port: found for port in MIDI_PORTS if (found := hanging(daw.read_midi(port)))}


def end_while_it_plays(server: DummyServer, config: Path, end: Callable[[int], None]) -> tuple[int | None, str]:
    """Start, let it play until notes sound, ``end`` it, and see that nothing is left; (exit status, its words)."""
    with sideman_run(server, config) as child:
        said = read_to(child, "Ctrl-C ends it")
        sent = np.tile(chord_changes(RATE, 2.0, ("C", "Am"), 1.0), 10)
        daw = FakeDaw("sideman", server.name, sent.shape[1])
        daw.load(sent, midi_clock(RATE, 123.45, 19.0))
        with daw:
            daw.start(margin_frames=RATE // 4)
            until("sounding notes", lambda: {"chords", "accompaniment"} <= set(sounding(daw)))
            workers = children(child.pid)
            assert len(workers) == len(ROLES)
            end(child.pid)
            status = end_of(child)
            left = recorded(daw)
            until("more frames", lambda: recorded(daw) > left + RATE // 8)
            if status >= 0:
                assert sounding(daw) == {}
        until("the end of the workers", lambda: not any(alive(pid) for pid in workers))
        assert not segments(child.pid)
        return status, said + read_to(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_ends_it_in_order(module_server: DummyServer, tmp_path: Path, number: signal.Signals) -> None:
    status, said = end_while_it_plays(module_server, tmp_path, lambda pid: os.kill(pid, number))
    assert status == 0, said
    assert "Traceback" not in said


def test_even_killed_it_leaves_no_worker_and_no_memory(module_server: DummyServer, tmp_path: Path) -> None:
    status, _ = end_while_it_plays(module_server, tmp_path, lambda pid: os.kill(pid, signal.SIGKILL))
    assert status == -signal.SIGKILL


def test_it_ends_in_order_while_its_server_is_gone(module_server: DummyServer, tmp_path: Path) -> None:
    with sideman_run(module_server, tmp_path) as child:
        said = read_to(child, "Ctrl-C ends it")
        workers = children(child.pid)
        module_server.kill()
        said += read_to(child, "is gone")
        child.send_signal(signal.SIGTERM)
        status = end_of(child)
        until("the end of the workers", lambda: not any(alive(pid) for pid in workers))
        assert status == 0, said
    module_server.restart()

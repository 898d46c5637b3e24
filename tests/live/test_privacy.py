"""A running sidecar, its engines at work, asks nothing of the network and writes nothing outside our own folders."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.live.test_leaving import end_of, read_to
from tests.ports import free_port
from tests.waiting import until
from tests.watched import watch

pytestmark = [pytest.mark.live, pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")]


def test_a_running_sidecar_is_private(module_server: DummyServer, tmp_path: Path) -> None:
    watched, port = watch(tmp_path), free_port()
    command = [sys.executable, "-m", "bridge.cli", "run", "--server", module_server.name, "--port", str(port)]
    env, work = module_server.env | watched.env, tmp_path / "work"
    with subprocess.Popen(
        command, env=env, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        try:
            said = read_to(child, "Ctrl-C ends it")
            received: set[str] = set()
            with OscClient("127.0.0.1", port) as osc:
                osc.send("/subscribe", "/worker/time")

                def all_have_worked() -> bool:
                    received.update(
                        str(args[0]) for address, args in osc.read_messages(0.2) if address == "/worker/time"
                    )
                    return received >= {"separation", "mir", "accompaniment", "synth"}

                until("a hop of every engine", all_have_worked)
            child.send_signal(signal.SIGTERM)
            assert end_of(child) == 0, said
        finally:
            child.kill()
    assert watched.asked == []
    assert watched.foreign == []

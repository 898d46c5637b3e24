"""Fake DAW in a process of its own: ``python -m tests.live.daw_process SERVER SIDECAR RATE``.

libjack keeps one picture of its server for a whole process, so a client that outlives its server, and one that
came after, belong in different ones, as a sidecar and a DAW do. Prints one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from tests.live.rig import music, sum_error
from tests.waiting import HANG_S


def play_through(server: DummyServer, sidecar: str) -> dict[str, Any]:
    """Send a quarter of a second through ``sidecar``: the error of the stems' sum, and the mix's peak.

    On a busy machine a jackd that has just come up may stand still for seconds; a DAW then tries again, and so does
    this one, once.
    """
    command = [sys.executable, "-m", "tests.live.daw_process", server.name, sidecar, str(server.rate)]
    for _ in range(2):
        done = subprocess.run(command, env=server.env, capture_output=True, text=True, timeout=HANG_S, check=False)
        if "does not run it" not in done.stderr:
            break
    if done.returncode:
        raise AssertionError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main(server: str, sidecar: str, rate: int) -> None:
    daw = FakeDaw(sidecar, server, rate // 4)
    daw.load(music(rate, 0.2))
    with daw:
        daw.start(margin_frames=2048)
        daw.wait(HANG_S)
    answer = {"sum_error": sum_error(daw), "peak": float(np.abs(daw.read_audio("mix")).max())}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

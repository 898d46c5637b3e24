"""Link peer: a member of a Link session in a process of its own, asked by lines on its standard input.

``tempo BPM`` sets everybody's tempo, ``play`` and ``stop`` the shared start and stop, ``get`` and ``beat MICROSECONDS``
answer with one line of JSON each. The end of its input ends it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from bridge.clocks.link_session import LinkSession
from bridge.errors import BridgeError

PEER_S = 10.0
"""Within this a peer is seen, or never."""
POLL_S = 0.02
NAMESPACES = (("-n",), ("-r", "-n"))
"""Options of `unshare`: a network of its own. A user too where only that is allowed; such a user has no real-time
priority, and JACK's time is then as uneven as the machine is busy."""
RUN_PEER = "import sys; from bench.link_peer import run_peer; run_peer(float(sys.argv[1]))"
"""Code of the peer's process: it is a part of other benchmarks, and no command."""


def run_peer(tempo: float) -> None:
    """A member of the session until the standard input ends."""
    with LinkSession(tempo) as session:
        session.share_start_stop(True)
        while not session.is_joined:
            session.update(session.now_us)
            time.sleep(POLL_S)
        for line in sys.stdin:
            word, *arguments = line.split()
            if word == "tempo":
                session.set_tempo(float(arguments[0]), session.now_us)
            elif word in ("play", "stop"):
                session.set_playing(word == "play", session.now_us)
            now_us = int(arguments[0]) if word == "beat" else session.now_us
            seen = session.capture()
            answer = {
                "tempo": seen.tempo, "peers": seen.peers, "playing": seen.is_playing, "time_us": now_us,
                "beat": seen.beat_at(now_us, 4),
            }  # fmt: skip
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


class PeerProcess:
    """A context manager: a peer runs inside, which began its own session at ``tempo``."""

    def __init__(self, tempo: float) -> None:
        command = [sys.executable, "-c", RUN_PEER, str(tempo)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> PeerProcess:
        self.ask("get")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.communicate()

    def ask(self, line: str) -> dict[str, Any]:
        """Give it a line, and return its answer. Raises: BridgeError: it has ended."""
        source, sink = self._process.stdout, self._process.stdin
        if source is None or sink is None:
            raise BridgeError("the peer has no pipes", "run the benchmark again")
        sink.write(line + "\n")
        sink.flush()
        answer = source.readline()
        if not answer:
            raise BridgeError("the Link peer has ended", "see its message above")
        found: dict[str, Any] = json.loads(answer)
        return found

    def wait_for(self, field: str, value: object) -> dict[str, Any]:
        """Ask until ``field`` is ``value``; also where it does not become that in time."""
        end_s = time.monotonic() + PEER_S
        while (answer := self.ask("get"))[field] != value and time.monotonic() < end_s:
            time.sleep(POLL_S)
        return answer


def run_alone(module: str, arguments: Sequence[str]) -> int | None:
    """Run ``module`` on a network of its own, loopback alone, so that no session of this network is disturbed.

    Its exit code; None where this system has no such networks (`unshare -n`: Linux, and the right to it).
    """
    for own in NAMESPACES:
        try:
            subprocess.run(["unshare", *own, "ip", "link", "set", "lo", "up"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        script = 'ip link set lo up && exec "$@"'
        words = ["unshare", *own, "sh", "-c", script, "sh", sys.executable, "-m", module]
        return subprocess.run([*words, *arguments], check=False).returncode
    return None

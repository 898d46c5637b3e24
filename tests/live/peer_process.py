"""JACK client in a process of its own: ``python -m tests.live.peer_process SERVER NAME PORT...``.

PORT is ``out:NAME`` or ``in:NAME`` for audio, ``midi_out:NAME`` or ``midi_in:NAME`` for MIDI. They are there before
the client is active, or afterwards, one a line, as asked on standard input: ``PORT``, or ``connect A B``,
``disconnect A B`` with names separated by tabs, ``period FRAMES``. Each line is answered by ``ok``.
"""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Any

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.libjack import import_jack


class Peer:
    """A context manager: the client runs inside. `kill` ends it as a crash would."""

    def __init__(self, server: DummyServer, name: str, *ports: str) -> None:
        self._command = [sys.executable, "-m", "tests.live.peer_process", server.name, name, *ports]
        self._env = server.env
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Peer:
        self._process = subprocess.Popen(
            self._command, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._expect_ok()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process is not None and self._process.stdin is not None:
            if self._process.poll() is None:
                self._process.stdin.close()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def ask(self, *words: str) -> None:
        """Send a line, and wait until it is done."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        self._expect_ok()

    def _expect_ok(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer == "ok\n", f"the peer said {answer!r}"


def register(client: Any, port: str) -> None:
    kind, _, name = port.partition(":")
    ports = {
        "out": client.outports, "in": client.inports, "midi_out": client.midi_outports, "midi_in": client.midi_inports,
    }  # fmt: skip
    ports[kind].register(name)


def main(server: str, name: str, ports: list[str]) -> None:
    client = import_jack().Client(name, servername=server, no_start_server=True)
    for port in ports:
        register(client, port)
    client.activate()
    sys.stdout.write("ok\n")
    sys.stdout.flush()
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split("\t")
        if verb == "connect":
            client.connect(*words)
        elif verb == "disconnect":
            client.disconnect(*words)
        elif verb == "period":
            client.blocksize = int(words[0])
        else:
            register(client, verb)
        sys.stdout.write("ok\n")
        sys.stdout.flush()
    client.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

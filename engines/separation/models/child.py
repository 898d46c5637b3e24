"""Child process that runs a user's model: ``python -m engines.separation.models.child PARENT MODEL``.

It answers each message on stdin with one on stdout, after a first message with the graph's tensors. Whatever a graph
does (run forever, take all memory, crash), it does in this process, and the parent ends it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO

import msgspec
import psutil

from bridge.errors import ModelError
from engines.separation.models.onnx_graph import GraphSession, open_session
from engines.separation.models.pipe_messages import MessageHeader, read_message, write_message

ORPHANED_S = 1.0
"""Interval of checks that the parent lives: while a graph runs, nothing reads stdin, whose end would show it."""


class GraphTensors(msgspec.Struct, frozen=True):
    """Name, kind and shape of each input and output; an axis that is left open is None."""

    inputs: tuple[tuple[str, str, tuple[int | None, ...]], ...]
    outputs: tuple[tuple[str, str, tuple[int | None, ...]], ...]


def main(parent: int, model: Path) -> None:
    """Open ``model`` and run it for each request, until stdin or the process ``parent`` ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent decides
    threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # printed text must not mix with messages
    try:
        session = open_session(model)
    except ModelError as error:
        write_message(answers, MessageHeader(error=error.message, fix=error.hint))
        return
    tensors = GraphTensors(session.inputs, session.outputs)
    write_message(answers, MessageHeader(payload=msgspec.Raw(msgspec.msgpack.encode(tensors))))
    while _serve_request(session, asked, answers):
        pass


def _serve_request(session: GraphSession, asked: IO[bytes], answers: IO[bytes]) -> bool:
    try:
        _, feeds = read_message(asked)
    except EOFError:
        return False
    try:
        results = session.run(feeds)
        write_message(answers, MessageHeader(), {str(i): array for i, array in enumerate(results)})
    except ModelError as error:
        write_message(answers, MessageHeader(error=error.message, fix=error.hint))
    except ValueError as error:
        write_message(answers, MessageHeader(error=str(error), fix="choose the adapter that fits this export"))
    return True


def _exit_with_parent(parent: int) -> None:
    while psutil.pid_exists(parent):
        time.sleep(ORPHANED_S)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

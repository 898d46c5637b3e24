"""JACK server probe: reads its figures in a process of its own, so a hung server cannot hang the doctor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

from bridge.drivers.dummy_server import QUIET_JACK

CLIENT = "sideman-doctor"
COMMAND = (
    sys.executable,
    "-P",  # keeps the working folder off the import path: a folder named bridge may well lie there
    "-c",
    "import sys; from bridge.doctor.probe import main; sys.exit(main(sys.argv[1:]))",
)
_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """``rate`` in Hz, ``period`` in frames, ``cpu_load`` in percent."""

    rate: int
    period: int
    realtime: bool
    cpu_load: float


def ask_server(server: str) -> ServerFigures | None:
    """The figures of the JACK server of that name (empty: the default one), None when there is none.

    `TimeoutError` when it holds the name but does not answer.
    """
    command = [*COMMAND, *([server] if server else [])]
    env = {**os.environ, **QUIET_JACK}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=_ANSWER_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"JACK server {server or 'default'!r} does not answer") from error
    return ServerFigures(**json.loads(done.stdout)) if done.returncode == 0 else None


def main(arguments: list[str]) -> int:
    """Write the figures of the server named (none: the default one) as JSON; 1 without server or libjack."""
    try:
        import jack  # raises OSError where libjack is missing
    except (ImportError, OSError):
        return 1
    server = arguments[0] if arguments else None
    try:
        with jack.Client(CLIENT, no_start_server=True, servername=server) as client:
            figures = ServerFigures(
                client.samplerate, client.blocksize, bool(client.realtime), round(client.cpu_load(), 1)
            )
    except jack.JackError:
        return 1
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")
    return 0

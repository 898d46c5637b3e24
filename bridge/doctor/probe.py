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
ASKING = "asking"
"""The line that the process writes once its libraries are loaded: from then on the server's time counts."""
_ANSWER_S = 15.0
"""Longest time for an answer. It takes some 10 ms; with 19 programs on two cores 5 s were seen to be too short."""


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """``rate`` in Hz, ``period`` in frames, ``cpu_load`` in percent; ``version``: what libjack says of itself.

    ``midi_sources``: MIDI ports of others that send; ``midi_in``: those connected to ours, None where we do not run.
    """

    rate: int
    period: int
    realtime: bool
    cpu_load: float
    version: str = ""
    midi_sources: tuple[str, ...] = ()
    midi_in: tuple[str, ...] | None = None


def ask_server(server: str, name: str = "") -> ServerFigures | None:
    """The figures of the JACK server of that name (empty: the default one), None when there is none.

    ``name``: of the sidecar's client, for its MIDI input.

    `TimeoutError` when it holds the name but does not answer.
    """
    command = [*COMMAND, server, name]
    env = {**os.environ, **QUIET_JACK}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        if process.stdout is not None:  # for type checkers: a pipe was asked for
            process.stdout.readline()  # on a busy machine the libraries take longer than any server
        try:
            answer, _ = process.communicate(timeout=_ANSWER_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise TimeoutError(f"JACK server {server or 'default'!r} does not answer") from error
    return _read_figures(answer) if process.returncode == 0 else None


def _read_figures(answer: str) -> ServerFigures:
    fields = json.loads(answer)
    midi_in = fields.pop("midi_in")
    return ServerFigures(
        **{**fields, "midi_sources": tuple(fields["midi_sources"])},
        midi_in=None if midi_in is None else tuple(midi_in),
    )


def main(arguments: list[str]) -> int:
    """Write the figures of a server as JSON; 1 without server or libjack.

    ``arguments``: its name, empty for the default one, and that of the sidecar's client.
    """
    try:
        import jack  # raises OSError where libjack is missing
    except (ImportError, OSError):
        return 1
    server, name = arguments[0] or None, arguments[1]
    sys.stdout.write(f"{ASKING}\n")
    sys.stdout.flush()
    try:
        with jack.Client(CLIENT, no_start_server=True, servername=server) as client:
            load = round(client.cpu_load(), 1)
            version = jack.version_string()
            ports = client.get_ports(is_midi=True, is_output=True)
            sources = tuple(port.name for port in ports if port.name.partition(":")[0] not in (name, CLIENT))
            own = [port for port in client.get_ports(is_midi=True, is_input=True) if port.name == f"{name}:midi_in"]
            midi_in = tuple(port.name for port in client.get_all_connections(own[0])) if own else None
            known = (client.samplerate, client.blocksize, bool(client.realtime), load, version)
            figures = ServerFigures(*known, sources, midi_in)
    except jack.JackError:
        return 1
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")
    return 0

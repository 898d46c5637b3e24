"""Fuzz target: commands of an OSCQuery WebSocket, one on each line, to the packets that its listener sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bridge.core.control import Control, Reading
from bridge.errors import ControlError
from bridge.osc.wire import decode
from bridge.oscquery.listener import LONGEST_COMMAND, MAX_EVENTS, Listener, parse_command
from tests.fuzz.target import Target
from tests.fuzz.targets.oscquery_http import make_namespace

COMMAND = '{"COMMAND": "%s", "DATA": "%s"}'
PATHS = ("/", "/stems", "/stems/vocals/gain_db", "/latency", "/mir/chord", "/log", "/stems//", "/comp/style")


def read(data: bytes, folder: Path) -> None:
    """Whatever a client sends, it gets packets that can be read, not more than there are values and events; and it
    gets none of what it ignores."""
    bus, namespace, _ = make_namespace()
    listener, refusals = Listener(namespace), list[ControlError]()
    values = {item: namespace.read_rows(item) for item in bus.registry if isinstance(item, Control | Reading)}
    for line in data.decode("utf-8", "replace").split("\n"):
        try:
            listener.carry_out(parse_command(line))
        except ControlError as error:
            refusals.append(error)
    for item, rows in values.items():
        for row in rows:
            listener.offer(item, row)
    assert listener.addresses <= {item.address for item in values}
    packets = list(listener.pop_packets())
    assert len(packets) <= sum(map(len, values.values())) + MAX_EVENTS
    assert {decode(packet)[0] for packet in packets} <= listener.addresses
    listener.carry_out(parse_command(COMMAND % ("IGNORE", "/")))
    assert not listener.addresses
    assert not list(listener.pop_packets())
    assert bus.changes == 0
    if refusals:
        raise refusals[0]


def make_seeds() -> Iterator[bytes]:
    """Commands for each kind of path, and several in a row."""
    for path in PATHS:
        yield (COMMAND % ("LISTEN", path)).encode()
    yield "\n".join(COMMAND % (name, path) for path in PATHS for name in ("LISTEN", "IGNORE")).encode()


TARGET = Target(
    name="oscquery_commands",
    read=read,
    seeds=make_seeds,
    tokens=(
        b'{"COMMAND": "', b'LISTEN"', b'IGNORE"', b', "DATA": "/', b'"}', b"\n", b"null", b"[", b"{", b"1e999", b"NaN",
        b"\\ud800", b"\\u0000", b"/stems", b"/latency", b"//", b"-0", b"true",
    ),
    modules=("bridge.oscquery.listener", "bridge.oscquery.namespace"),
    max_bytes=LONGEST_COMMAND,
    mutations=1000,
)  # fmt: skip

"""Fuzz target: OSC datagrams, through the guard and the parser to the Bus of a whole sidecar, and back as replies."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.osc import guard
from bridge.osc.dispatch import LONGEST_TEXT, Dispatch
from bridge.osc.limits import DATAGRAM_STEPS, REPLY_STEPS, Budget
from bridge.osc.wire import Message, Peer, decode, encode
from tests.fuzz.target import Target
from tests.osc.conftest import STYLE
from tests.osc.floods import FLOODS, PATTERNS
from tests.osc.hostile import REAL

PEER: Peer = ("127.0.0.1", 9000)


@functools.cache
def make_sidecar() -> tuple[Bus, Dispatch]:
    """One for all inputs: nothing that arrives may leave it in a state in which the next is not taken."""
    bus = Bus(make_sidecar_registry({"comp": [STYLE]}))
    bus.add_handler("preset.load", lambda _: None)
    bus.add_handler("transport.panic", lambda: None)
    bus.publish("latency", "drums", 1536, -1, 0, *[0] * 7)
    return bus, Dispatch(bus)


def read(data: bytes, folder: Path) -> None:
    """Every reply can be sent and read, their number and length are bounded, and no control leaves its range."""
    bus, dispatch = make_sidecar()
    budget, replies = Budget(), 0
    messages = [decode(message) for message in guard.split_messages(data)]
    for address, args in messages:
        for reply in dispatch.handle(address, args, PEER, 0.0, budget):
            check_reply(reply)
            replies += 1
    assert budget.left >= 0
    assert replies <= DATAGRAM_STEPS / REPLY_STEPS + 3 * len(messages)
    for control in bus.registry.controls:
        assert control.low <= bus.get(control.name) <= control.high


def check_reply(reply: Message) -> None:
    address, args = reply
    if address == "/pong":
        return  # what the peer gave, which OSC may not be able to carry back (a time)
    datagram = encode(address, args)
    assert [one for one, _ in map(decode, guard.split_messages(datagram))] == [address]
    assert "the log has the details" not in args, args
    assert address != "/error" or max(len(str(arg)) for arg in args) <= LONGEST_TEXT


def make_seeds() -> Iterator[bytes]:
    """Messages of each kind, and the most costly ones."""
    yield from REAL
    yield from (encode(pattern, (1,)) for pattern in PATTERNS)
    yield from (datagrams[0] for datagrams in FLOODS.values())


TARGET = Target(
    name="osc",
    read=read,
    seeds=make_seeds,
    tokens=(
        b"#bundle\0", b"/get\0\0\0\0", b"/subscribe\0\0", b"/stems/*", b"//", b"/{", b"[!", b"[a-z]", b"{,a}", b"*{,a}",
        b",ifsbhdtrmcSTFNI[]\0", b",S\0\0", b",c\0\0", b",I\0\0", b"\x7f\xc0\0\0", b"\xff\xff\xff\xfc", b"\0\0\0\0",
    ),
    modules=(
        "bridge.osc.guard", "bridge.osc.wire", "bridge.osc.pattern", "bridge.osc.dispatch", "bridge.osc.limits",
        "bridge.osc.subscriptions", "pythonosc.osc_message", "pythonosc.parsing.osc_types",
    ),
    max_bytes=guard.MAX_BYTES + 4,
    mutations=2000,
)  # fmt: skip

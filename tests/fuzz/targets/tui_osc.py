"""Fuzz target: datagrams that the terminal app receives, through its codec and link to the session."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from bridge.osc.wire import encode
from tests.fuzz.target import Target
from tests.osc.hostile import REAL
from tui.core.session import Session
from tui.wire.link import Link
from tui.wire.osc import MAX_BYTES, OscError, decode
from tui.wire.osc import encode as encode_of_app

READING = ("/controls/reading", ("/meters", "Levels.", "port", "peak_db"))
FIELDS = ("/controls/fields", ("/meters", 0, "rows", 0, "", "dB"))
CONTROL = ("/controls/control", ("/stems/bass/mute", 0.0, 1.0, 0.0, "", "switch", "Mutes."))
ANSWERS = (
    ("/sideman", ("sideman", "1", 1, "one", "host", 1, 0, "offline", 44100, "running")),
    ("/whoami", ("osc:127.0.0.1:1",)),
    READING,
    FIELDS,
    CONTROL,
    ("/controls/done", (2,)),
    ("/meters", ("in", -6.0)),
    ("/gone", ("/meters", "in")),
    ("/dropped", ("/change", 3)),
    ("/change", (1, "stems.bass.mute", 1.0, "hand")),
    ("/history/row", ("/log", 1, "info", "sideman", "text")),
    ("/done", ("1", "/preset/load", 1)),
    ("/failed", ("1", "/preset/load", "message", "hint")),
    ("/error", ("/get", "message", "hint")),
    ("/goodbye", ("it ends",)),
)


def read(data: bytes, folder: Path) -> None:
    """What is read is finite and can be sent again; no message breaks a link, whatever state it is in."""
    messages = decode(data)
    for address, args in messages:
        assert all(not isinstance(value, float) or math.isfinite(value) for value in args)
        if all(not isinstance(value, float) or abs(value) < 3e38 for value in args):
            assert decode(encode_of_app(address, args))[0][0] == address
    link = Link(Session("127.0.0.1:9123"))
    for now_s, answer in enumerate((b"", *(encode(*one) for one in ANSWERS)), 1):
        link.receive(answer, float(now_s))
        link.receive(data, float(now_s))
        link.tick(float(now_s))
        link.take_outgoing()
    for reading in link.session.registry.readings:
        link.session.read(reading)
        link.session.read_rows(reading)


def make_seeds() -> Iterator[bytes]:
    """What a sidecar sends, and what the sidecar itself was tried with."""
    yield from (encode(*one) for one in ANSWERS)
    yield from (one for one in REAL if is_readable(one))


def is_readable(datagram: bytes) -> bool:
    """Whether the app's codec takes it: it has no types that no sidecar sends."""
    try:
        decode(datagram)
    except OscError:
        return False
    return True


TARGET = Target(
    name="tui_osc",
    read=read,
    seeds=make_seeds,
    tokens=(
        b"#bundle\0", b"/controls/done\0\0", b"/get/done\0\0\0", b"/sideman\0\0\0\0", b"/clock\0\0", b"/change\0",
        b",ifhdsSTFI\0\0", b"\x7f\xc0\0\0", b"\xff\xff\xff\xfc", b"\0\0\0\0",
    ),
    modules=(
        "tui.wire.osc", "tui.wire.link", "tui.wire.questions", "tui.wire.calls", "tui.wire.retrieval",
        "tui.core.registry", "tui.core.session",
    ),
    refusals=(OscError,),
    max_bytes=min(MAX_BYTES, 9216),
    mutations=800,
)  # fmt: skip

"""Datagrams of maximal cost, one list for each kind of flood."""

from __future__ import annotations

from bridge.osc.guard import MAX_BYTES
from bridge.osc.wire import encode
from tests.osc.test_guard import bundle, nested

PATTERNS: tuple[str, ...] = (
    "/" + "*" * 255,
    "/" + "*a" * 127,
    "/" + "*{,a}" * 51,
    "/" + "*[!-~]" * 40,
    "/" + "{,a,b,c,d}*" * 23,
    "/" + "*[a-z]" * 40,
    "/" + "?" * 255,
    "/{" + "stems/vocals/gain_db," * 12 + "}",
    "/" + "/*" * 120,
    "//" + "*/" * 100,
)
"""The worst patterns that fit 256 characters."""


def fill_bundle(*messages: bytes) -> bytes:
    """A bundle that repeats ``messages`` up to the largest size."""
    made: list[bytes] = []
    while len(made) < 64 and len(bundle(*made, messages[len(made) % len(messages)])) <= MAX_BYTES:
        made.append(messages[len(made) % len(messages)])
    return bundle(*made)


def vary(pattern: str, number: int) -> str:
    """``pattern`` with a different end each time, so that no cached lookup applies."""
    return pattern[: 256 - 6] + f"{number:06}"


FLOODS: dict[str, list[bytes]] = {
    "patterns": [fill_bundle(encode(PATTERNS[0], (1,)))],
    "fresh": [fill_bundle(*(encode(vary(p, 100 * n + m), (1,)) for m, p in enumerate(PATTERNS))) for n in range(50)],
    "get": [fill_bundle(encode("/get", ("/",)))],
    "controls": [fill_bundle(encode("/controls", ()))],
    "subscribe": [fill_bundle(encode("/subscribe", ("/", 200.0)), encode("/unsubscribe", ("/",)))],
    "set": [fill_bundle(encode("/*/*/*", (0,)), encode("/*/*/*", (1,)))],
    "unknown": [fill_bundle(encode("/latency/accompaniment/reserve_frame", (1,)))],
    "wide": [encode("/ping", tuple(range(256)))],
    "long": [encode("/ping", ("a" * 9000,))],
    "deep": [nested(4), nested(900)],
    "presets": [fill_bundle(encode("/preset/load", ("karaoke",)))],
}

"""OSC message encoding and decoding. Only datagrams that passed the guard are decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.core.control import Control, Item, Value
from bridge.errors import ControlError

Peer: TypeAlias = tuple[str | int, ...]
"""A socket address: (host, port), for IPv6 followed by flow and scope."""
Args: TypeAlias = tuple[object, ...]
Message: TypeAlias = tuple[str, Args]
"""An address and its arguments."""


BUNDLE_BYTES = 1400
"""Length of a bundle that we send: Ethernet carries it in one piece."""
BUNDLE_MESSAGES = 32
"""Messages in a bundle that we send: half of what we accept ourselves."""
_BUNDLE_HEAD = b"#bundle\0" + b"\0" * 7 + b"\1"  # its time tag: at once


def encode(address: str, args: Sequence[Any]) -> bytes:
    """Encode one message. Floats have 32 bits, integers 32 or where needed 64."""
    builder = OscMessageBuilder(address)
    try:
        for arg in args:
            builder.add_arg(arg)
        datagram: bytes = builder.build().dgram
    except Exception as error:
        # python-osc raises struct's and its own errors, and a ValueError for an unknown type
        raise ControlError(f"{address}: {args!r} cannot be sent by OSC", "give numbers and words") from error
    return datagram


def decode(message: bytes) -> Message:
    """Decode one message from `guard.split_messages`."""
    parsed = OscMessage(message)
    return parsed.address, tuple(parsed.params)


def pack_bundles(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Pack encoded messages into datagrams, in order: bundles, and a message as it is where it is alone."""
    packed: list[bytes] = []
    size = len(_BUNDLE_HEAD)
    for message in messages:
        if packed and (size + 4 + len(message) > BUNDLE_BYTES or len(packed) == BUNDLE_MESSAGES):
            yield _join_bundle(packed)
            packed, size = [], len(_BUNDLE_HEAD)
        packed.append(message)
        size += 4 + len(message)
    if packed:
        yield _join_bundle(packed)


def _join_bundle(messages: Sequence[bytes]) -> bytes:
    if len(messages) == 1:
        return messages[0]
    return _BUNDLE_HEAD + b"".join(part for one in messages for part in (len(one).to_bytes(4, "big"), one))


def to_wire_values(item: Item, values: Sequence[Value]) -> tuple[Value, ...]:
    """Convert ``values`` for sending: whole-number controls send integers."""
    if isinstance(item, Control) and item.kind in {"integer", "switch", "choice"}:
        return tuple(int(value) for value in values)
    return tuple(values)


def format_source(peer: Peer) -> str:
    """Format a peer as the source of a change."""
    return f"osc:{peer[0]}:{peer[1]}"

"""Messages as bytes and back. What is decoded here has passed the guard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.control.spec import Control, Item, Value
from bridge.errors import ControlError

Peer: TypeAlias = tuple[str | int, ...]
"""A socket address: (host, port), for IPv6 with flow and scope behind."""
Args: TypeAlias = tuple[object, ...]
Message: TypeAlias = tuple[str, Args]
"""An address and its arguments."""


def encode(address: str, args: Sequence[Any]) -> bytes:
    """The datagram of one message. Floats travel as 32 bits, whole numbers as 32 or where needed 64."""
    builder = OscMessageBuilder(address)
    try:
        for arg in args:
            builder.add_arg(arg)
        datagram: bytes = builder.build().dgram
    except Exception as error:
        # python-osc lets struct's and its own errors through, and a plain ValueError for a foreign type
        raise ControlError(f"{address}: {args!r} cannot be sent by OSC", "give numbers and words") from error
    return datagram


def decode(message: bytes) -> Message:
    """The address and arguments of one message that `guard.messages` gave."""
    parsed = OscMessage(message)
    return parsed.address, tuple(parsed.params)


def outgoing(item: Item, values: Sequence[Value]) -> tuple[Value, ...]:
    """``values`` as they are sent: a control that knows whole numbers only sends an integer."""
    if isinstance(item, Control) and item.kind in {"integer", "switch", "choice"}:
        return tuple(int(value) for value in values)
    return tuple(values)


def source_of(peer: Peer) -> str:
    """How a peer is named as the source of a change."""
    return f"osc:{peer[0]}:{peer[1]}"

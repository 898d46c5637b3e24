"""OSC codec of the terminal app: messages to datagrams and back, from the standard library alone.

Of OSC 1.0 it reads what a sidecar sends: numbers, words and truth values, in messages and bundles. Every datagram is
checked before anything of it is used; what is malformed or has another type is refused.
"""

from __future__ import annotations

import math
import struct
from typing import TypeAlias

from tui.core.registry import Args, Value

Message: TypeAlias = tuple[str, Args]
"""An address and its arguments."""

MAX_BYTES = 65_507
"""The largest payload of UDP over IPv4."""
MAX_DEPTH = 4
"""Nesting of bundles, as the sidecar allows."""
MAX_MESSAGES = 1024
"""Messages of one datagram; the sidecar sends one in each."""

_BUNDLE = b"#bundle\0"
_HEAD_BYTES = 16
"""A bundle's name and time tag."""
_NUMBERS = {tag: struct.Struct(">" + code) for tag, code in {"i": "i", "h": "q", "f": "f", "d": "d"}.items()}
_CONSTANTS: dict[str, Value] = {"T": True, "F": False, "I": True}
_MIN_32, _MAX_32 = -(2**31), 2**31 - 1


class OscError(ValueError):
    """A datagram is malformed, or a value cannot be sent."""


def encode(address: str, args: Args = ()) -> bytes:
    """One message as a datagram. Floats have 32 bits, whole numbers 32 or where needed 64.

    Raises:
        OscError: OSC cannot carry a value: a number that is too large or not finite, a text with a zero character.
    """
    tags, parts = [","], []
    try:
        for value in args:
            if isinstance(value, bool):
                tags.append("T" if value else "F")
            elif isinstance(value, int):
                tag = "i" if _MIN_32 <= value <= _MAX_32 else "h"
                tags.append(tag)
                parts.append(_NUMBERS[tag].pack(value))
            elif isinstance(value, float):
                if not math.isfinite(value):
                    raise OscError(f"{address}: {value} cannot be sent; give a finite number")
                tags.append("f")
                parts.append(_NUMBERS["f"].pack(value))
            else:
                tags.append("s")
                parts.append(_encode_text(value))
        return b"".join((_encode_text(address), _encode_text("".join(tags)), *parts))
    except (struct.error, OverflowError) as error:
        raise OscError(f"{address}: a number is too large; give a smaller one") from error


def encode_bundle(datagrams: list[bytes]) -> bytes:
    """Several encoded messages as one datagram, which the sidecar carries out in order."""
    sized = (part for one in datagrams for part in (len(one).to_bytes(4, "big"), one))
    return b"".join((_BUNDLE, b"\0\0\0\0\0\0\0\1", *sized))


def decode(datagram: bytes) -> list[Message]:
    """The messages of ``datagram``, in order; time tags are ignored.

    Raises:
        OscError: Anything of it is malformed, too deep, or of a type that no sidecar sends.
    """
    if not datagram or len(datagram) % 4 or len(datagram) > MAX_BYTES:
        raise OscError(f"{len(datagram)} bytes are no OSC packet")
    if not datagram.startswith(_BUNDLE):
        return [_decode_message(datagram, 0, len(datagram))]
    messages: list[Message] = []
    pending = [(0, len(datagram), 1)]  # elements that are still to be read, last first: start, end, depth
    while pending:
        start, end, depth = pending.pop()
        if not datagram.startswith(_BUNDLE, start, end):
            messages.append(_decode_message(datagram, start, end))
        elif depth > MAX_DEPTH:
            raise OscError("bundles are nested too deep")
        else:
            inner = _split_bundle(datagram, start, end)
            pending.extend((first, last, depth + 1) for first, last in reversed(inner))
        if len(messages) + len(pending) > MAX_MESSAGES:
            raise OscError("too many messages in a datagram")
    return messages


def _split_bundle(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    if end - start < _HEAD_BYTES:
        raise OscError("a bundle ends before its time tag")
    inner: list[tuple[int, int]] = []
    at = start + _HEAD_BYTES
    while at < end:
        size = int.from_bytes(data[at : at + 4], "big")
        at += 4
        if size < 4 or size % 4 or at + size > end:
            raise OscError(f"an element of a bundle has size {size}")
        inner.append((at, at + size))
        at += size
    return inner


def _decode_message(data: bytes, start: int, end: int) -> Message:
    address, at = _decode_text(data, start, end)
    if not address.startswith("/"):
        raise OscError(f"{address[:32]!r} is no address")
    if at == end:
        return address, ()
    tags, at = _decode_text(data, at, end)
    if not tags.startswith(","):
        raise OscError("the type tags are missing")
    values: list[Value] = []
    for tag in tags[1:]:
        if tag == "s" or tag == "S":
            text, at = _decode_text(data, at, end)
            values.append(text)
        elif tag in _NUMBERS:
            packed = _NUMBERS[tag]
            if at + packed.size > end:
                raise OscError(f"an argument of type {tag} is cut off")
            (number,) = packed.unpack_from(data, at)
            if not math.isfinite(number):
                raise OscError(f"{number} is not a finite number")
            values.append(number)
            at += packed.size
        elif tag in _CONSTANTS:
            values.append(_CONSTANTS[tag])
        else:
            raise OscError(f"no sidecar sends the type {tag!r}")
    if at != end:
        raise OscError(f"{end - at} bytes after the last argument")
    return address, tuple(values)


def _encode_text(text: str) -> bytes:
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise OscError(f"{text[:32]!r} is no text that can be sent") from error
    if b"\0" in data:
        raise OscError(f"{text[:32]!r} has a zero character; leave it out")
    return data + b"\0" * (4 - len(data) % 4)


def _decode_text(data: bytes, at: int, end: int) -> tuple[str, int]:
    """The text at ``at`` and the start of what follows."""
    stop = data.find(b"\0", at, end)
    if stop < 0:
        raise OscError("a text does not end")
    following = stop + 4 - (stop - at) % 4
    if following > end or any(data[stop:following]):
        raise OscError("a text is not padded")
    try:
        return data[at:stop].decode("utf-8"), following
    except UnicodeDecodeError as error:
        raise OscError("a text is not UTF-8") from error

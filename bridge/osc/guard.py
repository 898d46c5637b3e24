"""What a datagram must be before a parser sees it.

python-osc 1.10 loops for ever on a bundle with a negative element size, recurses as deep as the sender
likes, and delivers NaN. So every datagram is checked here first, in one pass over its bytes, without recursion and
without looking at what a time tag says: bundles are carried out at once, whatever their date.

Three types of OSC that python-osc does not read leave here as one that it does: a symbol and a character as a string,
an impulse (a button that was pressed) as true.
"""

from __future__ import annotations

import math
import struct

from bridge.errors import BridgeError

MAX_BYTES = 9216
"""The largest UDP datagram that macOS sends by default; nothing of ours comes near."""
MAX_DEPTH = 4
"""Bundles in bundles, and arrays in arrays."""
MAX_ELEMENTS = 64
"""Messages and bundles in one datagram, all levels together."""
MAX_ARGUMENTS = 256
"""Type tags of one message; most take no more than their own byte, and each costs time."""

_BUNDLE = b"#bundle\0"
_HEAD_BYTES = 16
"""A bundle's name and time tag."""
_SIZES = {
    "i": 4, "f": 4, "r": 4, "m": 4, "c": 4, "h": 8, "d": 8, "t": 8, "T": 0, "F": 0, "N": 0, "I": 0,
}  # fmt: skip
"""Bytes of each argument of fixed size; strings, symbols, blobs and arrays are apart."""
_PLAIN = str.maketrans("ScI", "ssT")
"""What python-osc does not read, as what it does."""


class GuardError(BridgeError):
    """A datagram that is not well-formed OSC within our bounds."""


def check(datagram: bytes) -> None:
    """Raise `GuardError` unless every element of ``datagram`` is well-formed and within bounds."""
    messages(datagram)


def messages(datagram: bytes) -> list[bytes]:
    """The messages of ``datagram`` in order, each checked, bundles opened and their time tags ignored.

    Their types are those of OSC 1.0 alone: symbols and characters are strings, an impulse is true.

    Raises:
        GuardError: something in it is not well-formed or out of bounds.
    """
    if not datagram or len(datagram) % 4:
        raise GuardError(f"{len(datagram)} bytes are no OSC packet", "a packet's length is a multiple of 4")
    if len(datagram) > MAX_BYTES:
        raise GuardError("a datagram is too long", f"send at most {MAX_BYTES} bytes")
    found: list[bytes] = []
    elements = 0
    # what is still to be read, last first: start, end, depth
    pending = [(0, len(datagram), 1)]
    while pending:
        start, end, depth = pending.pop()
        if not datagram.startswith(_BUNDLE, start, end):
            found.append(_message(datagram, start, end))
            continue
        if depth > MAX_DEPTH:
            raise GuardError("bundles are nested too deep", f"nest at most {MAX_DEPTH}")
        inner = _inside(datagram, start, end, MAX_ELEMENTS - elements)
        elements += len(inner)
        pending.extend((first, last, depth + 1) for first, last in reversed(inner))
    return found


def _inside(data: bytes, start: int, end: int, room: int) -> list[tuple[int, int]]:
    """Where the elements of the bundle at ``start`` lie; more than ``room`` of them are an error."""
    if end - start < _HEAD_BYTES:
        raise GuardError("a bundle ends before its time tag", "send the eight bytes of the time tag")
    inner: list[tuple[int, int]] = []
    at = start + _HEAD_BYTES
    while at < end:
        # sizes are multiples of 4, so four bytes are always left here
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size < 4 or size % 4 or at + size > end:
            raise GuardError(f"a bundle's element has size {size}", "give a multiple of 4 that fits the bundle")
        if len(inner) == room:
            raise GuardError("too many elements", f"send at most {MAX_ELEMENTS} in a datagram")
        inner.append((at, at + size))
        at += size
    return inner


def _message(data: bytes, start: int, end: int) -> bytes:
    """The message there, checked, in plain types."""
    address, at = _string(data, start, end)
    if not address.startswith("/"):
        raise GuardError(f"{address[:32]!r} is no address", "an address begins with /")
    if at == end:
        # very old senders leave the type tags out where there are no arguments
        return data[start:end]
    first = at
    tags, at = _string(data, at, end)
    if not tags.startswith(","):
        raise GuardError("the type tags are missing", "send a string that begins with , behind the address")
    if len(tags) > MAX_ARGUMENTS + 1:
        raise GuardError(f"{len(tags) - 1} type tags are too many", f"send at most {MAX_ARGUMENTS}")
    depth, characters = 0, []
    for tag in tags[1:]:
        if tag in "[]":
            depth += 1 if tag == "[" else -1
            if not 0 <= depth <= MAX_DEPTH:
                raise GuardError("unbalanced or too deep arrays", f"nest at most {MAX_DEPTH}")
        else:
            if tag == "c":
                characters.append(at)
            at = _argument(data, at, end, tag)
    if depth:
        raise GuardError("an array is not closed", "balance the brackets of the type tags")
    if at != end:
        raise GuardError(f"{end - at} bytes behind the last argument", "send what the type tags say")
    plain = tags.translate(_PLAIN)
    if plain == tags:
        return data[start:end]
    made = bytearray(data[start:end])
    made[first - start : first - start + len(plain)] = plain.encode()
    for place in characters:
        made[place - start : place - start + 4] = data[place + 3 : place + 4] + b"\0\0\0"  # as long as a string of one
    return bytes(made)


def _argument(data: bytes, at: int, end: int, tag: str) -> int:
    """Check the argument at ``at`` and return where the next one begins."""
    if tag in "sS":
        return _string(data, at, end)[1]
    if tag == "b":
        return _blob(data, at, end)
    size = _SIZES.get(tag)
    if size is None:
        raise GuardError(f"unknown type tag {tag!r}", f"use {' '.join(_SIZES)} s S b [ ]")
    if at + size > end:
        raise GuardError(f"the argument of type {tag} is cut off", "send what the type tags say")
    if tag in "fd":
        (number,) = struct.unpack_from(">" + tag, data, at)
        if not math.isfinite(number):
            raise GuardError(f"{number} is not a finite number", "send numbers only")
    if tag == "c" and not 1 <= struct.unpack_from(">i", data, at)[0] <= 127:
        raise GuardError("a character is not ASCII", "send others in a string")
    return at + size


def _string(data: bytes, at: int, end: int) -> tuple[str, int]:
    """The string at ``at`` and where what follows it begins."""
    stop = data.find(b"\0", at, end)
    if stop < 0:
        raise GuardError("a string does not end", "end strings with a zero byte")
    following = stop + 4 - (stop - at) % 4
    if following > end or any(data[stop:following]):
        raise GuardError("a string is not padded", "pad strings with zero bytes to a multiple of 4")
    try:
        return data[at:stop].decode("utf-8"), following
    except UnicodeDecodeError as error:
        raise GuardError("a string is not UTF-8", "send UTF-8") from error


def _blob(data: bytes, at: int, end: int) -> int:
    if at + 4 > end:
        raise GuardError("a blob's size is cut off", "send what the type tags say")
    size: int = struct.unpack_from(">i", data, at)[0]
    following = at + 4 + size + (-size % 4)
    if size < 0 or following > end:
        raise GuardError(f"a blob has size {size}", "give a size that fits the message")
    return following

"""Datagram validation, before the OSC parser.

python-osc 1.10 loops for ever on a bundle with a negative element size, recurses without limit, and delivers NaN. So
every datagram is validated first, in one pass over its bytes, without recursion. Time tags are ignored: bundles are
executed at once.

Three OSC types that python-osc does not read are converted to ones that it does: a symbol and a character to a string,
an impulse (a button press) to true.
"""

from __future__ import annotations

import math
import struct

from bridge.errors import BridgeError

MAX_BYTES = 9216
"""The largest UDP datagram that macOS sends by default; our own are far smaller."""
MAX_DEPTH = 4
"""Nesting of bundles, and of arrays."""
MAX_ELEMENTS = 64
"""Messages and bundles in one datagram, over all levels."""
MAX_ARGUMENTS = 256
"""Type tags of one message: many have no data, but each costs time."""

_BUNDLE = b"#bundle\0"
_HEAD_BYTES = 16
"""A bundle's name and time tag."""
_SIZES = {
    "i": 4, "f": 4, "r": 4, "m": 4, "c": 4, "h": 8, "d": 8, "t": 8, "T": 0, "F": 0, "N": 0, "I": 0,
}  # fmt: skip
"""Argument sizes in bytes; strings, symbols, blobs and arrays have variable size."""
_PLAIN = str.maketrans("ScI", "ssT")
"""Types that python-osc does not read, and their replacements."""


class GuardError(BridgeError):
    """A datagram is malformed, or exceeds the limits."""


def check(datagram: bytes) -> None:
    """Raise `GuardError` unless every element of ``datagram`` is well-formed and within limits."""
    split_messages(datagram)


def split_messages(
    datagram: bytes, *, largest_bytes: int = MAX_BYTES, most_arguments: int = MAX_ARGUMENTS
) -> list[bytes]:
    """Split ``datagram`` into its messages, in order, each validated; time tags are ignored.

    All types are those of OSC 1.0: symbols and characters become strings, an impulse becomes true. ``largest_bytes``
    and ``most_arguments``: the limits, for a peer that sends long lists.

    Raises:
        GuardError: an element is malformed or exceeds a limit.
    """
    if not datagram or len(datagram) % 4:
        raise GuardError(f"{len(datagram)} bytes are no OSC packet", "a packet's length is a multiple of 4")
    if len(datagram) > largest_bytes:
        raise GuardError("a datagram is too long", f"send at most {largest_bytes} bytes")
    found: list[bytes] = []
    elements = 0
    # elements still to be read, last first: start, end, depth
    pending = [(0, len(datagram), 1)]
    while pending:
        start, end, depth = pending.pop()
        if not datagram.startswith(_BUNDLE, start, end):
            found.append(_check_message(datagram, start, end, most_arguments))
            continue
        if depth > MAX_DEPTH:
            raise GuardError("bundles are nested too deep", f"nest at most {MAX_DEPTH}")
        inner = _split_bundle(datagram, start, end, MAX_ELEMENTS - elements)
        elements += len(inner)
        pending.extend((first, last, depth + 1) for first, last in reversed(inner))
    return found


def _split_bundle(data: bytes, start: int, end: int, room: int) -> list[tuple[int, int]]:
    """Start and end of each element of the bundle at ``start``; more than ``room`` are an error."""
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


def _check_message(data: bytes, start: int, end: int, most_arguments: int) -> bytes:
    """Validate the message and convert it to OSC 1.0 types."""
    address, at = _read_string(data, start, end)
    if not address.startswith("/"):
        raise GuardError(f"{address[:32]!r} is no address", "an address begins with /")
    if at == end:
        # very old senders omit the type tags of a message without arguments
        return data[start:end]
    first = at
    tags, at = _read_string(data, at, end)
    if not tags.startswith(","):
        raise GuardError("the type tags are missing", "send a string that begins with , after the address")
    if len(tags) > most_arguments + 1:
        raise GuardError(f"{len(tags) - 1} type tags are too many", f"send at most {most_arguments}")
    depth, characters = 0, []
    for tag in tags[1:]:
        if tag in "[]":
            depth += 1 if tag == "[" else -1
            if not 0 <= depth <= MAX_DEPTH:
                raise GuardError("unbalanced or too deep arrays", f"nest at most {MAX_DEPTH}")
        else:
            if tag == "c":
                characters.append(at)
            at = _check_argument(data, at, end, tag)
    if depth:
        raise GuardError("an array is not closed", "balance the brackets of the type tags")
    if at != end:
        raise GuardError(f"{end - at} bytes after the last argument", "send what the type tags say")
    plain = tags.translate(_PLAIN)
    if plain == tags:
        return data[start:end]
    made = bytearray(data[start:end])
    made[first - start : first - start + len(plain)] = plain.encode()
    for place in characters:
        made[place - start : place - start + 4] = data[place + 3 : place + 4] + b"\0\0\0"  # as long as a string of one
    return bytes(made)


def _check_argument(data: bytes, at: int, end: int, tag: str) -> int:
    """Validate the argument at ``at``; returns the start of the next one."""
    if tag in "sS":
        return _read_string(data, at, end)[1]
    if tag == "b":
        return _skip_blob(data, at, end)
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


def _read_string(data: bytes, at: int, end: int) -> tuple[str, int]:
    """Read the string at ``at``; returns it and the start of what follows."""
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


def _skip_blob(data: bytes, at: int, end: int) -> int:
    if at + 4 > end:
        raise GuardError("a blob's size is cut off", "send what the type tags say")
    size: int = struct.unpack_from(">i", data, at)[0]
    following = at + 4 + size + (-size % 4)
    if size < 0 or following > end:
        raise GuardError(f"a blob has size {size}", "give a size that fits the message")
    return following

"""Pipe messages between a process and the child that runs a model for it: a header and named arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import IO, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

MOST_HEADER = 1 << 24
"""Largest header in bytes; that of a graph with ten thousand tensors has a megabyte."""
MOST_NUMBERS = 1 << 28
"""Most numbers in one array; two minutes of twelve stereo stems are half of it."""
KINDS = ("float32", "float16", "float64", "int64", "int32", "bool")
NIL = b"\xc0"
"""Nothing, in MessagePack."""
_LENGTH = 4
_PART = 1 << 20


class ArrayHeader(msgspec.Struct, frozen=True):
    """Name, type and shape of an array."""

    name: str
    kind: str
    shape: tuple[int, ...]


class MessageHeader(msgspec.Struct, frozen=True):
    """``error`` and ``fix``: an error and its hint, both empty where there is none. ``payload``: any encoded object."""

    arrays: tuple[ArrayHeader, ...] = ()
    error: str = ""
    fix: str = ""
    payload: msgspec.Raw = msgspec.Raw(NIL)


def write_message(file: IO[bytes], header: MessageHeader, arrays: Mapping[str, Array] | None = None) -> None:
    """Write ``header`` with ``arrays``, and flush. Raises ValueError where an array has more than MOST_NUMBERS."""
    given = arrays or {}
    heads = tuple(ArrayHeader(name, array.dtype.name, array.shape) for name, array in given.items())
    for head in heads:
        _check(head)
    data = msgspec.msgpack.encode(msgspec.structs.replace(header, arrays=heads))
    file.write(len(data).to_bytes(_LENGTH, "little"))
    file.write(data)
    for array in given.values():
        file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    file.flush()


def read_message(file: IO[bytes]) -> tuple[MessageHeader, dict[str, Array]]:
    """Read the next message. Raises: EOFError at the end, ValueError (also msgspec's) where it is invalid."""
    length = int.from_bytes(_read_exactly(file, _LENGTH), "little")
    if length > MOST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    header = msgspec.msgpack.decode(_read_exactly(file, length), type=MessageHeader)
    arrays: dict[str, Array] = {}
    for head in header.arrays:
        _check(head)
        array = np.empty(head.shape, head.kind)
        _read_into(file, array.reshape(-1).view(np.uint8))
        arrays[head.name] = array
    return header, arrays


def _check(head: ArrayHeader) -> None:
    if head.kind not in KINDS or any(size < 0 for size in head.shape) or math.prod(head.shape) > MOST_NUMBERS:
        raise ValueError(f"{head.name}: {head.kind} of shape {head.shape}: more than {MOST_NUMBERS:,} numbers, or none")


def _read_exactly(file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _read_into(file: IO[bytes], into: NDArray[np.uint8]) -> None:
    """Read into the bytes of an array; a pipe gives partial reads."""
    at = 0
    while at < into.size:
        data = file.read(min(into.size - at, _PART))
        if not data:
            raise EOFError
        into[at : at + len(data)] = np.frombuffer(data, np.uint8)
        at += len(data)

"""Recordings: the datagrams of a session with their times, in a compressed file of JSON lines.

The first line says what the file is. Each other line is a datagram, ``[seconds, "in" or "out", channel, address,
arguments...]``, one that is malformed, ``[seconds, "raw", channel, hexadecimal]``, or a new state of the connection,
``[seconds, "state", 0, state]``. The file is complete up to the last second at any time, so that one whose writer was
killed can be read.
"""

from __future__ import annotations

import json
import math
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tui.core.registry import Args, Value
from tui.wire.link import Link
from tui.wire.osc import OscError, decode

FORMAT = "sideman recording"
VERSION = 1
FLUSH_S = 1.0
"""At most so much is lost where the writer is killed."""
GZIP = 16 + zlib.MAX_WBITS
"""Tells zlib that the file is a gzip file, which other programs open too."""
LEVEL = 6
LARGEST_BYTES = 1 << 30
"""Largest size of the text of a recording; an hour with meters has some 100 MiB."""
CHUNK_BYTES = 1 << 16
MAX_32 = 3.4e38
"""A little below the largest number of 32 bits."""
PRECISE = 9
"""Digits that keep each number of 32 bits."""


class RecordingError(ValueError):
    """A recording cannot be written, or is none."""


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A line of a recording. ``direction``: in, out, raw or state."""

    at_s: float
    direction: str
    channel: int
    address: str
    args: Args


class Recorder:
    """Writer of a recording of ``link`` while the context is open. ``path`` must not be there yet.

    Raises:
        RecordingError: The file is there already, or cannot be written.
    """

    def __init__(self, path: Path, link: Link) -> None:
        self._path = path
        self._link = link
        self._packer = zlib.compressobj(LEVEL, wbits=GZIP)
        self._start_s: float | None = None
        self._flushed_s = 0.0
        self.problem = ""
        """Why the recording ended early; empty where it goes on."""

    def __enter__(self) -> Recorder:
        try:
            self._file = self._path.open("xb", buffering=0)
        except FileExistsError as error:
            raise RecordingError(f"{self._path} is there already; give another name") from error
        except OSError as error:
            raise RecordingError(f"{self._path} cannot be written ({error.strerror}); give another folder") from error
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._write({FORMAT: VERSION, "peer": self._link.session.peer, "started": started}, flush=True)
        self._link.observe = self._take_datagram
        self._link.on_state = lambda state, now_s: self._add(now_s, "state", 0, [state])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.observe = lambda _way, _channel, _datagram, _now_s: None
        self._link.on_state = lambda _state, _now_s: None
        self._put(self._packer.flush(zlib.Z_FINISH))
        self._file.close()

    def _take_datagram(self, direction: str, channel: int, datagram: bytes, now_s: float) -> None:
        try:
            messages = decode(datagram)
        except OscError:
            self._add(now_s, "raw", channel, [datagram.hex()])
            return
        for address, args in messages:
            shown = ["*" for _ in args] if address == "/auth" else [_shorten(value) for value in args]
            self._add(now_s, direction, channel, [address, *shown])

    def _add(self, now_s: float, direction: str, channel: int, rest: list[Value]) -> None:
        if not math.isfinite(now_s):
            return
        if self._start_s is None:
            self._start_s = self._flushed_s = now_s
        flush = now_s - self._flushed_s >= FLUSH_S
        if flush:
            self._flushed_s = now_s
        self._write([round(now_s - self._start_s, 3), direction, channel, *rest], flush)

    def _write(self, line: object, flush: bool) -> None:
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
        packed = self._packer.compress(text.encode("utf-8", "surrogatepass"))
        self._put(packed + self._packer.flush(zlib.Z_SYNC_FLUSH) if flush else packed)

    def _put(self, data: bytes) -> None:
        if self.problem:
            return
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:  # a full disk: the app goes on without a recording
            self.problem = f"{self._path}: the recording ends here ({error.strerror})"
            self._link.notice(self.problem, "error")


def _shorten(value: Value) -> Value:
    """A number of 32 bits in as many digits as it needs."""
    return float(f"{value:.{PRECISE}g}") if isinstance(value, float) else value


def _widen(value: Value) -> Value:
    """The number of 32 bits that `_shorten` wrote, to the last bit."""
    if not isinstance(value, float) or not abs(value) < MAX_32:
        return value
    (exact,) = struct.unpack("f", struct.pack("f", value))
    return float(exact)


def read_recording(path: Path) -> Iterator[RecordedMessage]:
    """The entries of the recording at ``path``, up to where it is readable.

    Raises:
        RecordingError: It is no recording, or cannot be read.
    """
    number = 0
    for number, line in enumerate(_read_lines(path), 1):
        try:
            found = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise RecordingError(f"{path}: line {number} is no JSON; record it again") from error
        if number == 1:
            if not isinstance(found, dict) or found.get(FORMAT) != VERSION:
                raise RecordingError(f"{path} is no recording that this version reads; record it by --record")
        else:
            yield _read_entry(found, f"{path}: line {number}")
    if not number:
        raise RecordingError(f"{path} is empty")


def _refuse_constant(word: str) -> float:
    """NaN and infinity, which no sidecar sends."""
    raise ValueError(word)


def _read_entry(found: object, place: str) -> RecordedMessage:
    match found:
        case [int() | float() as at_s, str() as direction, int() as channel, str() as address, *args] if at_s >= 0:
            known = tuple(_widen(value) for value in args if isinstance(value, bool | int | float | str))
            if len(known) == len(args):
                return RecordedMessage(float(at_s), direction, channel, address, known)
    raise RecordingError(f"{place} is no entry of a recording")


def _read_lines(path: Path) -> Iterator[str]:
    """The lines of the packed text; one that is cut off at the end is left out."""
    unpacker = zlib.decompressobj(wbits=GZIP)
    rest, size = b"", 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                text = unpacker.decompress(chunk, CHUNK_BYTES)
                while text:
                    size += len(text)
                    if size > LARGEST_BYTES:
                        raise RecordingError(f"{path} is larger than 1 GiB unpacked")
                    *lines, rest = (rest + text).split(b"\n")
                    yield from (line.decode("utf-8", "replace") for line in lines)
                    text = unpacker.decompress(unpacker.unconsumed_tail, CHUNK_BYTES)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read ({error.strerror})") from error
    except zlib.error as error:
        if not size:
            raise RecordingError(f"{path} is no recording ({error})") from error


def parse_time(text: str) -> float:
    """Seconds of ``SECONDS``, ``MINUTES:SECONDS`` or ``HOURS:MINUTES:SECONDS``.

    Raises:
        RecordingError: It is no time.
    """
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or not all(math.isfinite(part) and part >= 0 for part in parts):
        raise RecordingError(f"{text} is no time; give MINUTES:SECONDS, such as 12:30")
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds

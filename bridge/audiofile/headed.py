"""Header replacement: samples of a file with a new header in front, for a library that trusts the header."""

from __future__ import annotations

import io
import struct

from bridge.audiofile.window import Window

_MOST_BYTES = (1 << 32) - 100


class HeadedWindow(Window):
    """``head``, followed by the bytes of ``window``."""

    def __init__(self, head: bytes, window: Window) -> None:
        super().__init__(io.BytesIO(head), 0, len(head) + window.size)
        self._head, self._body = head, window

    def read(self, size: int | None = -1, /) -> bytes:
        left = self.end - self._at
        wanted = left if size is None or size < 0 else min(size, left)
        data = self._head[self._at : self._at + wanted]
        if len(data) < wanted:
            data += self._body.read_at(self._at + len(data) - len(self._head), wanted - len(data))
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self.read(len(buffer))
        except OSError as error:
            self.error = error
            return 0
        buffer[: len(data)] = data
        return len(data)


def wrap_in_wav(fmt: bytes, samples: Window) -> HeadedWindow | None:
    """Wrap ``samples`` in a WAV header with format chunk ``fmt`` and correct sizes; None where they are too long."""
    if samples.size > _MOST_BYTES:
        return None
    fields = fmt + b"\0" * (len(fmt) % 2)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fields + b"data" + struct.pack("<I", samples.size)
    return HeadedWindow(b"RIFF" + struct.pack("<I", len(body) + samples.size) + body, samples)

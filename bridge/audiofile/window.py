"""Window: a byte range of an open file as a file of its own, for libraries that read to the end of a file."""

from __future__ import annotations

import io
from typing import BinaryIO


class Window(io.RawIOBase):
    """Bytes ``start`` to ``end`` of ``file``. Any number of windows may share a file; none closes it.

    ``error``: a read error inside a library that cannot propagate exceptions; the bytes end there.
    """

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        self._file, self.start, self.end = file, start, max(end, start)
        self._at = self.start
        self.error: OSError | None = None

    @property
    def size(self) -> int:
        """In bytes."""
        return self.end - self.start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at - self.start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: self.start, io.SEEK_CUR: self._at, io.SEEK_END: self.end}[whence]
        self._at = min(max(origin + offset, self.start), self.end)
        return self.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into ``buffer``; 0 bytes at the end, and where the file cannot be read."""
        wanted = min(len(buffer), self.end - self._at)
        if wanted <= 0:
            return 0
        try:
            self._file.seek(self._at)
            data = self._file.read(wanted)
        except OSError as error:
            self.error = error
            return 0
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes; -1: all that is left. Raises: OSError."""
        left = self.end - self._at
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted <= 0:
            return b""
        self._file.seek(self._at)
        data = self._file.read(wanted)
        self._at += len(data)
        return data

    def read_at(self, offset: int, size: int) -> bytes:
        """Read up to ``size`` bytes from ``offset`` on; the next `read` continues after them. Raises: OSError."""
        self.seek(offset)
        return self.read(size)

    def slice(self, start: int, end: int | None = None) -> Window:
        """A window on bytes ``start`` to ``end`` of this one."""
        last = self.end if end is None else min(self.start + end, self.end)
        return Window(self._file, min(self.start + start, self.end), last)

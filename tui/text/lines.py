"""Lines that are typed, or come from a pipe or a file, as soon as they are there."""

from __future__ import annotations

import contextlib
import os
import selectors

CHUNK_BYTES = 4096
LONGEST_LINE = 4096


class LineReader:
    """Lines from a descriptor. None: the input is closed, and no lines ever come.

    Attributes:
        is_done: Whether the user ended the input, or a pipe or a file came to its end and gave lines before.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._lines: list[str] = []
        self._has_lines = False
        self._is_over = descriptor is None

    @property
    def is_done(self) -> bool:
        """Whether the input ended and all of its lines were taken."""
        return self._is_over and not self._lines and self._has_lines

    def register(self, selector: selectors.BaseSelector) -> None:
        """Wait for the descriptor too; a file is read at once, as it cannot be waited for."""
        if self._descriptor is None:
            return
        try:
            selector.register(self._descriptor, selectors.EVENT_READ, None)
        except PermissionError:
            while not self._is_over:
                self.receive(None)
        except (ValueError, OSError):
            self._is_over = True

    def receive(self, selector: selectors.BaseSelector | None) -> None:
        """Read what is there."""
        if self._descriptor is None:
            return
        try:
            data = os.read(self._descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._is_over = True
            self._has_lines = self._has_lines or bool(self._rest) or self._is_terminal()
            self._rest, rest = b"", self._rest
            data = rest + b"\n" if rest else b""
            if selector is not None:
                with contextlib.suppress(KeyError, ValueError):
                    selector.unregister(self._descriptor)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[:LONGEST_LINE]
        self._lines += [line.decode("utf-8", "replace") for line in lines]
        self._has_lines = self._has_lines or bool(lines)

    def _is_terminal(self) -> bool:
        try:
            return self._descriptor is not None and os.isatty(self._descriptor)
        except OSError:
            return False

    def take_line(self, urgent: tuple[str, ...] = (), only_urgent: bool = False) -> str | None:
        """The next line; None where none came. One of ``urgent`` comes before the others."""
        at = next((number for number, line in enumerate(self._lines) if line.strip().casefold() in urgent), None)
        if at is None and (only_urgent or not self._lines):
            return None
        return self._lines.pop(at or 0)

"""Printer: the one console that commands print with. Data is printed as it is, never read as markup or emoji.

A style is given with `rich.text.Text` or ``style=``. Characters that would steer a terminal or turn the direction of
a line are shown escaped, whatever they came in with: names of files, tags, ports, presets.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import TextColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text, TextType

from bridge.errors import BridgeError
from bridge.streams import (
    ClosedPipeError,
    OutputError,
    discard,
    encodable,
    flush,
    one_line,
    output_error,
    prepare_streams,
    visible,
)

__all__ = ["FAILED", "WRONG_USE", "Printer", "columns", "exit_after", "one_line", "progress_text", "visible"]

FAILED, WRONG_USE, INTERRUPTED, CLOSED_PIPE = 1, 2, 130, 141
"""Exit statuses. 130 and 141 are what a shell says of a program that SIGINT and SIGPIPE ended."""


class _PlainStatus(Status):
    """One whose text is no markup."""

    def __init__(self, status: RenderableType, **options: Any) -> None:
        super().__init__(_plain(status), **options)

    def update(self, status: RenderableType | None = None, **options: Any) -> None:
        super().update(None if status is None else _plain(status), **options)


def _plain(text: RenderableType) -> RenderableType:
    return Text(text) if isinstance(text, str) else text


class Printer(Console):
    """A Rich console without markup, emoji codes and highlighting, for any encoding.

    Raises: OutputError where standard output takes nothing. What standard error does not take is dropped: progress
    and remarks are no reason to end the work that they are about.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    @property
    def encoding(self) -> str:
        """Of the stream that is written to; with one that is no Unicode, Rich draws its boxes in ASCII."""
        return (getattr(self.file, "encoding", None) or "utf-8").lower()

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(self._make_encodable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Any:
        if isinstance(renderable, Text):
            renderable = self._make_encodable_text(renderable)
        return super().render(renderable, options)

    def status(self, status: RenderableType, **options: Any) -> Status:
        spinner = "dots" if self.encoding.startswith("utf") else "line"
        return _PlainStatus(status, console=self, **{"spinner": spinner, **options})

    def say(self, line: str | Text, style: str = "") -> None:
        """One line, however long: on a terminal it goes on in the next one after a word, a file keeps it whole."""
        self.print(line if isinstance(line, Text) else one_line(line), style=style, soft_wrap=not self.is_terminal)

    def input(self, prompt: TextType = "", **options: Any) -> str:
        return super().input(prompt, **{"markup": False, "emoji": False, **options})

    def on_broken_pipe(self) -> None:
        self.quiet = True
        if not self.stderr:
            raise ClosedPipeError("the output is read no further")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        except OSError as refused:
            del self._buffer[:]
            if not self.stderr:
                raise output_error(refused) from refused

    def _make_encodable(self, text: str) -> str:
        return encodable(visible(text), self.encoding)

    def _make_encodable_text(self, text: Text) -> Text:
        if self._make_encodable(text.plain) == text.plain:
            return text
        shown = text.blank_copy()
        for at, character in enumerate(text.plain):
            piece = text[at]
            shown.append_text(Text(self._make_encodable(character), style=piece.style, spans=piece.spans))
        return shown


def progress_text(form: str) -> TextColumn:
    """A column of a progress bar, such as ``{task.description}``."""
    return TextColumn(form, markup=False)


def columns(*names: str, left: tuple[str, ...] = (), **options: Any) -> Table:
    """A plain table with these columns, the ones in ``left`` and the first aligned left, the others right.

    Nothing in it is ever cut: what is too long continues in the next line of its cell.
    """
    table = Table(**{"box": None, "pad_edge": False, **options})
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if not number or name in left else "right", overflow="fold")
    return table


def exit_after(
    act: Callable[[], object], program: str, explain: Callable[[Exception], BridgeError] | None = None
) -> NoReturn:
    """Do ``act`` and exit with its status: an error that the user can fix is said in a line, without a traceback.

    ``explain``: makes such an error of an exception that nobody expected; without it that one is raised.
    """
    prepare_streams()
    is_hung = False
    try:
        status, is_hung = _run(act, program, explain)
        flush()
    except OutputError as error:
        discard(sys.stdout)
        status = CLOSED_PIPE if isinstance(error, ClosedPipeError) else FAILED
        if status == FAILED:
            _say(error, program)
    try:
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)
    if is_hung:  # to wait for its threads, or for what the library does at the end, could last for ever
        atexit._run_exitfuncs()
        os._exit(status)
    sys.exit(status)


def _run(
    act: Callable[[], object], program: str, explain: Callable[[Exception], BridgeError] | None
) -> tuple[int, bool]:
    """Do ``act``; returns the exit status, and whether a library of this process hangs."""
    try:
        act()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED, False
    except OutputError:
        raise
    except BridgeError as error:
        _say(error, program)
        return WRONG_USE if error.is_bad_input else FAILED, error.is_hung
    except KeyboardInterrupt:
        Printer(stderr=True).print("stopped")
        return INTERRUPTED, False
    except Exception as error:
        if explain is None:
            raise
        _say(explain(error), program)
        return FAILED, False
    return 0, False


def _say(error: BridgeError, program: str) -> None:
    """On standard error, where there is one that takes it."""
    Printer(stderr=True).say(Text.assemble((f"{program}: ", "bold red"), one_line(error)))

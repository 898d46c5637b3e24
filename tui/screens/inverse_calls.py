"""Inverse calls: what undo does for an action, without a message of its own but for an error."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.screen import Context
from tui.core.session import Record


def undo_by(context: Context, action: str, *arguments: str) -> Callable[[], None]:
    """A function that undoes something by calling ``action``."""

    def take(error: str, _rows: list[Record]) -> None:
        if error:
            context.say(error, "error")

    return lambda: context.remote.call(action, *arguments, answer=take)

"""Screens and key actions: what every screen has, and what a key does.

A screen draws rows from the session and its own small state (a cursor, a selection), and knows no terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from tui.core.registry import Value
from tui.core.rows import Row
from tui.core.session import Record, Session

Answer: TypeAlias = Callable[[str, list[Record]], None]
"""Called with the answer to an action: the error, empty where it succeeded, and the rows of its result."""


class Remote(Protocol):
    """Remote control of the sidecar, with undo. Nothing is sent while it is lost: `say` tells so instead."""

    def set(self, name: str, value: Value) -> None:
        """Set a control; the change can be undone."""

    def toggle(self, name: str) -> None:
        """Turn a switch over."""

    def nudge(self, name: str, steps: float) -> None:
        """Move a control by steps of its own size, within its range; a choice goes on to its neighbour."""

    def reset(self, name: str) -> None:
        """Set a control to its default."""

    def recall(self, values: dict[str, Value], words: str) -> None:
        """Set several controls in the same callback; ``words`` name it in the undo."""

    def call(
        self, action: str, *arguments: str, answer: Answer | None = None, undo: Callable[[], None] | None = None
    ) -> None:
        """Trigger an action. ``undo``: how to undo it, where that is possible. An error is said where nobody asks."""

    def undo(self) -> None:
        """Undo the last change that was made here."""

    def redo(self) -> None:
        """Make again what was undone last."""


@dataclass(slots=True)
class TextField:
    """A line of text that is being typed: all printable keys go to it.

    ``on_change``: called with every new text. ``on_submit``: called with the text at Enter. Esc leaves, and calls
    ``on_cancel``. ``complete``: the texts that Tab completes to. ``history``: earlier texts, the oldest first, that the
    arrows up and down bring back; without one these keys act on the screen.
    """

    prompt: str
    text: str = ""
    cursor: int = 0
    on_change: Callable[[str], None] | None = None
    on_submit: Callable[[str], None] | None = None
    on_cancel: Callable[[], None] | None = None
    complete: Callable[[str], Sequence[str]] | None = None
    history: Sequence[str] = ()
    history_at: int = -1


@dataclass(slots=True)
class View:
    """What is shown: the screen, the size, what happened last, and what lies above the screen.

    Attributes:
        screen: The name of the screen.
        width: Columns of the terminal.
        height: Rows of the terminal.
        ascii: Whether only ASCII characters may be drawn.
        message: What happened last and how to undo it, the row above the keys.
        message_role: Its role.
        field: The text field that is open; None where keys act.
        asked: A question that is open (``delete rehearsal?``), and what Enter does; None where none is.
        console: Whether only the characters of the Linux console's font may be drawn: no eighth blocks.
    """

    screen: str = "stems"
    width: int = 80
    height: int = 24
    ascii: bool = False
    message: str = ""
    message_role: str = "text"
    field: TextField | None = None
    asked: tuple[str, Callable[[], None]] | None = None
    console: bool = False

    @property
    def is_large(self) -> bool:
        """Whether there is room for the large layout: block letters, more columns, blank rows."""
        return self.width >= 140 and self.height >= 44


@dataclass(slots=True)
class Context:
    """What a screen draws from and what a key acts on. ``now_s``: seconds of a monotonic clock."""

    session: Session
    remote: Remote
    view: View
    now_s: float = 0.0
    say: Callable[[str, str], None] = field(default=lambda _text, _role: None)
    """Show a message, with its role."""


@dataclass(frozen=True, slots=True)
class KeyAction:
    """What a key does: the entry of the action table that keys, footer, help, palette, keymap and docs derive from.

    Attributes:
        name: Dotted, unique: the screen, or ``app``, and what it does: ``stems.mute``.
        keys: Its keys, as Textual names them: ``m``, ``exclamation_mark``, ``ctrl+s``, ``space``, ``left``, ``f12``.
        words: One or two words for the footer; empty: it is in the help alone.
        doc: A sentence for the help.
        run: Does it.
        shown: Whether the footer shows it at 80 columns; at 160 all are shown.
        label: How the footer shows the keys; by default the first key.
    """

    name: str
    keys: tuple[str, ...]
    words: str
    doc: str
    run: Callable[[Context], None]
    shown: bool = True
    label: str = ""


class Screen(Protocol):
    """One of the screens. It is made once, and keeps its cursor while another is shown.

    Attributes:
        name: Lower case; ``sideman tui --snapshot NAME``.
        title: Its word in the row of screens.
        letter: The key behind ``g`` that shows it.
        subscriptions: OSC patterns and Hz that it needs while it is shown, besides those that the app always has.
        histories: Readings whose history it asks for when it is shown first.
    """

    name: str
    title: str
    letter: str
    subscriptions: tuple[tuple[str, float], ...]
    histories: tuple[str, ...]

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen, those of the footer first."""

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """At most ``height`` rows of at most ``width`` columns: what lies between the frame's head and foot."""

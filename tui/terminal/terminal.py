"""Terminal: the app put together for the terminal that it runs in, and run until it is left."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.core.screen import Context, Screen, View
from tui.drawing.themes import Theme, find_theme
from tui.interface.interface import Interface
from tui.keys.app_actions import APP_ACTIONS
from tui.keys.keymap import FILE_NAME, Keymap, read_keymap
from tui.screens import SCREENS
from tui.terminal.app import Connection, TerminalApp

CONSOLE = "linux"
"""``TERM`` of the Linux console, whose font has no eighth blocks."""


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """What a user asks of the app. ``screen``, ``theme``: empty for the usual; ``folder``: of the user's settings."""

    screen: str = ""
    theme: str = ""
    ascii: bool = False
    folder: Path | None = None


def make_screens() -> list[Screen]:
    """Every screen, in the order of the tabs."""
    return [make() for make in SCREENS]


def load_keymap(folder: Path | None, screens: list[Screen]) -> Keymap:
    """The user's keymap."""
    if folder is None:
        return Keymap()
    return read_keymap(folder / FILE_NAME, [APP_ACTIONS, *(screen.actions for screen in screens)])


def adapt_view(view: View, options: DisplayOptions, environment: Mapping[str, str], encoding: str) -> None:
    """Draw what the terminal has: ASCII where it is asked for or no other encoding is set, or the console's font."""
    view.ascii = options.ascii or not encoding.lower().replace("-", "").startswith("utf8")
    view.console = environment.get("TERM", "") == CONSOLE


def choose_theme(options: DisplayOptions, environment: Mapping[str, str]) -> Theme:
    """The theme; without colour where ``NO_COLOR`` is set (no-color.org).

    Raises:
        ValueError: There is no theme of this name.
    """
    return find_theme(options.theme, bool(environment.get("NO_COLOR")))


def make_interface(context: Context, options: DisplayOptions) -> Interface:
    """The interface with all screens and the user's keys; what is wrong with these is its first message.

    Raises:
        ValueError: There is no screen of this name.
    """
    screens = make_screens()
    names = [screen.name for screen in screens]
    if options.screen and options.screen not in names:
        raise ValueError(f"no screen is called {options.screen!r}; there are {', '.join(names)}")
    if options.screen:
        context.view.screen = options.screen
    keymap = load_keymap(options.folder, screens)
    interface = Interface(context, screens, keymap)
    if keymap.problems:
        more = f" (and {len(keymap.problems) - 1} more: sideman tui --keys)" if len(keymap.problems) > 1 else ""
        interface.say(keymap.problems[0] + more, "error")
    return interface


class NoConnection:
    """No sidecar: for what is shown without one."""

    def start(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """There is nothing to attach to."""

    def flush(self) -> None:
        """Nothing waits."""

    def stop(self) -> None:
        """There is nothing to leave."""

    def show(self, screen: Screen) -> None:
        """There is nothing to subscribe to."""

    def ask_anew(self) -> None:
        """There is nobody to ask."""


def run_probe(context: Context, options: DisplayOptions, environment: Mapping[str, str]) -> int:
    """Show what arrives for each key, until Esc is pressed twice.

    Raises:
        ValueError: There is no theme of this name.
    """
    adapt_view(context.view, options, environment, find_encoding())
    interface = make_interface(context, options)
    interface.open_probe()
    run_in_terminal(TerminalApp(interface, NoConnection(), choose_theme(options, environment)))
    return 0


def run_in_terminal(app: TerminalApp) -> None:
    """Run ``app`` until it is left, at the terminal's own size: Textual would go by COLUMNS and LINES, which shells and
    test runners export and which no longer hold after a change of size."""
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    app.run()


def find_encoding() -> str:
    """The encoding of the terminal; Textual writes to the standard error stream."""
    return sys.__stderr__.encoding if sys.__stderr__ is not None else "utf-8"


def run_app(
    context: Context,
    connection: Connection,
    options: DisplayOptions,
    environment: Mapping[str, str],
    report: Callable[[str], object] = sys.stderr.write,
) -> int:
    """Run the app until it is left; 1 after a fault in our own code, which ``report`` then gets.

    Raises:
        ValueError: There is no screen or theme of this name.
    """
    theme = choose_theme(options, environment)
    adapt_view(context.view, options, environment, find_encoding())
    interface = make_interface(context, options)
    app = TerminalApp(interface, connection, theme)
    run_in_terminal(app)
    for fault in interface.faults:
        report(fault)
    return 1 if interface.faults else app.return_code or 0

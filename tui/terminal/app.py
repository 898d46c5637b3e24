"""Terminal app: the interface on a terminal, drawn by Textual at most ten times a second."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from typing import Protocol

from textual import events
from textual.app import App, ComposeResult

from tui.core.screen import Screen
from tui.drawing.themes import Theme
from tui.interface.interface import Interface
from tui.terminal.canvas import Canvas, Colorless
from tui.terminal.gate import Gate

FRAME_S = 0.1
"""Ten frames a second while something moves."""
CALM_FRAME_S = 0.25
"""Between frames when the last ones changed nothing."""
STILL_FRAME_S = 1.0
"""Between frames when no message came either: the seconds of LOST go on."""
CALM_AFTER_FRAMES = 10
STILL_AFTER_S = 6.0
"""A held peak falls for so long after the last message."""
KEY_FRAME_S = 0.01
"""After a key the next frame comes so soon, and holds up the next keys of a burst no further."""
BUDGET_SHARE = 0.3
"""Largest share of the time for drawing: after a frame that took long the next one comes later."""
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Connection(Protocol):
    """The connection to the sidecar, served on the app's event loop."""

    def start(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Attach. ``on_change``: called after messages came."""

    def flush(self) -> None:
        """Send at once what waits."""

    def stop(self) -> None:
        """Take leave of the sidecar."""

    def show(self, screen: Screen) -> None:
        """Subscribe to what a screen needs."""

    def ask_anew(self) -> None:
        """Ask for everything anew."""


class TerminalApp(App[None], inherit_bindings=False):
    """The app. Keys act through ``interface`` before anything is drawn; ``connection`` sends at once."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: ansi_default; overflow: hidden hidden; }"

    def __init__(
        self,
        interface: Interface,
        connection: Connection,
        theme: Theme,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(ansi_color=True)
        self._interface = interface
        self._connection = connection
        self._clock = clock
        self._canvas = Canvas(theme)
        if not theme.front:
            self._filters.append(Colorless())
        self._gate = Gate(self)
        self._next: asyncio.TimerHandle | None = None
        self._next_s = float("inf")
        self._revision = -1
        self._moved_s = 0.0
        self._calm_frames = 0
        interface.leave = self.exit
        interface.show_screen = connection.show
        interface.refresh = self._ask_anew

    def compose(self) -> ComposeResult:
        """One widget."""
        yield self._canvas

    def on_mount(self) -> None:
        """Attach, and draw the first frame."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            with contextlib.suppress(RuntimeError, ValueError):  # tests run the app beside the main thread
                loop.add_signal_handler(number, self.exit)
        self._take_size(*self.size)
        self._connection.start(loop, self._wake)
        self._connection.show(self._interface.screen)
        self._schedule(0.0)

    def on_unmount(self) -> None:
        """Stop drawing, and take leave of the sidecar."""
        if self._next is not None:
            self._next.cancel()
        self._connection.stop()

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes are ours, whatever has the focus; the rest is Textual's."""
        if isinstance(event, events.Key):
            self._interface.press(event.key, event.character, event.time)
            self._connection.flush()
            self._hurry()
        elif isinstance(event, events.Paste):
            self._interface.paste(event.text)
            self._hurry()
        elif isinstance(event, events.MouseDown):
            self._interface.click(int(event.screen_x), int(event.screen_y))
            self._connection.flush()
            self._hurry()
        elif not isinstance(event, events.MouseEvent):
            await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        view = self._interface.context.view
        if (view.width, view.height) != event.size:
            self._take_size(*event.size)
            self._canvas.forget()
            self._hurry()

    def _take_size(self, width: int, height: int) -> None:
        self._interface.context.view.width, self._interface.context.view.height = width, height

    def _ask_anew(self) -> None:
        self._connection.ask_anew()
        self._canvas.forget()

    def _hurry(self) -> None:
        """Draw soon, since a key was pressed."""
        self._calm_frames, self._moved_s = 0, self._clock()
        if self._next_s - self._clock() > KEY_FRAME_S:
            self._schedule(KEY_FRAME_S)

    def _wake(self) -> None:
        """Messages came: draw, where nothing had moved for long."""
        if self._next_s - self._clock() > CALM_FRAME_S:
            self._schedule(FRAME_S)

    def _schedule(self, delay_s: float) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next_s = self._clock() + delay_s
        self._next = asyncio.get_running_loop().call_later(delay_s, self._draw)

    def _draw(self) -> None:
        """Draw a frame, unless the terminal still has the one before to take."""
        now_s = self._clock()
        if not self._gate.is_free:
            self._gate.hold()
            self._schedule(FRAME_S)
            return
        self._gate.release()
        revision = self._interface.context.session.revision
        if revision != self._revision:
            self._revision, self._moved_s = revision, now_s
        changed = self._canvas.show(self._interface.draw(now_s))
        self._calm_frames = 0 if changed else self._calm_frames + 1
        cost_s = self._clock() - now_s
        self._schedule(max(self._choose_interval(now_s), cost_s / BUDGET_SHARE))

    def _choose_interval(self, now_s: float) -> float:
        if now_s - self._moved_s > STILL_AFTER_S:
            return STILL_FRAME_S
        return CALM_FRAME_S if self._calm_frames >= CALM_AFTER_FRAMES else FRAME_S

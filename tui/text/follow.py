"""Following: lines for what changes, and typed commands; the app for screen readers, plain terminals and pipes."""

from __future__ import annotations

import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterable

from tui.core.options import Options
from tui.text.announcer import SUBSCRIPTIONS, Announcer
from tui.text.lines import LineReader
from tui.text.matching import UnclearError
from tui.text.once import NOBODY, WELL, WRONG
from tui.text.output import write_lines
from tui.text.summary import describe_identity, describe_music
from tui.text.typed import TypedCommands
from tui.wire.attachment import attach, open_link
from tui.wire.link import Link
from tui.wire.remote import LinkRemote
from tui.wire.udp import CHANNELS, UdpChannels

URGENT = ("panic",)
"""Commands that do not wait for the answers to those before them."""
LONGEST_WAIT_S = 0.5
ANSWER_S = 30.0
"""Longest wait for the answers to the last commands of a pipe."""


class Follower:
    """Serves a link, says what changes, and carries out what is typed. Exit status as of one look.

    ``reader``: of the typed lines; ``write``: gets the lines to show.
    """

    def __init__(
        self,
        link: Link,
        channels: UdpChannels,
        reader: LineReader,
        write: Callable[[Iterable[str]], None] = write_lines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link, self._channels, self._reader = link, channels, reader
        self._write, self._clock = write, clock
        self._failures = 0
        self.is_ended = False
        session = link.session
        self._announcer = Announcer(session, write)
        remote = LinkRemote(link, clock, self._say, channels.send)
        self._commands = TypedCommands(session, remote, write, lambda error: self._say(error, "error"))
        take_message, take_tick = link.on_message, link.on_tick
        self._is_known = False

        def on_message(address: str, args: tuple[bool | int | float | str, ...], now_s: float) -> None:
            take_message(address, args, now_s)
            if self._is_known:
                self._announcer.take(address, args, now_s)

        def on_tick(now_s: float) -> None:
            take_tick(now_s)
            self._announcer.tick(now_s)

        link.on_message, link.on_tick = on_message, on_tick
        link.notice = self._say

    def _say(self, text: str, role: str) -> None:
        self._failures += role == "error"
        if role == "error" and not text.startswith(("LOST", "not sent")):
            text = f"error: {text}"
        self._write([text.replace(" · u undoes it", "; undo takes it back").replace("u again", "undo again")])

    def run(self) -> int:
        """Go on until the user ends it, a pipe is done, or `is_ended`; returns the exit status."""
        self._link.show(SUBSCRIPTIONS)
        attach(self._link, self._channels)
        if self._link.is_attached:
            self._greet()
        self._failures = 0
        with selectors.DefaultSelector() as selector:
            for channel in range(CHANNELS):
                selector.register(self._channels.fileno(channel), selectors.EVENT_READ, channel)
            self._reader.register(selector)
            while not self.is_ended and not self._commands.is_over and not self._reader.is_done:
                self._turn(selector)
            deadline_s = self._clock() + ANSWER_S
            while self._reader.is_done and self._link.is_busy and self._clock() < deadline_s:
                self._turn(selector)
        self._link.leave()
        self._channels.send()
        if not self._reader.is_done:
            return WELL
        return NOBODY if self._failures and not self._is_known else WRONG if self._failures else WELL

    def _greet(self) -> None:
        session = self._link.session
        self._write(
            line for line in (describe_identity(session), describe_music(session), "help lists commands") if line
        )
        self._announcer.forget()
        self._is_known = True

    def _turn(self, selector: selectors.BaseSelector) -> None:
        """Wait for something, and serve it."""
        now_s = self._clock()
        self._link.tick(now_s)
        self._channels.send()
        if not self._is_known and self._link.is_attached and not self._link.is_busy:
            self._greet()
        due_s = min(self._link.find_due_s(), self._announcer.find_due_s(), now_s + LONGEST_WAIT_S)
        for key, _ in selector.select(max(due_s - self._clock(), 0.0)):
            if key.data is None:
                self._reader.receive(selector)
            else:
                self._channels.receive(key.data)
        while not self._commands.is_over:
            line = self._reader.take_line(URGENT, only_urgent=self._link.is_calling)
            if line is None:
                break
            self._run_line(line)
            self._channels.send()

    def _run_line(self, line: str) -> None:
        try:
            self._commands.run(line)
        except UnclearError as error:
            self._say(str(error), "error")


def follow(options: Options) -> int:
    """Follow the sidecar until Ctrl-C, ``quit``, or the end of a pipe that gave commands.

    Raises:
        AddressError, RecordingError: An option is wrong.
    """
    with open_link(options) as (link, channels):
        follower = Follower(link, channels, LineReader(0 if sys.stdin is not None else None))

        def end(_number: int, _frame: object) -> None:
            follower.is_ended = True

        kept = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return follower.run()
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

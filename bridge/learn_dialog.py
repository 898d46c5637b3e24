"""Learn dialogue: a user moves a fader, sees what came of it, and it is bound; in a terminal or without one."""

from __future__ import annotations

import queue
import re
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from bridge.controllers.learning.learn_binding import TAKE, UNCONNECTED
from bridge.errors import ControlError
from bridge.osc.client import OscClient
from bridge.osc.wire import Message
from bridge.printing import Printer, one_line

REST_S = 1.0
"""So long after its last movement the only candidate is taken, unless it does something already."""
GIVE_UP_S = 60.0
"""Without a terminal nobody presses Ctrl-C."""
FILES_S = 10.0
"""A mapping on a slow disk is written by then."""
SILENT_S = 8.0
"""A user who has moved something for so long looks for the reason."""
POLL_S = 0.05
BACK = Control((ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1))
"""Back from the line that Enter began, on which the last line may have been drawn before Enter was read."""
LEASE_S = 20.0
BAR = 20
KINDS = {
    "absolute": "fader or knob", "twos_complement": "endless knob (two's complement)",
    "sign_bit": "endless knob (sign bit)", "sign_bit_inverted": "endless knob (sign bit inverted)",
    "offset_64": "endless knob (offset 64)", "momentary": "button", "latched": "button",
    "toggle": "button that switches over by itself", "encoder?": "endless knob", "button?": "button", "?": "",
}  # fmt: skip
"""Kinds as a user calls them."""


@dataclass(frozen=True, slots=True)
class ShownCandidate:
    """A row of the reading ``learn.candidate``."""

    rank: int
    device: str
    message: str
    kind: str
    movement: float
    conflict: str

    def is_clear(self, target: str) -> bool:
        """Whether it can be taken for ``target`` without a question."""
        return "?" not in self.kind and self.conflict in ("", target)


@dataclass(frozen=True, slots=True)
class LearnState:
    """A row of the reading ``learn.state``."""

    state: str = ""
    control: str = ""
    device: str = ""
    message: str = ""
    kind: str = ""
    detail: str = ""


class OtherProgramError(ControlError):
    """Another program has begun to learn something else."""


class Keyboard:
    """Lines that the user types; none where standard input is no terminal."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.is_there = sys.stdin is not None and sys.stdin.isatty()
        if self.is_there:
            threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    def read_line(self) -> str | None:
        """The next line without its end, None where there is none yet."""
        try:
            return self._lines.get_nowait()
        except queue.Empty:
            return None

    def _read(self) -> None:
        while line := sys.stdin.readline():
            self._lines.put(line.strip())


class LearnDialog:
    """One binding: `learn` returns once it is learned. ``first``: take the likeliest without asking."""

    def __init__(self, client: OscClient, console: Printer, keyboard: Keyboard, first: bool) -> None:
        self._client, self._console, self._keyboard, self._first = client, console, keyboard, first
        self._candidates: dict[int, ShownCandidate] = {}
        self._state = LearnState()
        self._moved_s = self._lease_s = 0.0
        self._taken = False
        self._remark = ""

    def learn(self, target: str) -> LearnState:
        """Learn ``target``, as the server reads it.

        Raises:
            ControlError: The server refused it, or nothing was moved.
        """
        try:
            trigger(self._client, "/learn/start", target)
            return self._listen()
        except OtherProgramError:
            raise
        except BaseException as error:
            self._client.send("/learn/cancel")
            if isinstance(error, KeyboardInterrupt) and not self._taken:
                self._console.say("Nothing was changed.")
            raise

    def _listen(self) -> LearnState:
        self._moved_s = time.monotonic()
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                self._renew_lease()
                for message in self._client.read_messages(POLL_S):
                    self._receive(message)
                if (line := self._keyboard.read_line()) is not None:
                    self._console.control(BACK)
                if self._state.state not in ("listening", "refused", ""):
                    break
                if self._console.is_terminal:
                    live.update(self._render(), refresh=True)
                self._decide(line)
        if self._state.state != "learned":
            raise ControlError("nothing was learned", self._state.detail or "another program ended it")
        return self._state

    def _renew_lease(self) -> None:
        if time.monotonic() - self._lease_s > LEASE_S or not self._lease_s:
            self._lease_s = time.monotonic()
            self._client.request("/subscribe", "/learn")

    def _receive(self, message: Message) -> None:
        address, args = message
        if address == "/error":
            error = make_error(args)  # `_taken` stays: the same candidate would be refused again
            if not self._console.is_terminal:
                raise error
            self._remark = str(error)
        elif address == "/learn/state" and len(args) == 6:
            self._set_state(LearnState(*map(str, args)))
        elif address == "/learn/candidate" and len(args) == 6:
            rank, device, message_text, kind, movement, conflict = map(str, args)
            shown = ShownCandidate(int(rank), device, message_text, kind, float(movement), conflict)
            if self._candidates.get(shown.rank) != shown and (shown.device or shown.rank in self._candidates):
                self._moved_s, self._remark, self._taken = time.monotonic(), "", False
                if not self._console.is_terminal and shown.rank == 1 and shown.device:
                    self._say_candidate(shown)
            if shown.device:
                self._candidates[shown.rank] = shown
            else:
                self._candidates.pop(shown.rank, None)

    def _set_state(self, state: LearnState) -> None:
        mine = self._state.control
        if mine and state.state in ("listening", "refused", "learned") and state.control != mine:
            raise OtherProgramError(f"another program learns {state.control} now", f"learn {mine} again after it")
        is_new = state.detail != self._state.detail and state.detail != TAKE
        if state.state == "listening" and is_new and not self._console.is_terminal:
            self._console.say(f"{state.detail[:1].upper()}{state.detail[1:]}.")
        self._state = state

    def _say_candidate(self, shown: ShownCandidate) -> None:
        before = self._candidates.get(1)
        if before is None or (before.device, before.message, before.kind) != (shown.device, shown.message, shown.kind):
            does = f"; {does}" if (does := self._describe_conflict(shown)) else ""
            asks = does and not shown.is_clear(self._state.control) and not self._first
            self._console.say(f"{_describe(shown)}{does}{' (--first takes it)' if asks else ''}")

    def _decide(self, line: str | None) -> None:
        """Take a candidate, where the user, by a ``line``, or time says so."""
        rest_s = time.monotonic() - self._moved_s
        if line is not None:
            if self._candidates:
                self._take(line or "1")
        elif not self._taken and rest_s >= REST_S and (best := self._candidates.get(1)) is not None:
            alone = len(self._candidates) == 1 and best.is_clear(self._state.control)
            if alone or (self._first and "?" not in best.kind):
                self._take("1")
        if not self._keyboard.is_there and rest_s > GIVE_UP_S:
            if self._candidates:
                raise ControlError("several were moved, or it is not clear what was", "move one alone, or add --first")
            raise ControlError("nothing was moved", "sideman controllers lists what is connected")

    def _take(self, rank: str) -> None:
        self._taken = True
        self._client.send("/learn/take", rank)

    def _describe_conflict(self, shown: ShownCandidate) -> str:
        if shown.conflict == self._state.control:
            return "does this already" if shown.conflict else ""
        return f"now {shown.conflict}, which it will do no longer" if shown.conflict else ""

    def _render(self) -> Group:
        lines = []
        for rank in sorted(self._candidates):
            shown = self._candidates[rank]
            lines.append(Text(one_line(f"{rank:2}  {_describe(shown)}"), style="bold" if rank == 1 else ""))
            filled = round(min(1.0, shown.movement) * BAR)
            does = f"  {does}" if (does := self._describe_conflict(shown)) else ""
            lines.append(Text(one_line(f"    {'━' * filled}{'─' * (BAR - filled)}{does}"), style="dim"))
        best = self._candidates.get(1)
        if self._remark:
            hint = self._remark
        elif best is None and time.monotonic() - self._moved_s > SILENT_S and UNCONNECTED not in self._state.detail:
            hint = "nothing came yet: is it plugged in, or its port connected to control_in? See sideman controllers."
        elif best is None or "?" in best.kind:
            hint = self._state.detail
        elif len(self._candidates) == 1 and best.is_clear(self._state.control):
            hint = "let go: it is taken"
        else:
            hint = "Enter takes 1, a number and Enter another one; or move the one that you mean"
        lines.append(Text(one_line(hint), style="cyan"))
        lines.append(Text("Ctrl-C leaves all as it is.", style="dim"))
        return Group(*lines)


def trigger(client: OscClient, address: str, *args: str) -> None:
    """Trigger an action and wait until it is done.

    Raises:
        ControlError: It was refused.
    """
    client.send(address, *args)
    client.request("/ping", timeout_s=FILES_S)  # answered after it, so an error has arrived by now
    for answer, values in client.read_messages(timeout_s=POLL_S):
        if answer == "/error":
            raise make_error(values)


def make_error(args: Sequence[object]) -> ControlError:
    """The error that an answer ``/error`` stands for, without the name of the action of learning that failed."""
    _, message, hint, *_ = (*map(str, args), "", "", "")
    return ControlError(re.sub(r"^learn\.[a-z]+: ", "", message), hint)


def _describe(shown: ShownCandidate) -> str:
    kind = KINDS.get(shown.kind, shown.kind)
    return f"{shown.message} on {shown.device}" + (f": {kind}" if kind else "")

"""Remote control of a sidecar with undo, over a link: what keys and typed commands act on.

A change shows at once. While a fader is held, and shortly after, what comes back for it is not shown, as it is older
than what was sent. Nothing is sent while the sidecar is lost, then or later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tui.core.choice_notes import find_obstacle
from tui.core.registry import Args, Control, Value, to_name
from tui.core.screen import Answer
from tui.core.session import Record
from tui.core.values import find_available, find_position, is_equal, to_number
from tui.core.wording import describe_action, describe_change, describe_value
from tui.wire.edits import ActionEdit, ControlEdit, EditHistory
from tui.wire.link import PROMPT, Link

HELD_S = 0.3
"""Time after a change for which what comes back for its control is not shown."""
LOG_STEPS = 100
"""Steps over the range of a control that moves by ratios."""
UNDO_HINT = "u undoes it"
UNDONE = "undone"
NOT_SENT = "not sent"
"""The answer to an action while the sidecar is lost; the reason was said."""
EARLIER = "the controls as the sidecar of before had them"


class LinkRemote:
    """The `tui.core.screen.Remote` of a link. ``clock``: seconds, monotonic.

    ``say``: shows a message with its role. ``flush``: sends at once what the link has to send.
    """

    def __init__(
        self,
        link: Link,
        clock: Callable[[], float],
        say: Callable[[str, str], None],
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        self._link, self._session = link, link.session
        self._clock, self._say, self._flush = clock, say, flush
        self._edits = EditHistory()
        self._is_undoing = False
        self._held: dict[str, tuple[float, float]] = {}
        """Controls that were just changed: until when, and the value."""
        self._came: dict[str, float] = {}
        """What others set them to meanwhile."""
        self._unconfirmed: dict[str, int] = {}
        link.on_message = self._take_message
        link.on_tick = self.release
        link.on_other = self._offer_earlier

    # changes

    def set(self, name: str, value: Value) -> None:
        """Set a control; the change can be undone."""
        control = self._find_control(name)
        number = to_number(control, value) if control is not None else None
        if control is None:
            return
        if number is None:
            self._say(f"{name}: {value} is not a value of it", "error")
            return
        number = min(max(number, control.low), control.high)
        if control.kind in {"integer", "switch", "choice"}:
            number = float(round(number))
        before = self._session.get(name)
        edit = None
        if not self._is_undoing and self._link.is_attached and not is_equal(before, number):
            edit = self._record(control, before, number)
        if self._send_value(control, number, edit):
            hint = "" if self._is_undoing or edit is None else f" · {UNDO_HINT}"
            if obstacle := find_obstacle(self._session, control, number):
                self._say(f"{describe_value(control, number)} is refused{hint}; not live: {obstacle}", "warning")
            else:
                self._say(describe_change(control, number) + hint, "strong")

    def _record(self, control: Control, before: float, number: float) -> ControlEdit:
        if control.kind not in {"switch", "choice"}:
            return self._edits.merge(control.name, before, number, self._clock())
        edit = ControlEdit({control.name: before}, {control.name: number}, changed_s=self._clock())
        self._edits.add(edit)
        return edit

    def toggle(self, name: str) -> None:
        """Turn a switch over."""
        self.set(name, not self._session.is_on(name))

    def nudge(self, name: str, steps: float) -> None:
        """Move a control by steps of its own size, within its range; a choice goes on to its neighbour."""
        control = self._find_control(name)
        if control is None:
            return
        value = self._session.get(name)
        if control.kind == "log" and control.low > 0:
            share = min(max(find_position(control, value) + steps / LOG_STEPS, 0.0), 1.0)
            self.set(name, control.low * (control.high / control.low) ** share)
        else:
            number = find_available(control, min(max(value + steps * control.step, control.low), control.high), steps)
            if number is not None:
                self.set(name, number)

    def reset(self, name: str) -> None:
        """Set a control to its default."""
        control = self._find_control(name)
        if control is not None:
            self.set(name, control.default)

    def recall(self, values: Mapping[str, Value], words: str) -> None:
        """Set several controls in the same callback; ``words`` name it in the undo."""
        numbers: dict[str, float] = {}
        for name, value in values.items():
            control = self._find_control(name)
            number = to_number(control, value) if control is not None else None
            if control is not None and number is not None:
                numbers[name] = min(max(number, control.low), control.high)
        edit = ControlEdit({name: self._session.get(name) for name in numbers}, numbers, words, self._clock())
        if self._send_values(numbers, words) and not self._is_undoing:
            self._edits.add(edit)
            self._say(f"{words} · {UNDO_HINT}", "strong")

    # actions

    def call(
        self, action: str, *arguments: str, answer: Answer | None = None, undo: Callable[[], None] | None = None
    ) -> None:
        """Trigger an action. ``undo``: how to undo it, where that is possible. An error is said where nobody asks."""
        is_recorded = undo is not None and not self._is_undoing

        def take_answer(error: str, rows: list[Record]) -> None:
            error = error.removeprefix(f"{action}: ")  # what was asked for is known here, and a row is short
            if not error and undo is not None and is_recorded:
                self._edits.add(ActionEdit(action, arguments, undo))
            if answer is not None:
                answer(error, rows)
            elif error:
                self._say(error, "error")
            elif not action.startswith(PROMPT):
                hint = f" · {UNDO_HINT}" if is_recorded else ""
                self._say(f"{describe_action(action, arguments)}: done{hint}", "good")

        if action not in self._session.registry.actions and self._link.is_attached:
            take_answer(f"this sidecar has no action {action}", [])
        elif self._link.call(action, arguments, self._clock(), take_answer):
            self._flush()
        else:
            self._say_not_sent(describe_action(action, arguments))
            if answer is not None:
                answer(NOT_SENT, [])

    # undo

    def _offer_earlier(self, values: dict[str, float]) -> None:
        """Let undo set the controls of another sidecar as the one of before had them."""
        self._edits.add(ControlEdit(values, {}, EARLIER))

    def undo(self) -> None:
        """Undo the last change that was made here."""
        edit = self._edits.get_last()
        if isinstance(edit, ControlEdit) and edit.words == EARLIER and not edit.after:
            edit.leave_equal(self._session.get)
        if edit is None:
            self._say("nothing to undo", "dim")
        elif isinstance(edit, ControlEdit) and not edit.before:
            self._edits.pop()
            self._say("all is as it was before", "dim")
        elif isinstance(edit, ControlEdit):
            if not self._asks_first(edit) and self._make(edit.before, edit, UNDONE):
                self._edits.undone.append(self._edits.pop())
        elif not self._link.is_attached:
            self._say_not_sent("undo")
        else:
            self._edits.undone.append(self._edits.pop())
            self._is_undoing = True
            try:
                edit.undo()
            finally:
                self._is_undoing = False
            self._say(f"{UNDONE}: {describe_action(edit.action, edit.arguments)}", "strong")

    def redo(self) -> None:
        """Make again what was undone last."""
        if not self._edits.undone:
            self._say("nothing to make again", "dim")
            return
        edit = self._edits.undone[-1]
        if isinstance(edit, ControlEdit):
            if self._make(edit.after, edit, "made again"):
                self._edits.restore(self._edits.undone.pop())
        elif self._link.call(edit.action, edit.arguments, self._clock(), lambda error, _: self._say_error(error)):
            self._flush()
            self._edits.restore(self._edits.undone.pop())
            self._say(f"made again: {describe_action(edit.action, edit.arguments)}", "strong")
        else:
            self._say_not_sent("redo")

    def _asks_first(self, edit: ControlEdit) -> bool:
        """Whether somebody else changed a value since; then it is said, and undo has to be asked for again."""
        now = {name: self._session.get(name) for name in edit.after}
        other = [name for name, value in edit.after.items() if not is_equal(now[name], value)]
        if not other or now == edit.asked:
            return False
        edit.asked = now
        words = describe_value(self._session.registry.controls[other[0]], now[other[0]])
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        self._say(f"{words}{more} since, by {self._find_source(other[0])}; u again undoes it all the same", "warning")
        return True

    def _find_source(self, name: str) -> str:
        """Who changed a control last."""
        for change in reversed(self._session.read_events("change")):
            if change.get("control") == name:
                return "this app" if change.get("source") == self._session.source else str(change.get("source"))
        return "somebody else"

    def _make(self, values: dict[str, float], edit: ControlEdit, verb: str) -> bool:
        controls = self._session.registry.controls
        known = {name: value for name, value in values.items() if name in controls}
        words = edit.words or ", ".join(describe_value(controls[name], value) for name, value in known.items())
        more = " again" if verb == UNDONE and not edit.words else ""
        if len(known) == 1:
            [(name, value)] = known.items()
            is_sent = self._send_value(controls[name], value, None)
        else:
            is_sent = self._send_values(known, words)
        if is_sent:
            edit.changed_s = float("-inf")
            edit.asked = {}
            self._say(f"{verb}: {words}{more}", "strong")
        return is_sent

    # sending, and what comes back

    def _send_value(self, control: Control, number: float, edit: ControlEdit | None) -> bool:
        name = control.name

        def take_answer(error: str, rows: list[Record]) -> None:
            self._unconfirmed[name] = self._unconfirmed.get(name, 1) - 1
            if error:
                self._say(f"{describe_value(control, number)}: {error}", "error")
                self._held.pop(name, None)
                self._link.ask_values()
            elif rows and not self._unconfirmed[name]:
                self._confirm(name, float(rows[0]["value"]), edit)

        value: Value = round(number) if control.kind in {"integer", "switch", "choice"} else number
        if not self._link.set(name, value, self._clock(), take_answer):
            self._say_not_sent(describe_value(control, number))
            return False
        self._flush()
        self._unconfirmed[name] = self._unconfirmed.get(name, 0) + 1
        self._hold(name, number)
        return True

    def _send_values(self, numbers: dict[str, float], words: str) -> bool:
        controls = self._session.registry.controls
        values: dict[str, Value] = {
            name: round(number) if controls[name].kind in {"integer", "switch", "choice"} else number
            for name, number in numbers.items()
        }
        if not self._link.recall(values, self._clock(), lambda error, _: self._say_error(error)):
            self._say_not_sent(words)
            return False
        self._flush()
        for name, number in numbers.items():
            self._hold(name, number)
        return True

    def _hold(self, name: str, number: float) -> None:
        self._held[name] = self._clock() + HELD_S, number
        self._came.pop(name, None)
        self._session.values[name] = number
        self._session.revision += 1

    def _confirm(self, name: str, number: float, edit: ControlEdit | None) -> None:
        """The sidecar's own figure of a value: it may have clamped or rounded it."""
        if edit is not None:
            edit.after[name] = number
        if name in self._held:
            self._held[name] = self._held[name][0], number
            self._session.values[name] = number
            self._session.revision += 1

    def _take_message(self, address: str, args: Args, now_s: float) -> None:
        """Show what is held, and keep what others set it to until it is released."""
        if not self._held:
            return
        name, is_own = to_name(address), False
        if address == "/change" and len(args) == 4:
            name, is_own = str(args[1]), args[3] == self._session.source
        held = self._held.get(name)
        if held is not None and now_s < held[0]:
            if is_own:
                self._came.pop(name, None)
            else:
                self._came[name] = self._session.values.get(name, held[1])
            self._session.values[name] = held[1]
        self.release(now_s)

    def release(self, now_s: float) -> None:
        """Show what others set controls to that are no longer held."""
        for name in [name for name, (until_s, _) in self._held.items() if now_s >= until_s]:
            del self._held[name]
            if name in self._came:
                self._session.values[name] = self._came.pop(name)
                self._session.revision += 1

    def _find_control(self, name: str) -> Control | None:
        control = self._session.registry.controls.get(name)
        if control is None:
            self._say(f"this sidecar has no control {name}" if self._link.is_attached else "not sent: LOST", "error")
        return control

    def _say_error(self, error: str) -> None:
        if error:
            self._say(error, "error")
            self._link.ask_values()

    def _say_not_sent(self, words: str) -> None:
        state = "LOST" if self._session.state == "lost" else "not attached yet"
        self._say(f"not sent: {words} ({state})", "error")

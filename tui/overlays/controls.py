"""List of everything that the sidecar has: controls to edit, actions to do, readings to look at."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.choice_notes import read_notes
from tui.core.fuzzy import score
from tui.core.registry import Action, Control, Reading
from tui.core.rows import Row, draw_heading
from tui.core.screen import Context, KeyAction, TextField
from tui.drawing.control_rows import describe_item, draw_item, group_items
from tui.drawing.text_field import draw_field
from tui.overlays.choice_list import ChoiceList

FINE_STEPS = 1.0
COARSE_STEPS = 10.0
FOOT_ROWS = 4
"""Rows below the list: a blank, two of description, the field."""
DIGITS = "0123456789-."


class ControlList:
    """The list. ``at``: the name of the item that the cursor is on first."""

    def __init__(self, at: str = "") -> None:
        self.is_open = True
        self._at = at
        self._wanted = ""
        self._top = 0
        self._page = 10
        self._choices: ChoiceList | None = None
        """The list of choices that lies above this one."""

    @property
    def field(self) -> TextField | None:
        """What is typed into the list of choices; None where keys act."""
        return self._choices.field if self._choices is not None else None

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        if self._choices is not None:
            return self._choices.actions

        def act(
            name: str, keys: tuple[str, ...], words: str, doc: str, run: Callable[[Context], None], label: str = ""
        ) -> KeyAction:
            return KeyAction(f"controls.{name}", keys, words, doc, run, bool(label) or len(keys) == 1, label)

        return (
            act(
                "edit",
                ("enter",),
                "edit",
                "Turn a switch, open the list of choices, type a value, or do the action.",
                self.edit,
            ),
            act("less", ("left", "h"), "less", "One step less.", lambda c: self._nudge(c, -FINE_STEPS), "← →"),
            act("more", ("right", "l"), "more", "One step more.", lambda c: self._nudge(c, FINE_STEPS)),
            act(
                "much_less",
                ("shift+left", "H"),
                "much less",
                "Ten steps less.",
                lambda c: self._nudge(c, -COARSE_STEPS),
            ),
            act(
                "much_more",
                ("shift+right", "L"),
                "much more",
                "Ten steps more.",
                lambda c: self._nudge(c, COARSE_STEPS),
            ),
            act("default", ("backspace",), "default", "Set the control to its default.", self._reset),
            act("up", ("up", "k"), "up", "One row up.", lambda c: self._move(c, -1)),
            act("down", ("down", "j"), "down", "One row down.", lambda c: self._move(c, 1)),
            act("page_up", ("pageup", "K"), "page up", "A page up.", lambda c: self._move(c, -self._page)),
            act("page_down", ("pagedown", "J"), "page down", "A page down.", lambda c: self._move(c, self._page)),
            act("find", ("slash",), "find", "Find by name and description.", self._find),
            act("leave", ("escape",), "leave", "Back to the screen.", self._leave),
        )

    def press(self, context: Context, key: str, character: str | None) -> bool:
        if self._choices is not None:
            is_own = self._choices.press(context, key, character)
            self._choices = self._choices if self._choices.is_open else None
            return is_own
        for action in self.actions:
            if key in action.keys:
                action.run(context)
                return True
        item = self._find_item(context)
        if character and character in DIGITS and isinstance(item, Control) and item.kind not in ("switch", "choice"):
            self._ask_number(context, item, character)
            return True
        return False

    def _list_items(self, context: Context) -> list[Control | Action | Reading]:
        registry = context.session.registry
        items: list[Control | Action | Reading]
        items = [*registry.controls.values(), *registry.actions.values(), *registry.readings.values()]
        if self._wanted.strip():
            items = [item for item in items if score(self._wanted, item.name.replace(".", " "), item.doc) > 0]
        return [item for group in group_items(items) for item in group.items]

    def _find_index(self, items: list[Control | Action | Reading]) -> int:
        return next((number for number, item in enumerate(items) if item.name == self._at), 0)

    def _find_item(self, context: Context) -> Control | Action | Reading | None:
        items = self._list_items(context)
        return items[self._find_index(items)] if items else None

    def _move(self, context: Context, rows: int) -> None:
        items = self._list_items(context)
        if items:
            self._at = items[min(max(self._find_index(items) + rows, 0), len(items) - 1)].name

    def _nudge(self, context: Context, steps: float) -> None:
        item = self._find_item(context)
        if isinstance(item, Control) and item.kind == "choice" and item.moves_delay:
            self._choose(context, item)  # a step would load each choice on the way and move the DAW's delay
        elif isinstance(item, Control):
            context.remote.nudge(item.name, steps)

    def _reset(self, context: Context) -> None:
        item = self._find_item(context)
        if isinstance(item, Control):
            context.remote.reset(item.name)

    def _leave(self, _context: Context) -> None:
        self.is_open = False

    def _find(self, context: Context) -> None:
        def choose(text: str) -> None:
            self._wanted = text

        context.view.field = TextField(
            "Find", self._wanted, len(self._wanted), on_change=choose, on_cancel=lambda: choose("")
        )

    def _choose(self, context: Context, control: Control) -> None:
        self._choices = ChoiceList(
            control, context.session.get_choice(control.name), read_notes(context.session, control.name)
        )

    def edit(self, context: Context) -> None:
        """Turn a switch, open the list of choices, ask for a number or for the arguments of an action."""
        item = self._find_item(context)
        if isinstance(item, Control):
            if item.kind == "switch":
                context.remote.toggle(item.name)
            elif item.kind == "choice":
                self._choose(context, item)
            else:
                self._ask_number(context, item, "")
        elif isinstance(item, Action):
            ask_arguments(context, item)

    def _ask_number(self, context: Context, control: Control, typed: str) -> None:
        def submit(text: str) -> None:
            try:
                value = float(text.replace(",", "."))
            except ValueError:
                context.say(f"{text!r} is no number; type one from {control.low:g} to {control.high:g}", "error")
                return
            if not control.low <= value <= control.high:
                context.say(f"{value:g} is beyond {control.low:g} … {control.high:g} {control.unit}".rstrip(), "error")
                return
            context.remote.set(control.name, round(value) if control.kind == "integer" else value)

        context.view.field = TextField(f"{control.name} {control.unit}".rstrip(), typed, len(typed), on_submit=submit)

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        if self._choices is not None:
            return self._choices.draw(context, below, width, height)
        items = self._list_items(context)
        here = items[self._find_index(items)] if items else None
        room = max(height - FOOT_ROWS, 1)
        self._page = max(room // 2, 1)  # headings take rows too
        rows: list[Row] = []
        cursor = 0
        for group in group_items(items):
            rows.append([(" ", "text"), *draw_heading(group.title, max(width - 2, 0))])
            for item in group.items:
                if item is here:
                    cursor = len(rows)
                rows.append(draw_item(item, context.session, item is here, width))
        self._top = min(max(self._top, cursor - room + 1), max(cursor - 1, 0))
        shown = rows[self._top : self._top + room] if rows else [[(" nothing is known of the sidecar yet", "dim")]]
        if self._wanted and not rows:
            shown = [[(f" nothing fits {self._wanted!r}; / finds anew", "dim")]]
        shown += [[]] * (room - len(shown) + 1)
        shown += describe_item(here, width) if here is not None else [[], []]
        if context.view.field is not None:
            shown.append([(" ", "text"), *draw_field(context.view.field, max(width - 2, 1))])
        return shown[-height:] if height else []


def ask_arguments(context: Context, action: Action) -> None:
    """Ask for each argument of an action, one after the other, then do it; at once where it has none."""
    given: list[str] = []

    def answer(error: str, rows: list[dict[str, bool | int | float | str]]) -> None:
        if error:
            context.say(error, "error")
        elif rows:
            first = ", ".join(f"{name} {value}" for name, value in rows[0].items())
            context.say(f"{action.name}: {len(rows)} rows; {first}", "text")
        else:
            context.say(f"{action.name}: done", "good")

    def ask() -> None:
        at = len(given)
        if at >= len(action.arguments):
            context.remote.call(action.name, *given, answer=answer)
            return
        optional = at >= len(action.arguments) - action.optional

        def submit(text: str) -> None:
            if not text and optional:
                context.remote.call(action.name, *given, answer=answer)
            elif not text:
                context.say(f"{action.name} needs its argument {action.arguments[at]}", "error")
            else:
                given.append(text)
                ask()

        hint = f" ({action.arguments[at]}{', may be left out' if optional else ''})"
        context.view.field = TextField(action.name + hint, on_submit=submit)

    ask()

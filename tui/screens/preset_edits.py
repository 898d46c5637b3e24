"""Preset edits: loading, comparing, saving, renaming and deleting as calls of the sidecar, with what is said of it."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.choice_notes import describe_refused
from tui.core.screen import Context, TextField
from tui.core.session import Record, Session
from tui.core.values import read_number, read_text
from tui.models.preset_buffers import PresetBuffers
from tui.models.preset_comparison import Comparison, find_changes, list_saved_values
from tui.screens.inverse_calls import undo_by

WRITES = ("preset.save", "preset.rename", "preset.describe")
"""Actions after which the preset of that name is selected."""


class PresetEdits:
    """What the keys of the preset screen change. ``take_change``: called with a preset whose file was written."""

    def __init__(self, take_change: Callable[[str], None]) -> None:
        self.buffers = PresetBuffers()
        self._take_change = take_change

    def load(self, context: Context, name: str, comparison: Comparison | None) -> None:
        """Load a preset; undo sets back what it changed."""
        session = context.session
        names = comparison.values if comparison is not None else list_saved_values(session)
        before = {one: session.get(one) for one in names}

        def set_back() -> None:
            # the values of a preset may come behind the answer: what it changes is known before
            changed = {one.control: before[one.control] for one in comparison.changed} if comparison else {}
            context.remote.recall({**find_changes(session, before), **changed}, f"before {name}")

        words = f"loaded {name}" + (f": {len(comparison.changed)} controls changed" if comparison is not None else "")
        self._call(
            context,
            "preset.load",
            (name,),
            f"{words} · u undoes it",
            set_back,
        )

    def change_over(self, context: Context, name: str, comparison: Comparison | None) -> None:
        """From A to B or back; the first time B is the selected preset."""
        session = context.session
        now, label = list_saved_values(session), describe_present(session)
        if self.buffers.is_used:
            wanted = self.buffers.change_over(label, now)
        elif comparison is None:
            context.say("the preset is not read yet: try again", "warning")
            return
        else:
            wanted = self.buffers.start(label, now, name, comparison.values)
        active = self.buffers.active
        changes = find_changes(session, wanted)
        words = f"{active}: {self.buffers.labels[active]}"
        if changes:
            context.remote.recall(changes, words)
        else:
            context.say(f"{words}, which sounds the same", "text")

    def copy(self, context: Context) -> None:
        """Put what sounds into the other buffer."""
        session = context.session
        other = self.buffers.copy(describe_present(session), list_saved_values(session))
        context.say(f"{other} is what sounds now", "text")

    def save_new(self, context: Context, name: str) -> None:
        """Save what sounds as a new preset."""
        if name.strip():
            self._call(context, "preset.save", (name.strip(),), f"saved as {name.strip()}")
        else:
            context.say("a preset needs a name", "warning")

    def rename(self, context: Context, name: str, new: str) -> None:
        """Rename a preset; undo gives it the old name."""
        new = new.strip()
        if new and new != name:
            self._call(
                context,
                "preset.rename",
                (name, new),
                f"{name} is named {new} · u undoes it",
                undo_by(context, "preset.rename", new, name),
            )

    def describe(self, context: Context, name: str, doc: str, before: str) -> None:
        """Set the description of a preset; undo sets the old one."""
        self._call(
            context,
            "preset.describe",
            (name, doc.strip()),
            f"{name} is described · u undoes it",
            undo_by(context, "preset.describe", name, before),
        )

    def delete(self, context: Context, name: str) -> None:
        """Ask, and delete a preset."""
        context.view.asked = (
            f"delete {name}?",
            lambda: self._call(context, "preset.delete", (name,), f"{name} is deleted"),
        )

    def _call(
        self,
        context: Context,
        action: str,
        arguments: tuple[str, ...],
        words: str,
        undo: Callable[[], None] | None = None,
    ) -> None:
        def take(error: str, rows: list[Record]) -> None:
            if not error and action in WRITES:
                self._take_change(arguments[1] if action == "preset.rename" else arguments[0])
            refused = describe_refused(rows)
            if error or not refused:
                context.say(error or words, "error" if error else "text")
            else:
                context.say(f"{words}; {refused}", "warning")

        context.remote.call(action, *arguments, answer=take, undo=undo)


def describe_present(session: Session) -> str:
    """What sounds now by the name of the preset that was loaded last; a star where it was changed since."""
    current = session.read("preset.current")
    name = read_text(current, "preset") or "now"
    return f"{name} *" if read_number(current, "changed") else name


def make_name_field(prompt: str, text: str, submit: Callable[[str], None]) -> TextField:
    """A field for a name or a description, with the cursor behind its text."""
    return TextField(prompt, text, len(text), on_submit=submit)

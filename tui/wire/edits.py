"""Edits that can be undone: changes of controls, with the values before and after, and actions that name their undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tui.core.values import is_equal

MERGE_S = 1.0
"""Moves of the same fader within this time of the last one are one edit."""
MAX_EDITS = 200
"""Edits that are kept."""


@dataclass(slots=True)
class ControlEdit:
    """A change of controls: the values before and after, by name. ``asked``: the values at which it was refused."""

    before: dict[str, float]
    after: dict[str, float]
    words: str = ""
    """Its name; empty where the controls and values say it."""
    changed_s: float = 0.0
    asked: dict[str, float] = field(default_factory=dict)

    def leave_equal(self, get: Callable[[str], float]) -> None:
        """Take the present values, of ``get``, for those after it, and leave out the controls that do not differ."""
        self.before = {name: value for name, value in self.before.items() if not is_equal(get(name), value)}
        self.after = {name: get(name) for name in self.before}


@dataclass(slots=True)
class ActionEdit:
    """An action that was carried out, and how it is undone."""

    action: str
    arguments: tuple[str, ...]
    undo: Callable[[], None]


Edit = ControlEdit | ActionEdit


class EditHistory:
    """The edits that can be undone and those that can be made again, each list with the last one at its end."""

    def __init__(self) -> None:
        self.undone: list[Edit] = []
        self._edits: list[Edit] = []

    def add(self, edit: Edit) -> None:
        """Add an edit; what was undone before cannot be made again."""
        self.undone.clear()
        self.restore(edit)

    def restore(self, edit: Edit) -> None:
        """Add an edit that was made again."""
        self._edits.append(edit)
        del self._edits[:-MAX_EDITS]

    def merge(self, name: str, before: float, after: float, now_s: float) -> ControlEdit:
        """Add a move of one fader, to the last edit where that moves it too; returns the edit."""
        last = self._edits[-1] if self._edits else None
        if isinstance(last, ControlEdit) and [*last.after] == [name] and not last.words and not self.undone:
            is_same_move = now_s - last.changed_s <= MERGE_S and is_equal(last.after[name], before)
            if is_same_move:
                last.after[name], last.changed_s = after, now_s
                return last
        edit = ControlEdit({name: before}, {name: after}, changed_s=now_s)
        self.add(edit)
        return edit

    def get_last(self) -> Edit | None:
        """The edit that undo concerns; None where there is none."""
        return self._edits[-1] if self._edits else None

    def pop(self) -> Edit:
        """Take the last edit off."""
        return self._edits.pop()

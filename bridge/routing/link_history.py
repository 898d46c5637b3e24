"""Link history: what was connected and cut here, step by step, for undo and redo."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from bridge.errors import ControlError
from bridge.routing.port_graph import Link
from bridge.routing.scene import ActiveScene

STEPS = 200
"""Steps that are kept: more than anyone goes back."""


@dataclass(frozen=True, slots=True)
class LinkStep:
    """One action: what it made and cut, and the active scene before and after it. ``text``: the action in words."""

    text: str
    made: tuple[Link, ...] = ()
    cut: tuple[Link, ...] = ()
    before: ActiveScene | None = None
    after: ActiveScene | None = None

    def reverse(self) -> LinkStep:
        """The step that takes this one back."""
        return LinkStep(self.text, self.cut, self.made, self.after, self.before)


class LinkHistory:
    """The steps that can be undone, and those that were undone and can be done again."""

    def __init__(self) -> None:
        self._undo: deque[LinkStep] = deque(maxlen=STEPS)
        self._redo: deque[LinkStep] = deque(maxlen=STEPS)

    def add(self, step: LinkStep) -> None:
        """Add a new step; what was undone before it cannot be done again."""
        self._undo.append(step)
        self._redo.clear()

    def take_undo(self) -> LinkStep:
        """The step that takes the last one back; from now on that one can be done again.

        Raises:
            ControlError: There is none.
        """
        if not self._undo:
            raise ControlError("nothing to undo", "connections that other programs made are theirs: cut them instead")
        step = self._undo.pop()
        self._redo.append(step)
        return step.reverse()

    def take_redo(self) -> LinkStep:
        """The step that was undone last.

        Raises:
            ControlError: There is none.
        """
        if not self._redo:
            raise ControlError("nothing to do again", "a step can be done again until the next change")
        step = self._redo.pop()
        self._undo.append(step)
        return step

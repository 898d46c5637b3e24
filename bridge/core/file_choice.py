"""File choice: a choice of a control that comes from a file, such as a plugin chain of the user's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileChoice:
    """A choice that comes from a file. ``word``: its name. ``place``: the file, for messages.

    ``problem``: why it cannot be chosen, empty where it can; ``hint``: what helps. ``obstacle``: why it is refused
    once it is chosen, empty where it is not. ``doc``: what it does.
    """

    word: str
    place: str = ""
    problem: str = ""
    hint: str = ""
    obstacle: str = ""
    doc: str = ""

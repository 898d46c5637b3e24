"""Insert marks: a sign and a word for what an insert point plays, legible without colour."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.session import Session
from tui.core.values import read_text


@dataclass(frozen=True, slots=True)
class InsertMark:
    """What is shown of an insert.

    Attributes:
        sign: One character.
        word: What it plays: ``on`` or ``dry``; or why nothing starts it again: ``refused`` or ``off``.
        role: The role of both.
    """

    sign: str
    word: str
    role: str


PLAYING = InsertMark("◆", "on", "text")
DRY = InsertMark("◇", "dry", "warning")
REFUSED = InsertMark("×", "refused", "error")
OFF = InsertMark("×", "off", "error")
_MARKS = {"running": PLAYING, "refused": REFUSED, "off": OFF}
"""By the first word of the state; the dry sound plays in all others."""


def find_insert_mark(session: Session, point: str) -> InsertMark | None:
    """The mark of an insert point; None where no chain is chosen, or the sidecar is lost."""
    row = session.read_row("insert", point)
    if not row or session.state == "lost":
        return None
    return _MARKS.get(read_text(row, "state").partition(":")[0], DRY)

"""Choice notes: what a choice does, or why it has no effect, where the sidecar says so of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.core.registry import Control
from tui.core.session import Record, Session
from tui.core.values import format_value, read_text

CHAIN_READING = "insert.chain"
"""The chains that can be chosen as inserts."""


@dataclass(frozen=True, slots=True)
class ChoiceNote:
    """What is known of a choice. ``doc``: what it does; ``obstacle``: why it has no effect, empty where it has one."""

    doc: str = ""
    obstacle: str = ""

    @property
    def words(self) -> str:
        """Both, the obstacle alone where there is one."""
        return f"not live: {self.obstacle}" if self.obstacle else self.doc


NO_NOTE = ChoiceNote()


def is_chain_control(name: str) -> bool:
    """Whether a control chooses the chain of an insert point."""
    return name.startswith("inserts.") and name.endswith(".chain")


def read_notes(session: Session, control: str) -> dict[str, ChoiceNote]:
    """What is known of the choices of a control, by choice."""
    if not is_chain_control(control):
        return {}
    rows = session.read_rows(CHAIN_READING)
    return {read_text(row, "chain"): ChoiceNote(read_text(row, "doc"), read_text(row, "obstacle")) for row in rows}


def find_obstacle(session: Session, control: Control, number: float) -> str:
    """Why a value of ``control`` has no effect; empty where it has one."""
    return read_notes(session, control.name).get(format_value(control, number), NO_NOTE).obstacle


def describe_refused(rows: Sequence[Record]) -> str:
    """The chains of a preset that cannot run live, the result of ``preset.load``, in words; empty without one."""
    refused = [f"{read_text(row, 'chain')} cannot run live: {read_text(row, 'obstacle')}" for row in rows]
    more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
    return f"{refused[0]}{more}" if refused else ""

"""Preset comparison: which controls a preset would change now, from what to what, and when that takes effect."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.registry import DELAY_MOVES, Value
from tui.core.session import Record, Session
from tui.core.values import format_number, is_equal, read_text, to_number


@dataclass(frozen=True, slots=True)
class Difference:
    """A control of the preset. ``is_same``: it has the preset's value now. ``takes_effect``: of the control."""

    control: str
    now: str
    wanted: str
    takes_effect: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A preset against what is set now.

    Attributes:
        differences: All controls that the preset names and the sidecar has, by their names.
        values: The preset's numbers, by control.
        unknown: Names in the preset that the sidecar does not have.
        untouched: Controls that are saved in presets and that this one leaves alone.
    """

    differences: tuple[Difference, ...]
    values: dict[str, float]
    unknown: tuple[str, ...]
    untouched: int

    @property
    def changed(self) -> tuple[Difference, ...]:
        """Those that the preset would change."""
        return tuple(one for one in self.differences if not one.is_same)

    @property
    def moves_delay(self) -> bool:
        """Whether loading the preset changes the declared delay of a path."""
        return any(one.takes_effect == DELAY_MOVES for one in self.changed)


def compare_preset(session: Session, rows: list[Record]) -> Comparison:
    """Compare ``rows``, the result of ``preset.show`` (control, value), with the values of the session."""
    differences, unknown = [], []
    values: dict[str, float] = {}
    for row in rows:
        name = read_text(row, "control")
        control = session.registry.controls.get(name)
        wanted = to_number(control, row.get("value", "")) if control is not None else None
        if control is None or wanted is None:
            unknown.append(name)
            continue
        now = session.get(name)
        values[name] = wanted
        differences.append(
            Difference(
                name,
                format_number(control, now),
                f"{format_number(control, wanted)} {control.unit}".rstrip(),
                control.takes_effect,
                is_equal(now, wanted),
            )
        )
    saved = {one.name for one in session.registry.controls.values() if one.saved}
    return Comparison(tuple(differences), values, tuple(unknown), len(saved - values.keys()))


def list_saved_values(session: Session) -> dict[str, float]:
    """The present values of all controls that presets save."""
    return {one.name: session.get(one.name) for one in session.registry.controls.values() if one.saved}


def find_changes(session: Session, values: dict[str, float]) -> dict[str, Value]:
    """Those of ``values`` that differ from what is set now, for a recall."""
    return {
        name: value
        for name, value in values.items()
        if name in session.registry.controls and not is_equal(session.get(name), value)
    }

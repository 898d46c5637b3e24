"""Controls of the accompaniment as the registry has them: dials, choices, switches, and parts."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.registry import Control
from tui.core.session import Session
from tui.core.values import read_text

PREFIX = "accompaniment.band."
STYLE, SECTION, SEED = f"{PREFIX}style", f"{PREFIX}section", f"{PREFIX}seed"
DROPOUT, FILL = f"{PREFIX}dropout", f"{PREFIX}fill"
LOOKAHEAD = "accompaniment.lookahead_beats"
REGENERATE = "accompaniment.regenerate"
MOST_PARTS = 9
"""Parts that have a digit."""
DIAL_KINDS = frozenset({"linear", "log"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the accompaniment.

    Attributes:
        name: Such as ``drums``.
        mute: The control that mutes it; empty where there is none.
        stays: The control that keeps it in a drop-out; empty where there is none.
        is_muted: Whether it is muted.
        is_dropped: Whether it pauses for a drop-out.
    """

    name: str
    mute: str
    stays: str
    is_muted: bool
    is_dropped: bool


def find_dials(session: Session) -> list[Control]:
    """The continuous controls of the band, in their order."""
    controls = session.registry.controls.values()
    return [one for one in controls if one.name.startswith(PREFIX) and one.kind in DIAL_KINDS]


def find_switches(session: Session) -> list[Control]:
    """The switches and numbers of the band as a whole, besides drop-out and seed; those of parts are not among them."""
    found = []
    for one in session.registry.controls.values():
        own = one.name.removeprefix(PREFIX)
        whole = one.name.startswith(PREFIX) and "." not in own and one.kind not in DIAL_KINDS
        if whole and one.name not in (STYLE, SECTION, SEED):
            found.append(one)
    return found


def name_control(control: Control) -> str:
    """The label of a control of the band: ``style strength``."""
    return control.name.removeprefix(PREFIX).replace("_", " ").replace(".", " ")


def find_parts(session: Session) -> list[Part]:
    """The parts that the accompaniment plays; before they are known, those that have a mute."""
    controls = session.registry.controls
    mutes = [name for name in controls if name.startswith(PREFIX) and name.endswith(".mute")]
    own = [name.removeprefix(PREFIX).removesuffix(".mute") for name in mutes]
    names = [read_text(row, "part") for row in session.read_rows("accompaniment.part")] or own
    names.sort(key=lambda name: own.index(name) if name in own else len(own))
    parts = []
    for name in names[:MOST_PARTS]:
        mute, stays = (f"{PREFIX}{name}.{own}" for own in ("mute", "stays"))
        mute, stays = (control if control in controls else "" for control in (mute, stays))
        dropped = session.is_on(DROPOUT) and bool(stays) and not session.is_on(stays)
        parts.append(Part(name, mute, stays, bool(mute) and session.is_on(mute), dropped))
    return parts

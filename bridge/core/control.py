"""Controls and actions: parameters that a user can set or trigger, each declared once, by its owner.

The OSC address, the preset key, the documentation and the ``sideman controls`` listing derive from these
declarations. They are part of the core because engines declare controls too, and engines import only the core.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def address_of(name: str) -> str:
    """The OSC address of a dotted name: ``stems.vocals.gain_db`` is ``/stems/vocals/gain_db``."""
    return "/" + name.replace(".", "/")


@dataclass(frozen=True, slots=True)
class Control:
    """A number that a user may set while the music runs.

    ``kind``: ``linear``, ``log`` (equal ratios feel equal), ``integer``, ``switch`` (0 or 1) or ``choice``
    (an index into ``choices``, which may also be set by name). ``unit`` is printed behind the value.
    ``saved`` is False for a momentary setting such as a ping mode: presets leave it out.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    kind: str = "linear"
    doc: str = ""
    choices: tuple[str, ...] = ()
    saved: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"control name {self.name!r}: use dotted lower case, such as stems.vocals.gain_db")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"control {self.name}: default {self.default} is outside {self.low}..{self.high}")
        if self.kind not in {"linear", "log", "integer", "switch", "choice"}:
            raise ValueError(f"control {self.name}: unknown kind {self.kind!r}")
        if self.kind == "choice" and len(self.choices) != self.high - self.low + 1:
            raise ValueError(f"control {self.name}: {len(self.choices)} choices for {self.low}..{self.high}")

    @property
    def address(self) -> str:
        return address_of(self.name)

    def clamp(self, value: float) -> float:
        """``value`` inside the range; a whole number where the kind knows only those."""
        value = min(max(float(value), self.low), self.high)
        return float(round(value)) if self.kind in {"integer", "switch", "choice"} else value


@dataclass(frozen=True, slots=True)
class Action:
    """Something that happens once when it is triggered. ``argument`` names its one string argument, if any."""

    name: str
    doc: str = ""
    argument: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"action name {self.name!r}: use dotted lower case, such as transport.panic")

    @property
    def address(self) -> str:
        return address_of(self.name)

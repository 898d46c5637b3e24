"""Channel strips: what faders, mutes and solos of a mixing controller stand for, and which of them it shows."""

from __future__ import annotations

import re
import threading

from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping import ReadingField, Strip
from bridge.controllers.mappings.mapping_file import StripFunctionName
from bridge.core.audio import STEMS
from bridge.core.control import Control, Reading

_PART_MUTE = re.compile(r"(accompaniment\.band)\.(\w+)\.mute")
_COLOURS = {"drums": 1, "bass": 3, "vocals": 6, "other": 5, "band": 2}
_PART_COLOUR = 4


def make_strips(registry: Registry) -> tuple[Strip, ...]:
    """Make the strips of a mapping that names none: the stems, the band, then the parts of the band.

    A strip has the functions whose controls are in ``registry``; one without any is left out. The mute of a part is
    that of the accompaniment, and select is whether the part stays in a drop-out.
    """
    strips = []
    for stem in STEMS:
        names: dict[StripFunctionName, str] = {
            "fader": f"stems.{stem}.gain_db",
            "mute": f"stems.{stem}.mute",
            "solo": f"stems.{stem}.solo",
        }
        strips.append(_make_strip(registry, stem.capitalize(), names, _COLOURS[stem], meter=stem))
    strips.append(_make_strip(registry, "Band", {"fader": "synth.gain_db"}, _COLOURS["band"], meter="band"))
    for control in registry.controls:
        if part := _PART_MUTE.fullmatch(control.name):
            names = {"mute": control.name, "select": f"{part[1]}.{part[2]}.stays"}
            strips.append(_make_strip(registry, f"Band {part[2]}", names, _PART_COLOUR))
    return tuple(strip for strip in strips if strip.controls)


def _make_strip(
    registry: Registry, name: str, names: dict[StripFunctionName, str], colour: int, meter: str = ""
) -> Strip:
    found = ((function, registry.find(control)) for function, control in names.items())
    controls = {function: item for function, item in found if isinstance(item, Control)}
    reading = registry.find("meters")
    level = None
    if meter and isinstance(reading, Reading):
        level = ReadingField("meters", reading.fields.index("peak_db"), meter)
    return Strip(name, controls, level, colour)


class Bank:
    """Which strips the devices show: all devices that share a bank, as a main unit and its extenders, move together.

    ``position`` is the strip, from 0, at the first fader of the main unit. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._position = 0
        self._members: dict[object, tuple[int, int]] = {}

    @property
    def position(self) -> int:
        return self._position

    def join(self, member: object, strips: int, end: int) -> None:
        """Add a device. ``strips``: how many there are for it. ``end``: the number of its last fader, from 1."""
        with self._lock:
            self._members[member] = (strips, end)
            self._position = self._clamp(0)

    def leave(self, member: object) -> None:
        """Remove a device; one that never joined is ignored."""
        with self._lock:
            self._members.pop(member, None)
            self._position = self._clamp(0)

    def can_move(self, strips: int) -> bool:
        """Whether a move by ``strips`` would show others than now."""
        with self._lock:
            return self._clamp(strips) != self._position

    def move(self, strips: int) -> int:
        """Move by ``strips``, as far as there are strips to show; returns the new position."""
        with self._lock:
            self._position = self._clamp(strips)
            return self._position

    def _clamp(self, strips: int) -> int:
        return min(max(self._position + strips, 0), self._find_last())

    def _find_last(self) -> int:
        """The furthest position: the last strip is at the last fader. With more faders than strips there is only 0."""
        if not self._members:
            return 0
        return max(0, max(strips for strips, _ in self._members.values()) - max(e for _, e in self._members.values()))

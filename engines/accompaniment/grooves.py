"""Drum groove templates, counted from drummers' bars: hits, velocity and timing, by family of styles.

`FILE` ships. ``python -m research.accompaniment.training grooves`` writes it from the Groove MIDI Dataset (Gillick,
Roberts, Engel, Eck and Bamman, "Learning to Groove with Inverse Sequence Transformations", ICML 2019), (c) Google LLC,
CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import median

import msgspec

from bridge.errors import ConfigError

FILE = "grooves.json"
STEPS = 16
"""Steps of a bar of four beats. Where it swings so do they: a triplet's notes are steps 0, 1 and 2 of a swung beat."""
CERTAIN_PERCENT = 88
"""A hit in this many of a hundred bars is always played."""
MAX_GAIN, MAX_PEDAL_GAIN = 1.0, 1.25
"""Largest gain against the hard hits of a drum, and against a pedal's mean: some kits have an odd velocity response."""
REST = "."
PEDAL_ROLES = ("kick",)
"""Drums whose hits are measured against the mean of their own template. How a pedal's velocity responds differs from
kit to kit (the median hit of a rock kick is half of the hardest in the family), and a recorded kick is even."""
FEATHERED_SHARE = 0.5
"""Share of the family's hard hits: softer hits of a pedal on every beat feather it, and are measured as other drums."""
BEATS = frozenset(range(0, STEPS, 4))


class Cell(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A drum at a step: in how many of a hundred bars it is hit, and the medians of those hits. ``late_ticks``:
    behind the grid, less how late that drummer is altogether; ``spread_ticks``: its standard deviation."""

    step: int
    percent: int
    velocity: int
    late_ticks: int
    spread_ticks: int


class TemplateTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``level``: the share of the family's bars that are played with less energy. ``groove_cluster``: the number of a
    cluster of similar templates, whatever their level. ``bars``: those it was counted in."""

    level: float
    groove_cluster: int = msgspec.field(name="manner")
    bars: int
    hits: dict[str, tuple[Cell, ...]]


class FamilyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``swing``: the median drummer's, 0 to 1. ``loud``: each drum's velocity where it is hit hard. ``feel``: for
    each drum and step (late_ticks, spread_ticks)."""

    performances: int
    bars: int
    swing: float
    loud: dict[str, int]
    feel: dict[str, tuple[tuple[int, int], ...]]
    templates: tuple[TemplateTable, ...]


class GrooveFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    attribution: str
    families: dict[str, FamilyTable]


@dataclass(frozen=True, slots=True)
class Articulation:
    """Timing and velocity of a hit. ``gain`` 0: the velocity of its weight; else against a hard hit on that drum, and
    ``flat`` is the mean of the drum's hits in the bar."""

    late_ticks: float
    spread_ticks: float
    gain: float = 0.0
    flat: float = 0.0


Articulations = Mapping[str, tuple[Articulation, ...]]
"""An articulation for each step, by drum."""


@dataclass(frozen=True, slots=True)
class Template:
    """A bar: ``lanes`` as in a style's drums, 16 steps each."""

    level: float
    groove_cluster: int
    lanes: Mapping[str, str]
    articulations: Articulations


@dataclass(frozen=True, slots=True)
class Family:
    """``articulations``: of hits that no template has. ``feel``: for each step that of the other players: the drums'
    medians."""

    templates: tuple[Template, ...]
    articulations: Articulations
    feel: tuple[Articulation, ...]


def to_family(table: FamilyTable) -> Family:
    usual: Articulations = {
        role: tuple(Articulation(late, spread) for late, spread in steps) for role, steps in table.feel.items()
    }
    feel = tuple(
        Articulation(median(one.late_ticks for one in here), median(one.spread_ticks for one in here))
        for here in zip(*usual.values(), strict=True)
    )
    return Family(tuple(_to_template(one, usual, table.loud) for one in table.templates), usual, feel)


def _to_template(table: TemplateTable, usual: Articulations, loud: Mapping[str, int]) -> Template:
    lanes: dict[str, str] = {}
    articulations = dict(usual)
    for role, cells in table.hits.items():
        line = [REST] * STEPS
        steps = list(usual.get(role, (Articulation(0.0, 0.0),) * STEPS))
        flat = sum(cell.percent * cell.velocity for cell in cells) / max(sum(cell.percent for cell in cells), 1)
        hard = max(loud.get(role, 127), 1)
        feathers = flat < FEATHERED_SHARE * hard and {cell.step for cell in cells} >= BEATS
        full, most = (max(flat, 1), MAX_PEDAL_GAIN) if role in PEDAL_ROLES and not feathers else (hard, MAX_GAIN)
        for cell in cells:
            line[cell.step] = str(to_weight(cell.percent))
            gain = min(cell.velocity / full, most)
            steps[cell.step] = Articulation(cell.late_ticks, cell.spread_ticks, gain, flat / full)
        lanes[role] = "".join(line)
        articulations[role] = tuple(steps)
    return Template(table.level, table.groove_cluster, lanes, articulations)


def to_weight(percent: int) -> int:
    """The weight of a hit that ``percent`` of the bars have: 9 is always played."""
    return 9 if percent >= CERTAIN_PERCENT else min(max(round(9 * percent / 100), 1), 8)


def read_grooves(text: bytes, where: str) -> GrooveFile:
    """Raises ConfigError, naming ``where``, if it is none."""
    try:
        return msgspec.json.decode(text, type=GrooveFile)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{where}: cannot be read ({error})", "install Sideman again, or derive it again") from error


@cache
def _load_shipped() -> GrooveFile:
    path = files("engines.accompaniment") / FILE
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error})", "install Sideman again") from error
    return read_grooves(text, str(path))


def list_families() -> tuple[str, ...]:
    """The families that ship."""
    return tuple(sorted(_load_shipped().families))


@cache
def load_family(name: str) -> Family:
    """One of `list_families`."""
    return to_family(_load_shipped().families[name])

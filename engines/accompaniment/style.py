"""Styles of the band: reader and validator of their TOML files, which a user can write.

A pattern is a bar of four beats as a string, 16 steps (four a beat) or 12 (three a beat). A layer's steps take the
place of a pattern's, save where it has ``*``. Every pattern is played as it is and with each layer. docs/accompany.md
has the format. `engines.accompaniment.style_lookup` finds the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bridge.config import Table, read_toml
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment import grooves
from engines.accompaniment.grooves import Articulation, Articulations
from engines.accompaniment.registers import share_registers
from engines.synth.channels import PAN_CENTRE

PART_NAMES = ("drums", "bass", "keys", "pad", "guitar")
ROLES: Mapping[str, int] = {
    "kick": 36, "snare": 38, "stick": 37, "clap": 39, "closed": 42, "pedal": 44, "open": 46, "tom_low": 45,
    "tom_mid": 47, "tom_high": 50, "crash": 49, "ride": 51, "bell": 53, "tambourine": 54, "shaker": 70,
    "cowbell": 56, "triangle": 81,
}  # fmt: skip
"""Drums and their General MIDI notes."""
BASS_SYMBOLS = "RTFSOAPW"
"""A bass line's notes: root, third, fifth, seventh, octave, approach to the next chord, passing step, walk."""
CHORD_SYMBOLS = "XDUPK"
"""A chord part's: block, strum down, strum up, power chord, muted strum; digits are voices from the lowest."""
REST, HOLD, KEEP = ".", "-", "*"
GRIDS = {16: 4, 12: 3}
"""Steps in a line, and how many of them make a beat."""
MIN_RANGE_SEMITONES = 14
"""Semitones that a part's range must span, so that every root and a step beside it lies in it."""
PITCHED_LANE = "line"
"""The name of a pitched part's only lane."""

MAX_PATTERNS = 32
"""Patterns, layers or fills of a part: each pattern is put together with each layer, and all are compared."""

Unit = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Raise = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
Midi = Annotated[int, msgspec.Meta(ge=0, le=127)]
Voices = Annotated[int, msgspec.Meta(ge=1, le=6)]
StepLanes = Mapping[str, str]
"""Steps as text, by lane: a drum, or PITCHED_LANE."""


class LineTable(Table, frozen=True):
    """``level``: the intensity it is for."""

    level: Unit
    line: str
    voices: Voices | None = None


class LineLayer(Table, frozen=True):
    """``raises``: what it adds to the level of a pattern that it is put upon."""

    raises: Raise = 0.0
    line: str = ""
    voices: Voices | None = None


class HitsTable(Table, frozen=True):
    level: Unit
    hits: dict[str, str]


class HitsLayer(Table, frozen=True):
    hits: dict[str, str]
    raises: Raise = 0.0


class DrumsTable(Table, frozen=True):
    """``opening``: the drum that is hit where a section begins. ``fills`` overlay a section's last bar. ``groove``: a
    family of `grooves`, whose templates have priority over the patterns written here."""

    patterns: Annotated[tuple[HitsTable, ...], msgspec.Meta(min_length=1, max_length=MAX_PATTERNS)]
    layers: Annotated[tuple[HitsLayer, ...], msgspec.Meta(max_length=MAX_PATTERNS)] = ()
    fills: Annotated[tuple[HitsTable, ...], msgspec.Meta(max_length=MAX_PATTERNS)] = ()
    opening: str = "crash"
    groove: str = ""
    program: Midi = 0
    volume: Midi = 100
    pan: Midi = PAN_CENTRE

    def __post_init__(self) -> None:
        if self.opening and self.opening not in ROLES:
            raise ValueError(f"opening: {self.opening!r} is no drum; drums are {', '.join(ROLES)}")
        if self.groove and self.groove not in grooves.list_families():
            raise ValueError(f"groove: {self.groove!r} is none; grooves are {', '.join(grooves.list_families())}")
        named: dict[str, Iterable[HitsTable | HitsLayer]] = {
            "patterns": self.patterns, "layers": self.layers, "fills": self.fills,
        }  # fmt: skip
        for name, tables in named.items():
            for number, table in enumerate(tables):
                where = f"{name}[{number}].hits"
                for role, line in table.hits.items():
                    if role not in ROLES:
                        raise ValueError(f"{where}: {role!r} is no drum; drums are {', '.join(ROLES)}")
                    _check(line, "123456789", name != "patterns", f"{where}.{role}")
                if len({len(line) for line in table.hits.values()}) != 1:
                    raise ValueError(f"{where}: its lines differ in length; give each 16 steps, or each 12")


class BassTable(Table, frozen=True):
    patterns: Annotated[tuple[LineTable, ...], msgspec.Meta(min_length=1, max_length=MAX_PATTERNS)]
    layers: Annotated[tuple[LineLayer, ...], msgspec.Meta(max_length=MAX_PATTERNS)] = ()
    program: Midi = 33
    low: Midi = 28
    high: Midi = 52
    volume: Midi = 100
    pan: Midi = PAN_CENTRE

    def __post_init__(self) -> None:
        _check_lines(self.patterns, self.layers, BASS_SYMBOLS + BASS_SYMBOLS.lower(), self.low, self.high)


class ChordsTable(Table, frozen=True):
    """Keys, pad or guitar. ``voices``: how many notes a chord has, where a pattern does not say."""

    patterns: Annotated[tuple[LineTable, ...], msgspec.Meta(min_length=1, max_length=MAX_PATTERNS)]
    layers: Annotated[tuple[LineLayer, ...], msgspec.Meta(max_length=MAX_PATTERNS)] = ()
    program: Midi = 0
    low: Midi = 50
    high: Midi = 79
    voices: Voices = 4
    volume: Midi = 90
    pan: Midi = PAN_CENTRE

    def __post_init__(self) -> None:
        _check_lines(self.patterns, self.layers, CHORD_SYMBOLS + CHORD_SYMBOLS.lower() + "123456", self.low, self.high)


class StyleFile(Table, frozen=True):
    """A style as it is written. ``swing_note``: which notes swing, eighths or sixteenths."""

    schema: int
    name: str
    doc: str = ""
    tempo: Annotated[float, msgspec.Meta(ge=20.0, le=400.0)] = 120.0
    swing: Unit = 0.0
    swing_note: Literal[8, 16] = 8
    drums: DrumsTable | None = None
    bass: BassTable | None = None
    keys: ChordsTable | None = None
    pad: ChordsTable | None = None
    guitar: ChordsTable | None = None


def _check_lines(
    patterns: Iterable[LineTable], layers: Iterable[LineLayer], symbols: str, low: int, high: int
) -> None:  # fmt: skip
    if high - low < MIN_RANGE_SEMITONES:
        raise ValueError(
            f"low {low}, high {high}: the range is too narrow; let it span {MIN_RANGE_SEMITONES} semitones"
        )
    for number, pattern in enumerate(patterns):
        _check(pattern.line, symbols, False, f"patterns[{number}].line")
    for number, layer in enumerate(layers):
        if layer.line:
            _check(layer.line, symbols, True, f"layers[{number}].line")


def _check(line: str, symbols: str, layer: bool, where: str) -> None:
    if len(line) not in GRIDS:
        raise ValueError(f"{where}: {len(line)} steps; write 16 (four a beat) or 12 (three a beat)")
    allowed = symbols + REST + ("" if symbols.isdigit() else HOLD) + (KEEP if layer else "")
    for step, symbol in enumerate(line, 1):
        if symbol not in allowed:
            raise ValueError(f"{where}: step {step}: {symbol!r}; use {allowed}")


@dataclass(frozen=True, slots=True)
class StepPattern:
    """``level``: the intensity it is for. ``lanes``: by drum, or the only one, PITCHED_LANE. ``voices`` 0: the part's
    number. ``articulations``: drummers' articulation of each drum at each of 16 steps. ``groove_cluster`` 0: written;
    else the cluster of similar templates, which were counted in drummers' bars."""

    level: float
    lanes: StepLanes
    voices: int = 0
    articulations: Articulations = field(default_factory=dict)
    groove_cluster: int = 0

    @property
    def per_beat(self) -> int:
        return GRIDS[len(next(iter(self.lanes.values())))]


@dataclass(frozen=True, slots=True)
class PartStyle:
    """All that one part plays in a style. ``low``, ``high``: a chord part's register (`registers`), else the range.
    ``fills`` and ``opening`` are the drums'."""

    program: int
    volume: int
    pan: int
    patterns: tuple[StepPattern, ...]
    low: int = 0
    high: int = 127
    voices: int = 4
    fills: tuple[StepPattern, ...] = ()
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """``tempo``, ``swing``: what is usual. ``swing_ticks``: the pair of notes within which the second comes late.
    ``feel``: the timing of its drummer at each of 16 steps; empty: the drums are written by hand."""

    name: str
    doc: str
    tempo: float
    swing: float
    swing_ticks: int
    parts: Mapping[str, PartStyle]
    feel: tuple[Articulation, ...] = ()

    def pair_ticks(self, pattern: StepPattern) -> int:
        """The ticks of a pair within which ``pattern`` swings; 0 where it is made of triplets."""
        return self.swing_ticks if pattern.per_beat == 4 else 0


def overlay(lanes: StepLanes, layer: StepLanes) -> StepLanes | None:
    """``lanes`` with ``layer`` put upon them; None where their steps do not fit."""
    length = len(next(iter(lanes.values())))
    if any(len(line) != length for line in layer.values()):
        return None
    upon = dict(lanes)
    for name, line in layer.items():
        under = lanes.get(name, REST * length)
        upon[name] = "".join(low if high == KEEP else high for low, high in zip(under, line, strict=True))
    return upon


def load_style(path: Path | Traversable) -> Style:
    """Read and check a style; the first thing wrong is a `ConfigError`."""
    file = read_toml(path, StyleFile)
    parts: dict[str, PartStyle] = {}
    if (drums := file.drums) is not None:
        patterns = _add_layers(
            [StepPattern(table.level, table.hits) for table in drums.patterns],
            [(layer.raises, layer.hits, 0) for layer in drums.layers],
        )
        fills = tuple(StepPattern(table.level, table.hits) for table in drums.fills)
        if drums.groove:
            patterns = _add_templates(patterns, grooves.load_family(drums.groove))
        parts["drums"] = PartStyle(drums.program, drums.volume, drums.pan, patterns, fills=fills, opening=drums.opening)
    pitched: dict[str, BassTable | ChordsTable | None] = {
        "bass": file.bass, "keys": file.keys, "pad": file.pad, "guitar": file.guitar,
    }  # fmt: skip
    for name, part in pitched.items():
        if part is not None:
            patterns = _add_layers(
                [StepPattern(table.level, {PITCHED_LANE: table.line}, table.voices or 0) for table in part.patterns],
                [(one.raises, {PITCHED_LANE: one.line} if one.line else {}, one.voices or 0) for one in part.layers],
            )
            voices = part.voices if isinstance(part, ChordsTable) else 1
            parts[name] = PartStyle(part.program, part.volume, part.pan, patterns, part.low, part.high, voices)
    chords = {name: part for name, part in parts.items() if name not in ("drums", "bass")}
    registers = share_registers(
        {name: (part.low, part.high) for name, part in chords.items()},
        {name: part.voices for name, part in chords.items()},
    )
    parts |= {name: replace(chords[name], low=low, high=high) for name, (low, high) in registers.items()}
    ticks = TICKS_PER_BEAT if file.swing_note == 8 else TICKS_PER_BEAT // 2
    feel = grooves.load_family(drums.groove).feel if drums is not None and drums.groove else ()
    return Style(file.name, file.doc, file.tempo, file.swing, ticks, parts, feel)


def _add_layers(patterns: list[StepPattern], layers: list[tuple[float, StepLanes, int]]) -> tuple[StepPattern, ...]:
    """Each pattern and each with one layer; the same lines are there once."""
    found: dict[tuple[tuple[tuple[str, str], ...], int], StepPattern] = {}
    for pattern in patterns:
        for raises, layer, voices in [(0.0, {}, 0), *layers]:
            lanes = overlay(pattern.lanes, layer)
            if lanes is None:
                continue
            level = min(max(pattern.level + raises, 0.0), 1.0)
            made = StepPattern(level, lanes, voices or pattern.voices)
            found.setdefault((tuple(sorted(lanes.items())), made.voices), made)
    return tuple(sorted(found.values(), key=lambda one: one.level))


def _add_templates(written: tuple[StepPattern, ...], family: grooves.Family) -> tuple[StepPattern, ...]:
    """The templates of ``family`` beside ``written``, which get its feel where they have 16 steps."""
    counted = [
        StepPattern(one.level, one.lanes, articulations=one.articulations, groove_cluster=one.groove_cluster)
        for one in family.templates
    ]
    mine = [replace(one, articulations=family.articulations) if one.per_beat == 4 else one for one in written]
    found: list[StepPattern] = []
    for one in [*counted, *mine]:
        if all(one.lanes != other.lanes for other in found):
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.level))

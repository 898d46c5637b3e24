"""Performance options: checks the controls, parts and tempo that a user requests; a table of the parts played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from rich.table import Table

from bridge.core.events import NOTE_NAMES
from bridge.errors import ConfigError
from bridge.printing import columns
from engines.accompaniment.arranger import PartTrack
from engines.accompaniment.score import PerformanceControls
from engines.accompaniment.sheet import HIGHEST_BPM, LOWEST_BPM
from engines.accompaniment.style import PART_NAMES, Style


def make_controls(style: Style, wanted: Mapping[str, float | None], seed: int) -> PerformanceControls:
    """The controls that are ``wanted``, the defaults in place of None, with the swing of ``style``."""
    if seed < 0:
        raise ConfigError(f"--seed {seed}", "use a number from 0")
    for name, value in wanted.items():
        if value is not None and not 0.0 <= value <= 1.0:
            raise ConfigError(f"--{name.replace('_', '-')} {value:g}", "use a number from 0 to 1")
    defaults = replace(PerformanceControls(), swing=style.swing)
    values = {f.name: getattr(defaults, f.name) for f in fields(PerformanceControls)}
    return PerformanceControls(
        **{**values, **{name: value for name, value in wanted.items() if value is not None}, "seed": seed}
    )


def select_parts(parts: str, style: Style) -> list[str]:
    """The parts asked for, in the order of the score; all of the style's where it has not all."""
    asked = parse_parts(parts)
    if asked == list(PART_NAMES):
        return [name for name in PART_NAMES if name in style.parts]
    for name in asked:
        if name not in style.parts:
            raise ConfigError(f"--parts: the style {style.name} has no {name}", f"it has {', '.join(style.parts)}")
    return asked


def parse_parts(parts: str) -> list[str]:
    """``"keys, drums"`` as names, in the order of the score."""
    asked = [name.strip() for name in parts.split(",")]
    for name in asked:
        if name not in PART_NAMES:
            raise ConfigError(f"--parts: {name!r} is no part", f"use some of {','.join(PART_NAMES)}")
    return [name for name in PART_NAMES if name in asked]


def check_tempo(tempo: float) -> float:
    """``tempo``, in quarter notes a minute, if it is one."""
    if not LOWEST_BPM <= tempo <= HIGHEST_BPM:
        raise ConfigError(f"--tempo {tempo:g}", f"use quarter notes per minute, {LOWEST_BPM:g} to {HIGHEST_BPM:g}")
    return tempo


def make_table(parts: Sequence[PartTrack]) -> Table:
    """Who played how much, and from where to where."""
    shown = columns("part", "notes", "range", left=("range",))
    for part in parts:
        pitches = part.pitches
        reach = f"{format_pitch(min(pitches))} to {format_pitch(max(pitches))}" if pitches else "–"
        shown.add_row(part.name, str(len(pitches)), "–" if part.name == "drums" else reach)
    return shown


def format_pitch(pitch: int) -> str:
    """As General MIDI counts octaves: 60 is C4."""
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"

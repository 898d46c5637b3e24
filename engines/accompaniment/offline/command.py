"""The command ``sideman accompany``: a chord sheet to a band's MIDI file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.config import write_atomic
from bridge.core.events import NOTE_NAMES
from bridge.errors import ConfigError
from engines.accompaniment.arranger import Part, arrange, perform
from engines.accompaniment.offline.midi import band_file
from engines.accompaniment.offline.piece import steady
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Dials
from engines.accompaniment.sheet import HIGHEST_BPM, LOWEST_BPM, Sheet, read_sheet
from engines.accompaniment.style import PART_NAMES, Style, find, load

FILE = "band.mid"

Dial = Annotated[float | None, Parameter(help="A dial from 0 to 1.")]


def accompany(
    sheet: Annotated[str, Parameter(help="A file with chords, or the chords: '| Am7 D7 | Gmaj7 |'.")],
    /,
    *,
    out: Annotated[Path, Parameter(help=f"Folder for {FILE}.")],
    style: Annotated[str, Parameter(help="A style that ships, or one of yours.")] = "pop",
    bars: Annotated[int | None, Parameter(help="Repeat the sheet until there are so many bars.")] = None,
    tempo: Annotated[
        float | None, Parameter(help="Quarter notes a minute; else the sheet's, else the style's.")
    ] = None,
    seed: Annotated[int, Parameter(help="Another number, another performance.")] = 0,
    parts: Annotated[str, Parameter(help="Who plays.")] = ",".join(PART_NAMES),
    count_in: Annotated[bool, Parameter(negative="", help="A bar of sticks first.")] = False,
    intensity: Annotated[Dial, Parameter(help="0.5: as the sections have it.")] = None,
    density: Annotated[Dial, Parameter(help="How many light strokes sound.")] = None,
    complexity: Annotated[Dial, Parameter(help="How many patterns are used.")] = None,
    swing: Annotated[Dial, Parameter(help="1: off-beats on the triplet; else the style's.")] = None,
    humanise: Annotated[Dial, Parameter(help="How loose timing and touch are.")] = None,
    style_strength: Annotated[Dial, Parameter(help="0: a plain band; 1: the style.")] = None,
    temperature: Annotated[Dial, Parameter(help="How far chance strays.")] = None,
) -> int:
    """Write a band's MIDI for a chord sheet: a track a part, tempo, sections as markers, chord names.

    The dials go from 0 to 1.
    """
    band = load(find(style))
    wanted = {
        "intensity": intensity, "density": density, "complexity": complexity, "swing": swing, "humanise": humanise,
        "style_strength": style_strength, "temperature": temperature,
    }  # fmt: skip
    dials = _dials(band, wanted, seed)
    names = _names(parts, band)
    song = _sheet(sheet)
    speed = _tempo(tempo, song, band)
    arranged = arrange(song, bars, count_in)
    played = [perform(arranged, name, PARTS[name], band, dials) for name in names]
    write_atomic(out / FILE, band_file(arranged, played, band, steady(speed), song.key, f"Sideman: {band.name}"))
    console = Console()
    console.print(table(played))
    console.print(f"{escape(str(out / FILE))}: {len(arranged)} bars of {song.beats}/4 at {speed:g}", highlight=False)
    return 0


def _sheet(sheet: str) -> Sheet:
    """The sheet itself where it begins with a bar line, else the file of that name."""
    if sheet.lstrip().startswith("|"):
        return read_sheet(sheet)
    try:
        return read_sheet(Path(sheet).read_text(encoding="utf-8"), sheet)
    except OSError as error:
        mend = "give a file with chords, or chords that begin with |"
        raise ConfigError(f"{sheet}: cannot be read ({error.strerror})", mend) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{sheet}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from error


def _dials(style: Style, wanted: dict[str, float | None], seed: int) -> Dials:
    if seed < 0:
        raise ConfigError(f"--seed {seed}", "use a number from 0")
    for name, value in wanted.items():
        if value is not None and not 0.0 <= value <= 1.0:
            raise ConfigError(f"--{name.replace('_', '-')} {value:g}", "use a number from 0 to 1")
    defaults = replace(Dials(), swing=style.swing)
    values = {f.name: getattr(defaults, f.name) for f in fields(Dials)}
    return Dials(**{**values, **{name: value for name, value in wanted.items() if value is not None}, "seed": seed})


def _names(parts: str, style: Style) -> list[str]:
    """The parts asked for, in the order of the score; all of the style's where it has not all."""
    asked = [name.strip() for name in parts.split(",")]
    if asked == list(PART_NAMES):
        return [name for name in PART_NAMES if name in style.parts]
    for name in asked:
        if name not in PART_NAMES:
            raise ConfigError(f"--parts: {name!r} is no part", f"use some of {','.join(PART_NAMES)}")
        if name not in style.parts:
            raise ConfigError(f"--parts: the style {style.name} has no {name}", f"it has {', '.join(style.parts)}")
    return [name for name in PART_NAMES if name in asked]


def _tempo(tempo: float | None, sheet: Sheet, style: Style) -> float:
    chosen = tempo if tempo is not None else sheet.tempo if sheet.tempo is not None else style.tempo
    if not LOWEST_BPM <= chosen <= HIGHEST_BPM:
        raise ConfigError(f"--tempo {chosen:g}", f"use quarter notes a minute, {LOWEST_BPM:g} to {HIGHEST_BPM:g}")
    return chosen


def table(parts: Sequence[Part]) -> Table:
    """Who played how much, and from where to where."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("part")
    shown.add_column("notes", justify="right")
    shown.add_column("range")
    for part in parts:
        pitches = part.pitches
        reach = f"{pitch_name(min(pitches))} to {pitch_name(max(pitches))}" if pitches else "–"
        shown.add_row(part.name, str(len(pitches)), "–" if part.name == "drums" else reach)
    return shown


def pitch_name(pitch: int) -> str:
    """As General MIDI counts octaves: 60 is C4."""
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"

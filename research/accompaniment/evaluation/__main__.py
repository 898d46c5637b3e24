"""The command: `python -m research.accompaniment.evaluation --help`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from bridge.errors import ConfigError, did_you_mean
from bridge.printing import Printer, exit_after
from bridge.streams import write_json, write_out
from engines.accompaniment.performance_controls import STYLE
from engines.accompaniment.style_lookup import SHIPPED_STYLES
from research.accompaniment.evaluation.rhythm import make_reference
from research.accompaniment.evaluation.run import (
    AFTER,
    FIGURES,
    WHERE,
    Condition,
    PerformanceResult,
    evaluate,
    score_drummers,
)
from research.accompaniment.evaluation.sheets import play_from_sheet
from research.accompaniment.evaluation.table import make_rows, make_table
from research.accompaniment.simulated_input import (
    RECOGNISER_DELAY_S,
    ChordEvent,
    list_true_chords,
    load_analyser,
    recognise_chords,
)
from research.accompaniment.songs import AnnotatedSong, modulate, read_rendered, read_written
from research.common.command_line import format_command
from research.common.docs_tables import replace_part
from research.common.evaluation_tables import to_data
from research.datasets.sources import get_split
from research.datasets.symbolic import read_grooves

FOLDERS = ("--symbolic", "--stems")

app = App(name="python -m research.accompaniment.evaluation", help_format="plaintext", version_flags=[])


@app.default
def main(
    *,
    symbolic: Annotated[Path, Parameter(help="The folder with pop909-cl, pop909 and groove.")],
    stems: Annotated[
        Path | None,
        Parameter(help="Rendered songs, analysed by --recogniser: a folder of `python -m research.datasets`."),
    ] = None,
    songs: Annotated[int, Parameter(help="So many of each collection; 0: all.")] = 12,
    recogniser: Annotated[str, Parameter(help="The engine that analyses the rendered songs.")] = "mir.standard",
    style: Annotated[str, Parameter(help=f"What the band plays: {', '.join(SHIPPED_STYLES)}.")] = "pop",
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print everything as JSON.")] = False,
    into: Annotated[Path | None, Parameter(help="Put the tables into this page, between its marks.")] = None,
) -> None:
    """Let the live band play to songs that it was not fitted to, and say how what it plays fits them.

    docs/accompaniment.md says what the figures mean.
    """
    if style not in SHIPPED_STYLES:
        raise ConfigError(f"--style {style}: unknown", did_you_mean(style, SHIPPED_STYLES))
    if songs < 0:
        raise ConfigError(f"--songs {songs}", "give a number from 0")
    written = read_written(symbolic, songs)
    grooves = [groove for groove in read_grooves(symbolic) if get_split(groove.drummer) == "valid"]
    reference = make_reference(written, grooves)
    values = {STYLE.name: STYLE.low + SHIPPED_STYLES.index(style)}
    results: list[PerformanceResult] = [*score_drummers(grooves)]
    console = Printer(stderr=True)
    with console.status("reading …") as status:
        for collection, conditions in _plan_conditions(
            written, read_rendered(stems, songs) if stems else [], recogniser
        ):
            for result in evaluate(collection, conditions, reference, values):
                results.append(result)
                status.update(f"{result.collection}, {result.song}: {result.player} is done …")
    rows = make_rows(results)
    modulating = [row for row in rows if "after" in row.means]
    tables = [make_table(rows, FIGURES), make_table(modulating, AFTER), make_table(rows, WHERE)]
    page = "\n".join(table.to_markdown() for table in tables)
    if into:
        command = format_command("research.accompaniment.evaluation", sys.argv[1:], FOLDERS)
        replace_part(into, "played", command + page)
    if json_:
        write_json(to_data(rows, results))
    else:
        write_out(page)


def _plan_conditions(
    written: Sequence[AnnotatedSong], rendered: Sequence[AnnotatedSong], recogniser: str
) -> list[tuple[Sequence[AnnotatedSong], list[Condition]]]:
    """Which songs are played under which conditions."""
    late = partial(list_true_chords, late_s=RECOGNISER_DELAY_S)
    known = [
        Condition("from the song's chord sheet", 1.0, lambda _: (), play_from_sheet),
        Condition("given as a chord begins, 1 beat ahead", 1.0, list_true_chords),
    ]
    late_chords = [
        Condition(f"given {RECOGNISER_DELAY_S:.2f} s late, 1 beat ahead", 1.0, late),
        Condition(f"given {RECOGNISER_DELAY_S:.2f} s late, 2 beats ahead", 2.0, late),
    ]

    @cache
    def recognise(song: AnnotatedSong) -> list[ChordEvent]:
        return recognise_chords(song, load_analyser(recogniser))

    own = [
        Condition("recognised, 1 beat ahead", 1.0, recognise),
        Condition("recognised, 2 beats ahead", 2.0, recognise),
    ]
    modulating = [modulate(song) for song in written]
    return [(written, [*known, *late_chords]), (modulating, late_chords), (rendered, [*late_chords, *own])]


if __name__ == "__main__":
    exit_after(app, "evaluate")

"""The command: `python -m research.separation.evaluation --help`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from bridge.errors import ConfigError
from bridge.printing import Printer, exit_after
from bridge.streams import write_json, write_out
from research.common.command_line import format_command, split_names
from research.common.docs_tables import replace_part
from research.common.evaluation_tables import to_data
from research.separation.evaluation.named import open_separator
from research.separation.evaluation.run import evaluate, list_baselines, make_evaluated, make_step_separators
from research.separation.evaluation.songs import (
    Excerpt,
    MultitrackSong,
    choose,
    find_multitracks,
    find_songs,
    read_song,
)
from research.separation.evaluation.table import make_rows, make_table

FALLBACK = "separation.dsp"
FOLDERS = ("--multitrack", "--folder")

app = App(name="python -m research.separation.evaluation", help_format="plaintext", version_flags=[])


@app.default
def main(
    *,
    songs_folder: Annotated[
        Path | None, Parameter(name="--folder", help="Folder of songs, each a folder of stems.")
    ] = None,
    multitrack: Annotated[Path | None, Parameter(help="Folder of files named SONG__STEM.ogg.")] = None,
    songs: Annotated[str, Parameter(help="Which songs, with commas; by default all.")] = "",
    with_: Annotated[str, Parameter(name="--with", help="Engines and models to measure, with commas.")] = FALLBACK,
    steps: Annotated[str, Parameter(help="Steps around them, with commas: all, cascade, cascade+wiener ...")] = "",
    offset: Annotated[float, Parameter(help="Seconds into each song.")] = 0.0,
    seconds: Annotated[float, Parameter(help="Seconds of each song; 0: to its end.")] = 0.0,
    rate: Annotated[int, Parameter(help="Resample the songs to this rate in Hz; 0: their own.")] = 0,
    museval: Annotated[
        float, Parameter(help="Seconds of each song that museval judges for SIR and SAR; it takes minutes.")
    ] = 0.0,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print everything as JSON.")] = False,
    markdown: Annotated[bool, Parameter(negative="", help="Print the table as Markdown.")] = False,
    into: Annotated[Path | None, Parameter(help="Put the Markdown table into this page, between its marks.")] = None,
) -> None:
    """Measure separators on songs whose stems are known. Mixture/4, the DSP engine and two oracles always take part.

    All figures are in dB; docs/separation.md says what they mean. The cost is CPU seconds for a second of audio.
    """
    if (songs_folder is None) == (multitrack is None):
        raise ConfigError("songs from where?", "give either --folder DIR or --multitrack DIR")
    found = find_multitracks(multitrack) if multitrack else find_songs(songs_folder or Path())
    chosen = choose(found, split_names(songs))
    excerpt = Excerpt(offset, seconds, rate)
    names = list(dict.fromkeys([FALLBACK, *split_names(with_)]))
    separators = list_baselines()
    for name in names:
        separator = open_separator(name)
        separators.append(make_evaluated(separator))
        if name in split_names(with_):
            separators += make_step_separators(separator, split_names(steps))
    results = []
    console = Printer(stderr=True)
    with console.status("reading …") as status:

        def read() -> Iterator[MultitrackSong]:
            for name, files in chosen.items():
                status.update(f"{name}: reading …")
                yield read_song(name, files, excerpt)

        for result in evaluate(separators, read(), museval):
            results.append(result)
            status.update(f"{result.song}: {result.separator} is done …")
    rows = make_rows(separators, results)
    table = make_table(rows)
    page = format_command("research.separation.evaluation", sys.argv[1:], FOLDERS) + table.to_markdown()
    if into:
        replace_part(into, "steps" if steps else "separators", page)
    if json_:
        write_json(to_data(rows, results))
    else:
        write_out(page if markdown else table.to_text())


if __name__ == "__main__":
    exit_after(app, "evaluate")

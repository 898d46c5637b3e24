"""The command: `python -m research.mir.evaluation --help`."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from bridge.core.engine import Engine
from bridge.errors import ConfigError, did_you_mean
from bridge.printing import Printer, exit_after
from bridge.streams import write_json, write_out
from engines.mir.engine_lookup import DEFAULT, create_engine
from engines.mir.learned.learned_mir import LearnedMir
from research.common.command_line import format_command, split_names
from research.common.docs_tables import replace_part
from research.common.evaluation_tables import to_data
from research.mir.evaluation.charts import find_charted
from research.mir.evaluation.delays import make_table as make_delay_table
from research.mir.evaluation.predictions import EvaluatedTracker, make_engine_tracker, make_song_tracker
from research.mir.evaluation.reference_trackers import REFERENCE_TRACKERS, make_installed_trackers
from research.mir.evaluation.rendered import find_rendered
from research.mir.evaluation.run import evaluate
from research.mir.evaluation.scores import import_metric
from research.mir.evaluation.songs import KnownSong, find_annotated, find_folder
from research.mir.evaluation.table import make_rows, make_table

FOLDERS = ("--annotated", "--multitrack", "--folder", "--charts", "--stems", "--weights")

app = App(name="python -m research.mir.evaluation", help_format="plaintext", version_flags=[])


@app.default
def main(
    *,
    folders: Annotated[
        list[Path] | None,
        Parameter(name="--folder", negative="", help="Songs with NAME.beats, .chords, .key, .onsets beside NAME.wav."),
    ] = None,
    annotated: Annotated[Path | None, Parameter(help="The annotated collection.")] = None,
    multitrack: Annotated[Path | None, Parameter(help="Its songs' stems, files named SONG__STEM.ogg.")] = None,
    stems: Annotated[Path | None, Parameter(help="Rendered songs: a folder of `python -m research.datasets`.")] = None,
    charts: Annotated[Path | None, Parameter(help="Songs of Frets on Fire: folders with notes.mid.")] = None,
    engines: Annotated[str, Parameter(help="Registered engines, with commas.")] = DEFAULT,
    beside: Annotated[
        str, Parameter(help="Other trackers, with commas; those that are not installed are left out.")
    ] = ",".join(REFERENCE_TRACKERS),
    weights: Annotated[
        Path | None,
        Parameter(help="mir.standard with other weights, too: a folder that `training export` filled."),
    ] = None,
    songs: Annotated[str, Parameter(help="Which songs, with commas; by default all.")] = "",
    seconds: Annotated[float, Parameter(help="Seconds of each song, from its start; 0: all.")] = 0.0,
    rate: Annotated[int, Parameter(help="Resample the songs to this rate in Hz; 0: their own.")] = 0,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print everything as JSON.")] = False,
    markdown: Annotated[bool, Parameter(negative="", help="Print the tables as Markdown.")] = False,
    into: Annotated[Path | None, Parameter(help="Put the Markdown tables into this page, between its marks.")] = None,
) -> None:
    """Measure mir engines, and reference trackers, on songs of which beats, chords, key or onsets are known.

    docs/mir.md says what the scores mean. The cost is CPU seconds for a second of audio.
    """
    import_metric("beat")  # fails now if it is missing
    known = [song for folder in folders or () for song in find_folder(folder)]
    known += find_annotated(annotated, multitrack) if annotated else []
    known += find_charted(charts) if charts else []
    known += find_rendered(stems) if stems else []
    if not known:
        raise ConfigError("songs from where?", "give --folder, --annotated, --charts or --stems DIR")
    known = _choose_songs(known, split_names(songs))
    trackers, reasons = _load_trackers(split_names(engines), split_names(beside), weights)
    results = []
    console = Printer(stderr=True)
    with console.status("reading …") as status:
        for result in evaluate(trackers, known, seconds, rate):
            results.append(result)
            status.update(f"{result.song}: {result.tracker} is done …")
    rows = make_rows(results)
    table = make_table(rows)
    delays = [row for tracker in trackers if tracker.delays is not None for row in tracker.delays.make_rows()]
    delay_table = make_delay_table(delays)
    command = format_command("research.mir.evaluation", sys.argv[1:], FOLDERS)
    page = command + table.to_markdown() + "".join(f"\n{reason}.\n" for reason in reasons)
    if into:
        replace_part(into, "scores", page)
        replace_part(into, "delays", command + delay_table.to_markdown())
    if json_:
        data = to_data(rows, results) | {"delays": [asdict(row) for row in delays], "not_run": reasons}
        write_json(data)
        return
    write_out(page if markdown else table.to_text() + "".join(f"{reason}\n" for reason in reasons))
    write_out("\n" + delay_table.to_markdown())


def _load_trackers(
    engines: list[str], beside: list[str], weights: Path | None
) -> tuple[list[EvaluatedTracker], list[str]]:
    for name in beside:
        if name not in REFERENCE_TRACKERS:
            raise ConfigError(f"--beside {name}: unknown", did_you_mean(name, REFERENCE_TRACKERS))
    found = [tracker for name in engines for tracker in _make_trackers(create_engine(name))]
    if weights is not None:
        own = _make_trackers(LearnedMir(weights))
        found += [replace(tracker, name=f"{tracker.name}, {weights.name}") for tracker in own]
    others, reasons = make_installed_trackers(beside)
    if not found and not others:
        raise ConfigError("nothing to evaluate", "name --engines, or install one of --beside")
    return [*found, *others], reasons


def _make_trackers(engine: Engine) -> list[EvaluatedTracker]:
    """``engine`` as it runs live, and over whole songs where it is decoded so."""
    live = make_engine_tracker(engine)
    return [live, make_song_tracker(engine)] if isinstance(engine, LearnedMir) else [live]


def _choose_songs(known: list[KnownSong], names: list[str]) -> list[KnownSong]:
    for name in names:
        if name not in {song.name for song in known}:
            raise ConfigError(f"no song {name!r}", did_you_mean(name, [song.name for song in known]))
    return [song for song in known if not names or song.name in names]


if __name__ == "__main__":
    exit_after(app, "evaluate")

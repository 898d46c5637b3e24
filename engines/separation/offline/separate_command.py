"""The command ``sideman separate``: songs to stems, with a table of results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from bridge.command_options import make_path_parameter, make_paths_parameter
from bridge.errors import ConfigError, did_you_mean
from bridge.printing import columns, one_line
from engines.offline.progress import format_duration
from engines.offline.song_batch import format_failure, make_reporter, process_songs
from engines.offline.songs import escape_name
from engines.offline.stemfile import FORMATS
from engines.separation.engine_profiles import SHIPPED
from engines.separation.offline.journal import Recipe
from engines.separation.offline.profiles import ChosenProfile, choose_profile
from engines.separation.offline.request import SeparationRequest, SeparationResult
from engines.separation.offline.separation_job import separate_song


def separate(
    files: Annotated[list[Path], make_paths_parameter("Songs, or folders of songs.")],
    /,
    *,
    out: Annotated[Path, make_path_parameter("Folder for the results: a folder per song, a file per stem.")],
    profile: Annotated[
        str,
        Parameter(help="offline, standard (four times as fast), low, ultra, dsp, or studio (a model that you added)."),
    ] = SHIPPED[0],
    model: Annotated[str, Parameter(help="The added model for the profile studio.")] = "",
    stems: Annotated[str, Parameter(help="Write only these stems, such as vocals,drums.")] = "",
    without: Annotated[
        list[str] | None,
        Parameter(negative="", help="Write the mix minus these stems, such as vocals; may be repeated."),
    ] = None,
    format_: Annotated[str, Parameter(name="--format", help=f"{', '.join(FORMATS)}.")] = "wav24",
    steps: Annotated[str, Parameter(help="Postprocessing steps, such as consistency,wiener.")] = "",
    force: Annotated[bool, Parameter(negative="", help="Also replace finished songs.")] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> int:
    """Separate songs of any number and length into stems.

    Each song gets a folder in --out with drums.wav, bass.wav, vocals.wav and other.wav.
    Finished songs are kept. To continue a run that was stopped, give the same command again.
    The exit status is 1 if a song failed; the others are separated.
    """
    chosen = choose_profile(profile, model, _parse_names(steps))
    request = _make_request(chosen, profile, _parse_names(steps), stems, without or [], format_, force)
    return process_songs(
        files,
        out,
        lambda song, progress: separate_song(song, out, request, chosen.separator, progress, time.monotonic),
        lambda song, error: SeparationResult(song, "failed", error=error.message, hint=error.hint),
        make_reporter(make_table, _to_dict, json_),
        "stopped; give the same command again to continue",
    )


def _parse_names(text: str) -> tuple[str, ...]:
    """``"vocals, drums"`` as names, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _make_request(
    chosen: ChosenProfile,
    profile: str,
    steps: tuple[str, ...],
    stems: str,
    without: Sequence[str],
    format_: str,
    force: bool,
) -> SeparationRequest:
    if format_ not in FORMATS:
        raise ConfigError(f"--format {format_}: no such format", did_you_mean(format_, FORMATS))
    separator = chosen.separator
    wanted = _check_names("--stems", _parse_names(stems), separator.stems)
    less = tuple(dict.fromkeys(_check_names("--without", _parse_names(one), separator.stems) for one in without))
    if any(not one or set(one) == set(separator.stems) for one in less):
        raise ConfigError("--without: leaves nothing, or nothing out", f"name some of: {', '.join(separator.stems)}")
    recipe = Recipe(profile, separator.name, chosen.model, steps, format_)
    return SeparationRequest(recipe, FORMATS[format_], wanted or (() if less else separator.stems), less, force)


def _check_names(option: str, names: tuple[str, ...], stems: Sequence[str]) -> tuple[str, ...]:
    """``names`` in the order of ``stems``."""
    for name in names:
        if name not in stems:
            raise ConfigError(f"{option} {name}: no such stem", did_you_mean(name, stems))
    return tuple(stem for stem in stems if stem in names)


def make_table(results: Sequence[SeparationResult]) -> RenderableType:
    """Table of the results: each song's times, and below them its folder or its error."""
    done = columns("song", "length", "took")
    lines = []
    for result in results:
        name, folder = one_line(result.song.name), one_line(result.folder)
        if result.status == "failed":
            lines.append(format_failure(result.song, result.error, result.hint, len(results) == 1))
        elif result.status == "skipped":
            lines.append(Text(f"{name}: {folder} (existed; --force replaces it)"))
        else:
            length_s = result.frames / result.rate if result.rate else 0.0
            done.add_row(name, format_duration(length_s), format_duration(result.took_s))
            lines.append(Text(f"{name}: {folder}: {one_line(', '.join(result.files))}"))
    return Group(done, *lines) if done.row_count else Group(*lines)


def _to_dict(result: SeparationResult) -> dict[str, object]:
    def to_db(peak: float) -> float | None:
        return round(20 * float(np.log10(peak)), 2) if peak > 0 else None

    made = result.status != "failed"
    return {
        "song": escape_name(result.song),
        "status": result.status,
        "folder": escape_name(result.folder) if made and result.folder else None,
        "files": {name: escape_name(path) for name, path in result.files.items()} if made else {},
        "rate_hz": result.rate,
        "length_frames": result.frames,
        "resumed_at_frames": result.resumed_at,
        "peaks_db": {name: to_db(peak) for name, peak in result.peaks.items()},
        "gain_db": to_db(result.gain),
        "took_s": round(result.took_s, 3),
        "notes": result.notes,
        "error": escape_name(result.error),
        "hint": escape_name(result.hint),
    }

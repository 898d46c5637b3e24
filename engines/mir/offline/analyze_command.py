"""The command ``sideman analyze``: songs to maps of their beats, tempo, chords and key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from bridge.command_options import make_path_parameter, make_paths_parameter
from bridge.printing import columns, one_line
from engines.mir.engine_lookup import DEFAULT, create_engine, parse_control_values
from engines.mir.offline.analysis_job import AnalysisResult, analyse_song
from engines.offline.progress import format_duration
from engines.offline.song_batch import format_failure, make_reporter, process_songs
from engines.offline.songs import escape_name


def analyze(
    files: Annotated[list[Path], make_paths_parameter("Songs, or folders of songs.")],
    /,
    *,
    out: Annotated[Path, make_path_parameter("Folder for the results: several files per song, with its name.")],
    engine: Annotated[str, Parameter(help="The analysis engine.")] = DEFAULT,
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="Set a control of the engine, as NAME=VALUE; may be repeated."),
    ] = None,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> int:
    """Write the beats, chords and keys of songs: as JSON, CSV, labels, MIDI with a tempo map, and a picture.

    Beats, bars, chords and keys are decoded from the whole song. Another engine analyses it as it would live.
    The exit status is 1 if a song failed; the others are analysed.
    """
    analyser = create_engine(engine)
    values = parse_control_values(analyser.spec.controls, set_ or [])
    return process_songs(
        files,
        out,
        lambda song, report: analyse_song(song, out, analyser, values, report, time.monotonic),
        lambda song, error: AnalysisResult(song, "failed", error=error.message, hint=error.hint),
        make_reporter(build_table, _to_dict, json_),
        "stopped; the songs before this one are finished",
    )


def build_table(results: Sequence[AnalysisResult]) -> RenderableType:
    """The results of each song, how many times faster than real time, and below that the files or the error."""
    shown = columns("song", "length", "took", "speed", "tempo", "beats", "chords", "key", left=("key",))
    lines = []
    for result in results:
        name, song = one_line(result.song.name), result.map
        if song is None:
            lines.append(format_failure(result.song, result.error, result.hint, len(results) == 1))
            continue
        lines.append(Text(f"{name}: {one_line(result.files['json'].with_suffix(''))}.*"))
        shown.add_row(
            name,
            format_duration(song.duration_s),
            format_duration(result.took_s),
            f"{_compute_speed(result):.0f} x",
            f"{song.bpm:.1f}" if song.bpm else "–",
            str(len(song.beats)),
            str(sum(chord.root >= 0 for chord in song.chords)),
            song.key or "–",
        )
    return Group(shown, *lines) if shown.row_count else Group(*lines)


def _compute_speed(result: AnalysisResult) -> float:
    """Seconds of the song per second of work."""
    return result.map.duration_s / max(result.took_s, 1e-9) if result.map else 0.0


def _to_dict(result: AnalysisResult) -> dict[str, object]:
    song = result.map
    return {
        "song": escape_name(result.song),
        "status": result.status,
        "files": {kind: escape_name(path) for kind, path in result.files.items()},
        "rate_hz": song.rate_hz if song else 0,
        "length_frames": song.length_frames if song else 0,
        "tempo_bpm": song.bpm if song and song.bpm else None,
        "key": song.key if song and song.key else None,
        "beats": len(song.beats) if song else 0,
        "chords": sum(chord.root >= 0 for chord in song.chords) if song else 0,
        "took_s": round(result.took_s, 3),
        "listened_s": round(result.analysis_s, 3),
        "times_real_time": round(_compute_speed(result), 1),
        "notes": result.notes,
        "error": escape_name(result.error),
        "hint": escape_name(result.hint),
    }

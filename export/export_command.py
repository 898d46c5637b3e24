"""The command ``sideman export``: songs to sessions of a DAW."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from bridge.command_options import make_path_parameter, make_paths_parameter
from bridge.errors import ConfigError, did_you_mean
from bridge.printing import Printer, columns, one_line
from chains.document.chain_file import get_folder
from chains.document.chain_lookup import load_chain
from engines.accompaniment.style import PART_NAMES
from engines.backing.backing_track import BackingRequest
from engines.offline.progress import format_duration
from engines.offline.song_batch import format_failure, make_reporter, process_songs
from engines.offline.songs import escape_name, find_songs, resolve_path
from engines.separation.engine_profiles import SHIPPED
from engines.separation.offline.profiles import choose_profile
from export.dawproject.chain_devices import make_chain_devices
from export.dawproject.vst_device import VstDevice
from export.export_job import ExportRequest, ExportResult, export_song, find_own_files
from export.results.session_builder import SessionRequest
from export.results.song_results import ResultRequest
from export.session.session import SampleFormat
from export.session_formats import SESSION_FORMATS, SessionFormat

SAMPLE_FORMATS = {one.name: one for one in (SampleFormat("wav24", 24), SampleFormat("wav32f", 32))}
RESULTS = "results"
DAY_S = 24 * 3600
_TIME = re.compile(r"(?:(\d{1,2}):)?(?:(\d{1,2}):)?(\d{1,5}(?:\.\d{1,9})?)")


def export(
    files: Annotated[list[Path], make_paths_parameter("Songs, or folders of songs.")],
    /,
    *,
    to: Annotated[str, Parameter(help=f"The DAW's format: {', '.join(SESSION_FORMATS)}; several with commas.")],
    out: Annotated[Path, make_path_parameter("Folder for the sessions.")] = Path(),
    results: Annotated[
        Path | None, make_path_parameter(f"Folder of stems, analyses and bands; by default {RESULTS} in --out.")
    ] = None,
    profile: Annotated[
        str, Parameter(help=f"The separator, as in `sideman separate`: {', '.join(SHIPPED)}, studio.")
    ] = SHIPPED[0],
    model: Annotated[str, Parameter(help="The added model for the profile studio.")] = "",
    band: Annotated[bool, Parameter(help="Add a band that plays to the song.")] = True,
    style: Annotated[str, Parameter(help="Style of the band; by default pop.")] = "",
    parts: Annotated[str, Parameter(help="Parts of the band.")] = ",".join(PART_NAMES),
    seed: Annotated[int, Parameter(help="Random seed: each number is another performance of the band.")] = 0,
    stems: Annotated[
        Path | None, make_path_parameter("A folder with the stems of one song, instead of new ones.")
    ] = None,
    analysis: Annotated[
        Path | None, make_path_parameter("SONG.json of `sideman analyze`, instead of a new analysis.")
    ] = None,
    band_midi: Annotated[
        Path | None, make_path_parameter("A MIDI file as the band, such as an edited band.mid.")
    ] = None,
    chain: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="TRACK=CHAIN: the VST3 plugins of a chain on a track, or on stems, band or master. For dawproject; may"
            " be repeated.",
        ),
    ] = None,
    format_: Annotated[str, Parameter(name="--format", help=f"Audio files: {', '.join(SAMPLE_FORMATS)}.")] = "wav24",
    start: Annotated[str, Parameter(help="Time reference of the audio files, as H:MM:SS.")] = "0:00:00",
    force: Annotated[bool, Parameter(negative="", help="Also replace results and sessions that are finished.")] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> int:
    """Make sessions for a DAW: stems, a band, the tempo map, chords and sections.

    What is missing is made first: the song is separated, analysed and accompanied.
    Finished results are kept. To continue a run that was stopped, give the same command again.
    A session that you changed is never replaced.
    The exit status is 1 if a song failed; the others are exported.
    """
    formats = _choose_formats(to)
    if format_ not in SAMPLE_FORMATS:
        raise ConfigError(f"--format {format_}: no such format", did_you_mean(format_, SAMPLE_FORMATS))
    session = SessionRequest(SAMPLE_FORMATS[format_], parse_start(start))
    backing = BackingRequest(style, parts, {}, seed) if band else None
    if backing is not None:
        backing.load_style()
        backing.check_for_song()
    given = {"--stems": stems, "--analysis": analysis, "--band-midi": band_midi}
    _check_given(files, given)
    made = ResultRequest(profile, choose_profile(profile, model), backing, stems, analysis, band_midi, force)
    folder = out / RESULTS if results is None else results
    devices = _open_chains(chain or [], formats)
    request = ExportRequest(formats, folder, made, session, devices, force)
    return process_songs(
        files,
        out,
        lambda song, progress: export_song(song, out, request, progress, time.monotonic),
        lambda song, error: ExportResult(song, "failed", error=error.message, hint=error.hint),
        make_reporter(make_table, _to_dict, json_),
        "stopped; give the same command again to continue",
        lambda paths, _: _find_songs(paths, out, folder),
    )


def _choose_formats(to: str) -> list[SessionFormat]:
    names = dict.fromkeys(name.strip() for name in to.split(",") if name.strip())
    if not names:
        raise ConfigError("--to: no format is named", f"name one of: {', '.join(SESSION_FORMATS)}")
    for name in names:
        if name not in SESSION_FORMATS:
            raise ConfigError(f"--to {name}: no such format", did_you_mean(name, SESSION_FORMATS))
    return [SESSION_FORMATS[name] for name in names]


def _open_chains(words: Sequence[str], formats: Sequence[SessionFormat]) -> dict[str, tuple[VstDevice, ...]]:
    """The devices of each TRACK=CHAIN; what a DAW does not get of a chain is printed."""
    if words and not any(format_.takes_devices for format_ in formats):
        raise ConfigError("--chain: no format that is asked for takes plugins", "add --to dawproject, or leave it out")
    found = {}
    for word in words:
        track, equals, name = word.partition("=")
        if not (track and equals and name):
            raise ConfigError(f"--chain {word}: no track and chain", "give TRACK=CHAIN, such as vocals=vocal-bus")
        path, loaded = load_chain(name)
        made = make_chain_devices(loaded, get_folder(path))
        found[track] = made.devices
        for remark in made.remarks:
            Printer(stderr=True).say(f"chain {name}: {remark}")
    return found


def parse_start(text: str) -> float:
    """Seconds from ``H:MM:SS``, ``M:SS`` or seconds, less than a day. Raises: ConfigError."""
    match = _TIME.fullmatch(text.strip())
    hint = "give hours, minutes and seconds, such as 1:00:00"
    if match is None:
        raise ConfigError(f"--start {text}: no time", hint)
    *larger, seconds = [float(part) for part in match.groups() if part is not None]
    if (larger and seconds >= 60) or (len(larger) == 2 and larger[1] >= 60):
        raise ConfigError(f"--start {text}: no time", hint)
    for number, part in enumerate(reversed(larger), 1):
        seconds += part * 60**number
    if seconds >= DAY_S:
        raise ConfigError(f"--start {text}: is not within a day", hint)
    return seconds


def _check_given(files: Sequence[Path], given: dict[str, Path | None]) -> None:
    """Check that results are given for one song alone, and are there."""
    for option, path in given.items():
        if path is None:
            continue
        if len(files) != 1 or files[0].is_dir():
            raise ConfigError(f"{option}: belongs to one song", "name one song, or leave it out")
        if not path.exists():
            raise ConfigError(f"{option} {path}: is not there", "check the name")


def _find_songs(paths: Sequence[Path], out: Path, results: Path) -> list[Path]:
    """The songs of ``paths``, without what was made for sessions."""
    own, made = find_own_files(out), resolve_path(results)

    def is_song(path: Path) -> bool:
        place = resolve_path(path)
        return place not in own and made not in place.parents

    found: dict[Path, Path] = {}
    for path in paths:
        songs = find_songs([path], out)
        for song in [one for one in songs if is_song(one)] or [path]:
            found.setdefault(resolve_path(song), song)
    return list(found.values())


def make_table(results: Sequence[ExportResult]) -> RenderableType:
    """Table of the results: each song's times, and below them its sessions or its error."""
    done = columns("song", "length", "tracks", "took")
    lines = []
    for result in results:
        name = one_line(result.song.name)
        if result.status == "failed":
            lines.append(format_failure(result.song, result.error, result.hint, len(results) == 1))
            continue
        if result.status == "done":
            length_s = result.frames / result.rate if result.rate else 0.0
            done.add_row(name, format_duration(length_s), str(result.tracks), format_duration(result.took_s))
        end = " (existed; --force replaces it)" if result.status == "skipped" else ""
        lines += [Text(f"{name}: {one_line(path)}{end}") for path in result.sessions.values()]
    return Group(done, *lines) if done.row_count else Group(*lines)


def _to_dict(result: ExportResult) -> dict[str, object]:
    return {
        "song": escape_name(result.song),
        "status": result.status,
        "sessions": {name: escape_name(path) for name, path in result.sessions.items()},
        "rate_hz": result.rate,
        "length_frames": result.frames,
        "tracks": result.tracks,
        "took_s": round(result.took_s, 3),
        "notes": result.notes,
        "error": escape_name(result.error),
        "hint": escape_name(result.hint),
    }

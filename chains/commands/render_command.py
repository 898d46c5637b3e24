"""The command ``sideman render``, also ``sideman chain render``: songs, stems and MIDI through chains, to files."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bridge.command_options import make_path_parameter, make_paths_parameter
from bridge.errors import ConfigError
from chains.commands.render_numbers import (
    BLOCK_FRAMES,
    CEILING_DBTP,
    GAIN_DB,
    LOUDNESS_LUFS,
    RATES_HZ,
    TAIL_S,
    TEMPO_BPM,
    USUAL_CEILING_DBTP,
    CeilingDbtp,
    Tail,
    TargetLufs,
    Tempo,
    check_number,
)
from chains.commands.render_report import make_table, to_dict
from chains.document.chain_file import get_folder
from chains.document.chain_lookup import load_chain
from chains.document.host_choice import AUTO, HOSTS
from chains.render.chain_player import ChainPlayer
from chains.render.render_job import make_failure, render_source
from chains.render.render_options import ALL_PARTS, MIDI_HZ, MIX, ChainChoice, RenderOptions
from chains.render.render_source import find_sources
from chains.render.rendered_source import RenderedSource
from engines.mastering.mastering import Target
from engines.offline.folder_lock import lock_folder
from engines.offline.song_batch import FAILED, make_reporter, process_songs
from engines.offline.stemfile import FORMATS, FileFormat

BAD_INPUT = 2
"""Exit status where everything that failed did so because of what was given; see `BridgeError.is_bad_input`."""


def render(
    sources: Annotated[
        list[Path],
        make_paths_parameter("Songs, folders of stems from `sideman separate`, MIDI files, or folders of these."),
    ],
    /,
    *,
    out: Annotated[
        Path, make_path_parameter("Folder for the results: a file per song; a folder per stems or MIDI file.")
    ],
    chain: Annotated[
        list[str] | None,
        Parameter(negative="", help="A chain for songs and mixes, or PART=CHAIN for a stem; may be repeated."),
    ] = None,
    instrument: Annotated[
        list[str] | None,
        Parameter(negative="", help="A chain that plays MIDI, for all parts or PART=CHAIN; else the synth plays them."),
    ] = None,
    gain: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="PART=DB, before its chain; an instrument is else as loud as the synth; may be repeated."
        ),
    ] = None,
    sidechain: Annotated[
        list[str] | None, Parameter(negative="", help="NAME=FILE for a sidechain that is no stem; may be repeated.")
    ] = None,
    format_: Annotated[str, Parameter(name="--format", help=f"{', '.join(FORMATS)}.")] = "wav24",
    target_lufs: TargetLufs = None,
    ceiling_dbtp: CeilingDbtp = None,
    tail: Tail = None,
    tempo: Tempo = None,
    analysis: Annotated[
        Path | None,
        Parameter(help="Result of `sideman analyze`, or its folder; by default what lies beside the song or in maps/."),
    ] = None,
    block: Annotated[int, Parameter(help="Frames that a plugin gets at a time.")] = 8192,
    host: Annotated[str, Parameter(help=f"{AUTO}, or the host for all plugins: {', '.join(HOSTS)}.")] = AUTO,
    rate: Annotated[int, Parameter(help="Sampling rate of MIDI in Hz.")] = MIDI_HZ,
    force: Annotated[bool, Parameter(negative="", help="Also replace finished files.")] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> int:
    """Render songs, stems and MIDI through plugin chains.

    Stems are rendered each through its chain, summed, and the sum goes through the chain of the mix.
    Finished files are kept. To continue a run that was stopped, give the same command again.
    The exit status is 1 if a plugin failed or is blocked, 2 if only what was given is at fault; the rest is rendered.
    """
    options = RenderOptions(
        _parse_chains("--chain", chain or [], MIX),
        _parse_chains("--instrument", instrument or [], ALL_PARTS),
        _parse_sidechains(sidechain or []),
        _parse_format(format_),
        _parse_target(target_lufs, ceiling_dbtp),
        check_number("--tail", tail, TAIL_S, "s"),
        check_number("--tempo", tempo, TEMPO_BPM, "BPM") or 0.0,
        int(check_number("--block", block, BLOCK_FRAMES, "frames") or 0),
        _parse_host(host),
        int(check_number("--rate", rate, RATES_HZ, "Hz") or 0),
        force,
        _parse_gains(gain or []),
        _parse_analysis(analysis, tempo),
    )
    results: list[RenderedSource] = []
    report = make_reporter(make_table, to_dict, json_)

    def keep(rendered: Sequence[RenderedSource]) -> None:
        results.extend(rendered)
        report(rendered)

    with lock_folder(out), ChainPlayer(options) as player:
        status = process_songs(
            sources,
            out,
            lambda source, progress: render_source(source, out, options, player, progress, time.monotonic),
            make_failure,
            keep,
            "stopped; give the same command again to continue",
            lambda paths, folder: find_sources(paths, folder, options),
        )
    is_bad_input = all(result.is_bad_input for result in results if result.status == "failed")
    return BAD_INPUT if status == FAILED and is_bad_input else status


def _parse_chains(option: str, words: Sequence[str], usual: str) -> dict[str, ChainChoice]:
    """The chain of each part; ``usual``: the part of a chain that is given without one."""
    chosen: dict[str, ChainChoice] = {}
    for word in words:
        part, equals, name = word.partition("=")
        if not equals or "/" in part or "\\" in part:  # a path may have an equals sign
            part, name = usual, word
        if not name or (equals and not part.strip() and name != word):
            raise ConfigError(f"{option} {word}: it names no chain", f"give {option} CHAIN or {option} PART=CHAIN")
        if part in chosen:
            whose = {"": "all parts have", "mix": "songs and mixes have"}.get(part, f"{part} has")
            message = f"{option} {word}: {whose} a chain already, {chosen[part].name}"
            raise ConfigError(message, "for both, write one chain file with the members of both")
        try:
            path, chain = load_chain(name)
        except ConfigError as error:
            message = error.message.removeprefix(f"{name}: ")
            raise ConfigError(f"{option} {word}: {message}", error.hint) from error
        plays = bool(chain.members) and chain.members[0].is_instrument
        if plays != (option == "--instrument"):
            what, other = ("an", "--instrument") if plays else ("no", "--chain")
            raise ConfigError(f"{option} {word}: its first member is {what} instrument", f"give it with {other}")
        chosen[part] = ChainChoice(name, chain, get_folder(path))
    return chosen


def _parse_sidechains(words: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for word in words:
        name, equals, file = word.partition("=")
        if not equals or not name or not file:
            raise ConfigError(f"--sidechain {word}: no name and file", "give --sidechain NAME=FILE")
        if not Path(file).is_file():
            raise ConfigError(f"--sidechain {word}: {file}: no such file", "give a recording")
        found[name] = Path(file)
    return found


def _parse_gains(words: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in words:
        name, equals, text = word.rpartition("=")
        try:
            value = float(text.lower().removesuffix("db"))
        except ValueError:
            value = math.nan
        if not equals or not name or not GAIN_DB[0] <= value <= GAIN_DB[1]:
            raise ConfigError(
                f"--gain {word}: no part and gain", f"give --gain PART=DB, {GAIN_DB[0]:g} to {GAIN_DB[1]:g}"
            )
        if name in found:
            raise ConfigError(f"--gain {word}: {name} has a gain already", "give one for each part")
        found[name] = value
    return found


def _parse_analysis(path: Path | None, tempo: float | None) -> Path | None:
    if path is not None and tempo is not None:
        raise ConfigError(f"--analysis {path}: --tempo is given, too", "give one of both")
    if path is not None and not path.exists():
        raise ConfigError(f"--analysis {path}: no such file or folder", "give one of sideman analyze")
    return path


def _parse_format(name: str) -> FileFormat:
    if name not in FORMATS:
        raise ConfigError(f"--format {name}: no such format", f"give one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _parse_host(name: str) -> str:
    if name not in (AUTO, *HOSTS):
        raise ConfigError(f"--host {name}: no such host", f"give one of {', '.join((AUTO, *HOSTS))}")
    return name


def _parse_target(lufs: float | None, ceiling: float | None) -> Target:
    lufs = check_number("--target-lufs", lufs, LOUDNESS_LUFS, "LUFS")
    ceiling = check_number("--ceiling-dbtp", ceiling, CEILING_DBTP, "dBTP")
    return Target(lufs, USUAL_CEILING_DBTP if ceiling is None and lufs is not None else ceiling)

"""The command ``sideman accompany``: a band for a chord sheet, a MIDI file or a song, or new drums for a song."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from mido import MidiFile

from bridge.command_options import make_path_parameter
from bridge.config import write_atomic
from bridge.errors import ConfigError
from bridge.failures import explain
from bridge.printing import Printer
from bridge.progress_channel import open_channel
from engines.accompaniment.offline.performance_options import make_table
from engines.accompaniment.style import PART_NAMES
from engines.backing.backing_source import is_song, read_source
from engines.backing.backing_track import BackingRequest, BackingTrack, arrange_backing, replace_drums
from engines.backing.band_level import HIGHEST_LU, LOWEST_LU, check_level, choose_loudness, describe_difference
from engines.backing.drum_extraction import DRUMS, separate_drums
from engines.backing.drum_replacement import mix_new_drums
from engines.offline.progress import ProgressDisplay
from engines.offline.song_batch import ProgressCallback, find_cause, join_progress, raise_on_sigterm, to_exit_status
from engines.synth.stems import write_stems

FILE = "band.mid"

Share = Annotated[float | None, Parameter(help="From 0 to 1.")]


def accompany(
    source: Annotated[str, Parameter(help="A recording, a MIDI file, a chord sheet, or chords: '| Am7 D7 | Gmaj7 |'.")],
    /,
    *,
    out: Annotated[Path, make_path_parameter(f"Folder for {FILE}.")],
    style: Annotated[
        str, Parameter(help="A shipped style or your own; by default pop, or with --replace the nearest style.")
    ] = "",
    bars: Annotated[int | None, Parameter(help="Repeat or cut the sheet to this number of bars.")] = None,
    tempo: Annotated[
        float | None, Parameter(help="Quarter notes per minute; by default the sheet's, else the style's.")
    ] = None,
    seed: Annotated[int, Parameter(help="Random seed: each number is another performance.")] = 0,
    parts: Annotated[str, Parameter(help="The parts that play.")] = ",".join(PART_NAMES),
    replace: Annotated[str, Parameter(help="drums: write new drums for a recording, and a mix with them.")] = "",
    count_in: Annotated[bool, Parameter(negative="", help="Begin with a bar of sticks.")] = False,
    loop: Annotated[
        bool, Parameter(negative="", help="Write a loop: the last bar leads to the first, without an ending.")
    ] = False,
    audio: Annotated[bool, Parameter(negative="", help="Also write PART.wav for each part, and mix.wav.")] = False,
    level_lu: Annotated[
        float,
        Parameter(
            help=f"Loudness of the audio files against the song, in LU; new drums: against the song's. {LOWEST_LU:g} to"
            f" {HIGHEST_LU:g}."
        ),
    ] = 0.0,
    intensity: Annotated[Share, Parameter(help="How hard the band plays; 0.5: as the sections say.")] = None,
    density: Annotated[Share, Parameter(help="How many of the soft hits and notes sound.")] = None,
    complexity: Annotated[Share, Parameter(help="How many different patterns are used.")] = None,
    swing: Annotated[Share, Parameter(help="0: straight; 1: off-beats on the triplet; by default the style's.")] = None,
    humanise: Annotated[Share, Parameter(help="How loose timing and articulation are.")] = None,
    style_strength: Annotated[Share, Parameter(help="0: plain patterns; 1: the style.")] = None,
    temperature: Annotated[
        Share, Parameter(help="Randomness; 0: the most likely patterns; 1: the most varied.")
    ] = None,
) -> int:
    """Write a band for a recording, a MIDI file or a chord sheet, as MIDI: tracks, tempo map, sections, chords.

    The band plays in time with a recording. The options from --intensity to --temperature go from 0 to 1.
    """
    controls = {
        "intensity": intensity, "density": density, "complexity": complexity, "swing": swing, "humanise": humanise,
        "style_strength": style_strength, "temperature": temperature,
    }  # fmt: skip
    request = BackingRequest(style, parts, controls, seed, bars, tempo, count_in, loop)
    if replace not in ("", DRUMS):
        raise ConfigError(f"--replace {replace}: only drums can be replaced", f"use --replace {DRUMS}")
    check_level(level_lu)
    request.load_style()  # a style that is not there is no fault of the source
    console = Printer(stderr=True)
    channel = open_channel()
    try:
        with raise_on_sigterm(), ProgressDisplay(console, 1) as screen:
            screen.begin(1, Path(source).name)
            channel.list_files([source])
            channel.begin(1)
            progress = join_progress(screen.update, channel.update)
            try:
                if replace:
                    played, files = _write_new_drums(source, out, request, level_lu, progress, screen.say)
                else:
                    played, files = _write_band(source, out, request, level_lu if audio else None, progress, screen.say)
            except Exception as error:
                failure = explain(error, source)
                channel.end("failed", str(failure), find_cause(error))
                raise failure from error
            channel.end("done")
    except KeyboardInterrupt as stop:
        console.say("stopped; give the same command again to continue")
        return to_exit_status(stop)
    _print_summary(played, files)
    return 0


def _write_band(
    source: str,
    out: Path,
    request: BackingRequest,
    level_lu: float | None,
    progress: ProgressCallback,
    say: Callable[[str], None],
) -> tuple[BackingTrack, list[Path]]:
    """Write the MIDI file, and audio files at ``level_lu`` where it is no None."""
    style = request.load_style()
    if is_song(source):
        request.check_for_song()
    played = arrange_backing(read_source(source, style.tempo, progress, request.needs_chords), request)
    midi = _write_midi(played, out)
    if level_lu is None:
        return played, [midi]
    target_lufs = choose_loudness(Path(source) if is_song(source) else None, level_lu)
    files = write_stems(MidiFile(midi), out, target_lufs=target_lufs)
    if remark := describe_difference(target_lufs, files.loudness):
        say(remark)
    return played, [midi, *files.paths]


def _write_new_drums(
    source: str,
    out: Path,
    request: BackingRequest,
    level_lu: float,
    progress: ProgressCallback,
    say: Callable[[str], None],
) -> tuple[BackingTrack, list[Path]]:
    style = request.load_style()
    request.check_for_song()
    if not is_song(source):
        raise ConfigError(f"{source}: no song", "--replace takes a recording, such as a WAV or MP3 file")
    read = read_source(source, style.tempo, progress, harmony=False)
    song = Path(source)
    stems = separate_drums(song, out, progress)
    played = replace_drums(read, stems.drums, request, progress)
    midi = _write_midi(played, out)
    made = mix_new_drums(played.to_midi(), song, stems.drums, stems.rest, out, progress, level_lu)
    for note in stems.notes:
        if note not in played.piece.remarks:  # those are printed with the band
            say(f"{song.name}: {note}")
    return played, [midi, *made.values()]


def _write_midi(played: BackingTrack, out: Path) -> Path:
    file = out / FILE
    write_atomic(file, played.to_midi())
    return file


def _print_summary(played: BackingTrack, files: list[Path]) -> None:
    """Print the parts, the source and the files."""
    console = Printer()
    console.print(make_table(played.parts))
    bars = "1 bar" if len(played.bars) == 1 else f"{len(played.bars)} bars"
    metre = f"{played.source.piece.sheet.beats}/4"
    console.say(f"{files[0]}: {bars} of {metre} at {played.bpm:.4g}, {played.style.name}")
    for remark in played.piece.remarks:
        console.say(f"{played.source.name}: {remark}")
    if played.source.timeline is not None:
        sections = ", ".join(f"{name} {bars}" for name, bars in played.sections)
        console.say(f"sections by loudness, in bars: {sections}")
    for file in files[1:]:
        console.say(str(file))

"""The command ``sideman accompany``: a band for a chord sheet, a MIDI file or a song, or new drums for a song."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from mido import MidiFile

from bridge.config import write_atomic
from bridge.errors import ConfigError
from bridge.printing import Printer
from engines.accompaniment.offline.wish import table
from engines.accompaniment.style import PART_NAMES
from engines.backing.backing_source import is_song, read_source
from engines.backing.backing_track import Played, Wish, play, redrum
from engines.backing.drum_extraction import DRUMS, separated
from engines.backing.drum_replacement import mix_anew
from engines.offline.progress import ProgressDisplay
from engines.offline.song_batch import ProgressCallback, raise_on_sigterm, to_exit_status
from engines.synth.stems import write_stems

FILE = "band.mid"

Dial = Annotated[float | None, Parameter(help="A dial from 0 to 1.")]


def accompany(
    source: Annotated[str, Parameter(help="A song, a MIDI file, a file with chords, or chords: '| Am7 D7 | Gmaj7 |'.")],
    /,
    *,
    out: Annotated[Path, Parameter(help=f"Folder for {FILE}.")],
    style: Annotated[
        str, Parameter(help="A style that ships, or one of yours; else pop, or for new drums the nearest.")
    ] = "",
    bars: Annotated[int | None, Parameter(help="Repeat the sheet until there are so many bars.")] = None,
    tempo: Annotated[
        float | None, Parameter(help="Quarter notes a minute; else the sheet's, else the style's.")
    ] = None,
    seed: Annotated[int, Parameter(help="Another number, another performance.")] = 0,
    parts: Annotated[str, Parameter(help="Who plays.")] = ",".join(PART_NAMES),
    replace: Annotated[str, Parameter(help="drums: write new drums like a song's own, and the song with them.")] = "",
    count_in: Annotated[bool, Parameter(negative="", help="A bar of sticks first.")] = False,
    audio: Annotated[bool, Parameter(negative="", help="Also PART.wav for each part, and mix.wav.")] = False,
    intensity: Annotated[Dial, Parameter(help="0.5: as the sections have it.")] = None,
    density: Annotated[Dial, Parameter(help="How many light strokes sound.")] = None,
    complexity: Annotated[Dial, Parameter(help="How many patterns are used.")] = None,
    swing: Annotated[Dial, Parameter(help="1: off-beats on the triplet; else the style's.")] = None,
    humanise: Annotated[Dial, Parameter(help="How loose timing and touch are.")] = None,
    style_strength: Annotated[Dial, Parameter(help="0: a plain band; 1: the style.")] = None,
    temperature: Annotated[Dial, Parameter(help="How far chance strays.")] = None,
) -> int:
    """Write a band's MIDI for a song, a MIDI file or a chord sheet: a track a part, tempo map, sections, chord names.

    To a song the band plays in time with the recording. The dials go from 0 to 1.
    """
    dials = {
        "intensity": intensity, "density": density, "complexity": complexity, "swing": swing, "humanise": humanise,
        "style_strength": style_strength, "temperature": temperature,
    }  # fmt: skip
    wish = Wish(style, parts, dials, seed, bars, tempo, count_in)
    if replace not in ("", DRUMS):
        raise ConfigError(f"--replace {replace}: only drums can be replaced", f"use --replace {DRUMS}")
    console = Printer(stderr=True)
    try:
        with raise_on_sigterm(), ProgressDisplay(console, 1) as screen:
            screen.begin(1, Path(source).name)
            if replace:
                played, files = _new_drums(source, out, wish, screen)
            else:
                played, files = _band(source, out, wish, audio, screen.update)
    except KeyboardInterrupt as stop:
        console.say("stopped; the same command goes on from here")
        return to_exit_status(stop)
    _say(played, files)
    return 0


def _band(source: str, out: Path, wish: Wish, audio: bool, told: ProgressCallback) -> tuple[Played, list[Path]]:
    style = wish.loaded()
    if is_song(source):
        wish.for_a_song()
    played = play(read_source(source, style.tempo, told, wish.harmony), wish)
    midi = _written(played, out)
    sounds = write_stems(MidiFile(midi), out) if audio else []
    return played, [midi, *sounds]


def _new_drums(source: str, out: Path, wish: Wish, screen: ProgressDisplay) -> tuple[Played, list[Path]]:
    told = screen.update
    style = wish.loaded()
    wish.for_a_song()
    if not is_song(source):
        raise ConfigError(f"{source}: no song", "--replace takes a recording, such as a WAV or MP3 file")
    read = read_source(source, style.tempo, told, harmony=False)
    song = Path(source)
    stems = separated(song, out, told)
    played = redrum(read, stems.drums, wish, told)
    midi = _written(played, out)
    made = mix_anew(played.midi(), song, stems.drums, stems.rest, out, told)
    for note in stems.notes:
        if note not in played.piece.remarks:  # those are said with the band
            screen.say(f"{song.name}: {note}")
    return played, [midi, *made.values()]


def _written(played: Played, out: Path) -> Path:
    file = out / FILE
    write_atomic(file, played.midi())
    return file


def _say(played: Played, files: list[Path]) -> None:
    """Who plays what, what to, and where it is."""
    console = Printer()
    console.print(table(played.parts))
    told = f"{len(played.bars)} bars of {played.source.piece.sheet.beats}/4 at {played.bpm:.4g}, {played.style.name}"
    console.say(f"{files[0]}: {told}")
    for remark in played.piece.remarks:
        console.say(f"{played.source.name}: {remark}")
    if played.source.course is not None:
        sections = ", ".join(f"{name} {bars}" for name, bars in played.sections)
        console.say(f"sections by loudness, in bars: {sections}")
    for file in files[1:]:
        console.say(str(file))

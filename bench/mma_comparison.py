"""The band beside MMA (Musical MIDI Accompaniment): ``python -m bench.mma_comparison [--style NAME ...] [--no-audio]``.

Eight charts of sixteen bars, one for each style, played by ``sideman accompany`` and by MMA with its nearest groove.
All MIDI files are measured by the same functions and rendered by the same synth (synth.fluid, each part by itself).
Both players draw at random, so each figure of the notes is the mean of 20 performances, and of the sound of three.
Needs the program ``mma`` (Debian: mma). Takes ten minutes.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pstdev

import numpy as np
from mido import MidiFile

from bench.band_mix import compare_drums, measure_mix
from bench.band_notes import FIFTH, TEMPO_FACTORS
from bridge.core.midi import DRUM_CHANNEL
from engines.accompaniment.parts.voicings import measure_motion
from engines.accompaniment.style import load_style
from engines.accompaniment.style_lookup import find_style
from engines.backing.accompany_command import FILE, accompany
from engines.synth.stems import RATE, read_score, render_stems

BARS, BAR_BEATS = 16, 4
GROOVES: Mapping[str, tuple[str, str]] = {
    "pop": ("8Beat", "C G Am F C G F G"),
    "rock": ("BasicRock", "E A B A E D A E"),
    "jazz": ("SwingWalk", "Dm7 G7 Cmaj7 Am7 Dm7 G7 Em7 A7"),
    "funk": ("BvFunk", "Em7 A7 Em7 A7 Cmaj7 B7 Em7 Em7"),
    "techno": ("Trance", "Am F C G Am F Dm E"),
    "lo-fi": ("DSoul", "Fmaj7 Em7 Dm7 Cmaj7 Fmaj7 G7 Am7 Am7"),
    "orchestral": ("StringBallad", "Dm Bb F C Gm Dm A7 Dm"),
    "classical": ("Hymn", "G D Em Bm C G Am D7"),
}
"""MMA's groove of each style, and the chart, a chord a bar, which is played twice."""
TWELFTHS = 12
"""Grid of a beat from which timing is measured: it has sixteenths and triplets."""
TOGETHER_BEATS = 0.08
"""Between the starts of two notes that begin together, strummed or not."""
OCTAVE = 12
"""Semitones."""
SWUNG = 0.42, 0.75
"""Places in a beat that the off-beat may have: straight to a dotted eighth."""
RUNS, RENDERED = 20, 3
"""Performances of each player at each tempo, and how many of them are rendered at the usual tempo."""


@dataclass(frozen=True, slots=True)
class FileNote:
    """``start``, ``end``: in beats."""

    start: float
    end: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of one file; None where it has not the parts.

    ``unison``: share of the chord notes that another part plays at the same time. ``leaps``: share of the bass's steps
    above a fifth, without octaves, which repeat the note. ``timing_ms``: standard deviation, mean of the parts.
    ``swing``: long to short. ``velocity``: standard deviation, mean of the parts. ``density``: notes a bar.
    ``voice_leading``: semitones a voice moves where the chart changes its chord; the least way to lead all of them.
    """

    unison: float | None
    leaps: float | None
    timing_ms: float
    swing: float | None
    velocity: float
    density: float
    voice_leading: float | None


@dataclass(frozen=True, slots=True)
class Sound:
    """Of one file as rendered. ``low``: energy below 120 Hz, ``side_mid``: side against mid, in dB. ``drums``: in LU
    above the loudest other part; None without drums."""

    low: float
    side_mid: float
    drums: float | None


def read_parts(path: Path) -> dict[str, list[FileNote]]:
    """The notes of each track, ``drums`` and ``bass`` by these names."""
    file = MidiFile(path, charset="utf-8")
    parts: dict[str, list[FileNote]] = {}
    for track in file.tracks:
        tick, open_, notes, channels = 0, dict[int, tuple[int, int]](), list[FileNote](), set[int]()
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            if message.note in open_:
                start, velocity = open_.pop(message.note)
                scale = file.ticks_per_beat
                notes.append(FileNote(start / scale, tick / scale, message.note, velocity))
            if message.type == "note_on" and message.velocity:
                open_[message.note] = tick, message.velocity
                channels.add(message.channel)
        if notes:
            is_bass = track.name.lower().startswith(("bass", "walk"))
            name = "drums" if channels == {DRUM_CHANNEL} else "bass" if is_bass else track.name.strip()
            parts[name] = sorted(notes, key=lambda note: (note.start, note.pitch))
    return parts


def measure_notes(parts: Mapping[str, Sequence[FileNote]], chart: Sequence[str], bpm: float) -> Comparison:
    """Measure the notes of one file, which plays ``chart``, a chord a bar, at ``bpm``."""
    chord_parts = [notes for name, notes in parts.items() if name not in ("drums", "bass")]
    offbeats = [
        note.start % 1
        for name, notes in parts.items()
        for note in notes
        if SWUNG[0] < note.start % 1 < SWUNG[1] and name == "drums"
    ]
    bass = parts.get("bass", ())
    steps = [abs(after.pitch - before.pitch) for before, after in pairwise(bass)]
    moves = [move for notes in chord_parts for move in measure_voice_leading(notes, chart)]
    middle = median(offbeats) if offbeats else None
    return Comparison(
        unison=measure_unison(chord_parts),
        leaps=fmean(step > FIFTH and step % OCTAVE != 0 for step in steps) if steps else None,
        timing_ms=fmean(measure_timing(notes) for notes in parts.values()) * 60_000 / bpm,
        swing=middle / (1 - middle) if middle is not None else None,
        velocity=fmean(pstdev(note.velocity for note in notes) for notes in parts.values()),
        density=sum(map(len, parts.values())) / BARS,
        voice_leading=fmean(moves) if moves else None,
    )


def measure_unison(parts: Sequence[Sequence[FileNote]]) -> float | None:
    """Share of the notes of ``parts`` at whose start another part holds or begins the same pitch; None: one part."""
    if len(parts) < 2:
        return None
    doubled = [
        any(
            other.pitch == note.pitch and other.start < note.start + TOGETHER_BEATS and other.end > note.start
            for later in parts
            if later is not notes
            for other in later
        )
        for notes in parts
        for note in notes
    ]
    return fmean(doubled)


def measure_timing(notes: Sequence[FileNote]) -> float:
    """Standard deviation, in beats, of the starts at each twelfth of a beat from their mean there."""
    places = defaultdict[int, list[float]](list)
    for note in notes:
        place = round(note.start * TWELFTHS)
        places[place % TWELFTHS].append(note.start - place / TWELFTHS)
    squares = [(late - fmean(lates)) ** 2 for lates in places.values() for late in lates]
    return float(fmean(squares) ** 0.5)


def measure_voice_leading(notes: Sequence[FileNote], chart: Sequence[str]) -> list[float]:
    """Semitones that each voice of a part moves, mean of the voices, at each change of ``chart``, a chord a bar.

    The voicing of a bar is all that begins in it: a strum of some strings is no chord of its own. Left out: changes
    from or to a bar with fewer than three notes.
    """
    bars = [set[int]() for _ in chart]
    for note in notes:
        bars[min(round(note.start * TWELFTHS) // (TWELFTHS * BAR_BEATS), BARS - 1)].add(note.pitch)
    voicings = [tuple(sorted(pitches)) for pitches in bars]
    return [
        float(measure_motion(np.array([after]), before)[0]) / len(after)
        for (before, after), (old, new) in zip(pairwise(voicings), pairwise(chart), strict=True)
        if old != new and min(len(before), len(after)) > 2
    ]


def play_ours(style: str, chart: str, bpm: int, folder: Path, seed: int) -> Path:
    with redirect_stdout(io.StringIO()):
        accompany(f"| {' | '.join(chart.split())} |", out=folder, style=style, tempo=bpm, bars=BARS, seed=seed)
    return folder / FILE


def play_mma(groove: str, chart: str, bpm: int, folder: Path) -> Path:
    lines = [f"{number} {chord}" for number, chord in enumerate(chart.split() * 2, 1)]
    source, file = folder / "chart.mma", folder / "mma.mid"
    source.write_text("\n".join([f"Tempo {bpm}", f"Groove {groove}", *lines]) + "\n", encoding="utf-8")
    program = shutil.which("mma")
    if program is None:
        raise SystemExit("mma is not installed (Debian: apt install mma)")
    subprocess.run([program, str(source), "-f", str(file)], check=True, capture_output=True, timeout=120)
    return file


def measure_sound(path: Path) -> Sound:
    stems = dict(render_stems(read_score(MidiFile(path, charset="utf-8"))))
    names = {"drum": "drums"}
    loudness = {names.get(name.lower(), name): measure_mix(audio, RATE).lufs for name, audio in stems.items()}
    whole = measure_mix(np.sum(list(stems.values()), axis=0), RATE)
    return Sound(whole.low_db, whole.side_mid_db, compare_drums(loudness))


def average(measured: Sequence[Comparison] | Sequence[Sound]) -> dict[str, float | None]:
    """The mean of each figure over those that have it; None where none has."""
    means: dict[str, float | None] = {}
    for field in fields(measured[0]):
        values = [value for one in measured if (value := getattr(one, field.name)) is not None]
        means[field.name] = fmean(values) if values else None
    return means


def format_number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def compare_style(style: str, folder: Path, runs: int, audio: bool) -> list[str]:
    """Two rows of a Markdown table: ours and MMA's."""
    groove, chart = GROOVES[style]
    rows = []
    for player in ("Sideman", f"MMA {groove}"):
        notes, sounds = {}, []
        for speed, factor in TEMPO_FACTORS.items():
            bpm, measured = round(load_style(find_style(style)).tempo * factor), []
            for run in range(runs):
                place = folder / style / player / speed / str(run)
                place.mkdir(parents=True)
                is_ours = player == "Sideman"
                file = play_ours(style, chart, bpm, place, run) if is_ours else play_mma(groove, chart, bpm, place)
                measured.append(measure_notes(read_parts(file), chart.split() * 2, bpm))
                if audio and speed == "usual" and run < RENDERED:
                    sounds.append(measure_sound(file))
            notes[speed] = average(measured)
        usual, sound = notes["usual"], average(sounds) if sounds else {}
        cells = [
            style, player, format_number(usual["unison"]), format_number(usual["leaps"]),
            format_number(usual["timing_ms"], 1), " / ".join(format_number(one["swing"]) for one in notes.values()),
            format_number(usual["velocity"], 1), format_number(usual["density"], 1),
            format_number(usual["voice_leading"]),
            *(format_number(sound.get(name), 1) for name in ("low", "side_mid", "drums")),
        ]  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--style", nargs="*", default=list(GROOVES), choices=list(GROOVES), help="some styles")
    parser.add_argument("--runs", type=int, default=RUNS, help="performances of each player; 20 by default")
    parser.add_argument("--no-audio", action="store_true", help="notes alone")
    options = parser.parse_args(arguments)
    head = (
        "style", "player", "unison", "bass leaps", "timing, ms", "swing, slow / usual / fast", "velocity sd",
        "notes a bar", "voice leading", "<120 Hz, dB", "side/mid, dB", "drums, LU",
    )  # fmt: skip
    sys.stdout.write("| " + " | ".join(head) + " |\n|" + "---|" * 2 + "---:|" * (len(head) - 2) + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        for style in options.style:
            for row in compare_style(style, Path(scratch), options.runs, audio=not options.no_audio):
                sys.stdout.write(row + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

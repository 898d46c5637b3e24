"""Figures of the styles that ship: ``python -m bench.styles [--out DIR] [--picture FILE.png]``.

One sheet of eight bars in each style, as ``sideman accompany --audio`` makes it, read back from its files: for each
part its level, range and notes a bar, and counts of what would sound like a machine or like a mistake. Takes 10 s.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import soundfile
from mido import MidiFile

from bench.piano_rolls import Performance, PlayedNote, draw
from bridge.core.events import NOTE_NAMES
from engines.accompaniment.style_lookup import SHIPPED_STYLES
from engines.backing.accompany_command import FILE, accompany
from engines.backing.band_level import REFERENCE_LUFS
from engines.synth.stems import MIX, EngineFactory, write_stems

SHEET = "[verse]\n| Am7 | D7 | Gmaj7 | C E7 |\n[chorus]\n| Am F | Dm7 G | Em7 Am | F E7 |"
TOGETHER_TICKS = 60
"""Notes that begin within so many ticks are one chord, strummed or not."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one part. ``alike``: most notes of one pitch in a row with one velocity. ``crossed``: chords in which a
    voice goes beyond where its neighbour was. ``under_bass``: notes that begin below the bass's."""

    rms_db: float
    peak_db: float
    notes_a_bar: float
    low: int
    high: int
    alike: int
    crossed: int
    chords: int
    under_bass: int


def perform(
    style: str, folder: Path, tempo: float | None = None, make: EngineFactory | None = None, chart: str = SHEET
) -> Performance:
    """Play ``chart`` in ``style`` into ``folder`` and read it back.

    ``tempo``: quarter notes a minute, None: the style's. ``make`` creates the synth; None: the usual one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sheet = folder / "sheet.txt"
    sheet.write_text(chart, encoding="utf-8")
    with redirect_stdout(io.StringIO()):
        accompany(str(sheet), out=folder, style=style, tempo=tempo)
    file = MidiFile(folder / FILE, charset="utf-8")
    write_stems(file, folder, make, target_lufs=REFERENCE_LUFS)
    parts = {track.name: tuple(_read_notes(track)) for track in file.tracks[1:]}
    chords, tick = [], 0
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "text":
            chords.append((tick, message.text))
    return Performance(style, parts, tuple(chords), tick)


def _read_notes(track: Sequence[object]) -> Iterator[PlayedNote]:
    tick, sounding = 0, dict[int, tuple[int, int]]()
    for message in track:
        tick += message.time  # type: ignore[attr-defined]
        kind = message.type  # type: ignore[attr-defined]
        if kind not in ("note_on", "note_off"):
            continue
        pitch, velocity = message.note, message.velocity  # type: ignore[attr-defined]
        if pitch in sounding:
            start, loudness = sounding.pop(pitch)
            yield PlayedNote(start, tick, pitch, loudness)
        if kind == "note_on" and velocity:
            sounding[pitch] = tick, velocity


def measure_part(one: Performance, name: str, wav: Path) -> Figures:
    notes = sorted(one.parts[name])
    audio, _ = soundfile.read(wav, dtype="float32")
    rms, peak = np.sqrt(np.mean(audio**2, dtype=np.float64)), np.abs(audio).max()
    crossed, chords = (0, 0) if name == "drums" else count_crossings(notes)
    pitches = [note.pitch for note in notes]
    return Figures(
        rms_db=_to_db(rms),
        peak_db=_to_db(peak),
        notes_a_bar=len(notes) / one.bars,
        low=min(pitches, default=0),
        high=max(pitches, default=0),
        alike=count_alike(notes),
        crossed=crossed,
        chords=chords,
        under_bass=0 if name in ("drums", "bass") else count_under(notes, one.parts.get("bass", ())),
    )


def _to_db(value: float) -> float:
    return float(20 * np.log10(max(value, 1e-9)))


def count_alike(notes: Sequence[PlayedNote]) -> int:
    """The most notes of one pitch in a row that have one velocity."""
    longest = 0
    for _, same in groupby(sorted(notes, key=lambda note: (note.pitch, note.start)), lambda note: note.pitch):
        runs = (len(list(run)) for _, run in groupby(same, lambda note: note.velocity))
        longest = max(longest, *runs)
    return longest


def count_crossings(notes: Sequence[PlayedNote]) -> tuple[int, int]:
    """(chords with a voice beyond a neighbour's last place, chords that follow one of as many voices)."""
    chords: list[list[PlayedNote]] = []
    for note in notes:
        if chords and note.start - chords[-1][0].start < TOGETHER_TICKS:
            chords[-1].append(note)
        else:
            chords.append([note])
    voiced = [sorted(note.pitch for note in chord) for chord in chords]
    pairs = [(a, b) for a, b in pairwise(v for v in voiced if len(v) > 1) if len(a) == len(b) and a != b]
    crossed = sum(any(b[i] > a[i + 1] or a[i] > b[i + 1] for i in range(len(a) - 1)) for a, b in pairs)
    return crossed, len(pairs)


def count_under(notes: Sequence[PlayedNote], bass: Sequence[PlayedNote]) -> int:
    """How many of ``notes`` begin below a note of the bass that sounds then."""
    return sum(any(b.start <= note.start < b.end and note.pitch < b.pitch for b in bass) for note in notes)


def format_pitch(pitch: int) -> str:
    """60 is C4."""
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"


def format_table(style: str, rows: dict[str, Figures]) -> str:
    """The table of ``style``; drums have no range."""
    lines = [
        f"{style:<12}{'rms dB':>7}{'peak':>7}{'notes/bar':>11}  {'range':<11}{'alike':>6}{'crossed':>10}{'<bass':>7}"
    ]
    for name, one in rows.items():
        reach = "" if name in ("drums", MIX) else f"{format_pitch(one.low)} to {format_pitch(one.high)}"
        line = f"  {name:<10}{one.rms_db:>7.1f}{one.peak_db:>7.1f}"
        if name != MIX:
            crossed = f"{one.crossed} of {one.chords}"
            line += f"{one.notes_a_bar:>11.1f}  {reach:<11}{one.alike:>6}{crossed:>10}{one.under_bass:>7}"
        lines.append(line)
    return "\n".join(lines)


def measure_styles(out: Path, picture: Path | None) -> None:
    """Print a table for each style; its files go to a folder in ``out``."""
    performances = []
    for style in SHIPPED_STYLES:
        folder = out / style
        one = perform(style, folder)
        rows = {name: measure_part(one, name, folder / f"{name}.wav") for name in one.parts}
        everything = Performance(style, {MIX: ()}, one.chords, one.ticks)
        rows[MIX] = measure_part(everything, MIX, folder / f"{MIX}.wav")
        sys.stdout.write(format_table(style, rows) + "\n")
        performances.append(one)
    if picture is not None:
        draw(performances, picture)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="keep the files here")
    parser.add_argument("--picture", type=Path, help="draw a piano roll of all styles as PNG")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        measure_styles(options.out or Path(scratch), options.picture)


if __name__ == "__main__":
    main()

"""Notes and timing of the shipped styles at three tempi: ``python -m bench.band_notes [STYLE ...]``.

For each style at 0.7, 1 and 1.5 times its usual tempo: how often keys, pad and guitar double a note, how far the bass
leaps, how much the off-beats swing, how dense the parts are, and how they are timed. One sheet, 32 bars, three seeds;
no audio is made. Takes 10 s.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.offline.timed_sheet import list_bar_starts
from engines.accompaniment.parts import CHORD_PARTS
from engines.accompaniment.score import ScoreNote
from engines.accompaniment.style import PART_NAMES
from engines.accompaniment.style_lookup import SHIPPED_STYLES, load_named
from engines.backing.backing_source import read_source
from engines.backing.backing_track import BackingRequest, BackingTrack, arrange_backing

SHEET = "| Am7 | D7 | Gmaj7 | C E7 | Am F | Dm7 G | Em7 Am | F E7 |"
BARS, SEEDS = 32, 3
TEMPO_FACTORS: Mapping[str, float] = {"slow": 0.7, "usual": 1.0, "fast": 1.5}
FIFTH = 7
"""Semitones."""

Notes = tuple[tuple[ScoreNote, ...], ...]
"""Notes of a part by bar."""


@dataclass(frozen=True, slots=True)
class NoteFigures:
    """``unison``: share of the notes of keys, pad and guitar whose pitch another of the three sounds at that time.
    ``leaps``: share of the bass's intervals beyond a fifth; ``steps``: up to three semitones. ``swing``: length of a
    pair's first note against its second. ``onsets``: chords or notes a second, by part. ``spread_ms``: standard
    deviation from the grid, by part. ``together``: correlation of a part's deviations with the drums', by part."""

    style: str
    bpm: float
    unison: float
    leaps: float
    steps: float
    swing: float
    onsets: Mapping[str, float]
    spread_ms: Mapping[str, float]
    together: Mapping[str, float]


def measure_style(style: str, factor: float) -> NoteFigures:
    """The figures of ``style`` at ``factor`` times its usual tempo, over all seeds."""
    bpm = load_named(style).tempo * factor
    unison, intervals, swings = list[bool](), list[int](), list[float]()
    onsets, away = defaultdict[str, int](int), defaultdict[str, dict[tuple[int, int], float]](dict)
    for seed in range(SEEDS):
        played, exact, straight = (_play(style, bpm, seed, **controls) for controls in _PASSES)
        notes = {part.name: _join(played, part.bars) for part in played.parts}
        unison += _find_unisons([notes[name] for name in CHORD_PARTS if name in notes])
        line = [note.pitch for note in notes.get("bass", [])]
        intervals += [abs(b - a) for a, b in pairwise(line)]
        for name, joined in notes.items():
            onsets[name] += len({note.tick // 20 for note in joined})
        for part, on_grid, even in zip(played.parts, exact.parts, straight.parts, strict=True):
            away[part.name] |= {
                (seed, tick): late * 60_000 / (bpm * TICKS_PER_BEAT)
                for tick, late in _find_deviations(played, part.bars, on_grid.bars, even.bars).items()
            }
            swings += _find_swings(even.bars, on_grid.bars, load_named(style).swing_ticks)
    seconds = SEEDS * BARS * 4 * 60 / bpm
    return NoteFigures(
        style, bpm, _mean(unison), _mean([one > FIFTH for one in intervals]), _mean([one <= 3 for one in intervals]),
        float(np.median(swings)) if swings else 1.0,
        {name: count / seconds for name, count in onsets.items()},
        {name: float(np.std(list(found.values()))) for name, found in away.items()},
        {name: _correlate(found, away["drums"]) for name, found in away.items() if name != "drums"},
    )  # fmt: skip


_PASSES: tuple[dict[str, float], ...] = ({}, {"humanise": 0.0}, {"humanise": 0.0, "swing": 0.0})


def _play(style: str, bpm: float, seed: int, **controls: float) -> BackingTrack:
    request = BackingRequest(style, controls=controls, seed=seed, bars=BARS, tempo=bpm)
    return arrange_backing(read_source(SHEET, bpm, lambda *_: None), request)


def _join(played: BackingTrack, bars: Notes) -> list[ScoreNote]:
    """All notes in order, ticks from the start."""
    starts = list_bar_starts(played.bars)
    return sorted(
        (
            ScoreNote(start + note.tick, note.ticks, note.pitch, note.velocity)
            for start, notes in zip(starts, bars, strict=False)
            for note in notes
        ),
        key=lambda note: (note.tick, note.pitch),
    )


def _find_unisons(parts: Sequence[Sequence[ScoreNote]]) -> list[bool]:
    """For each note whether another part sounds its pitch at some time while it sounds."""
    found = []
    for number, part in enumerate(parts):
        others = defaultdict[int, list[ScoreNote]](list)
        for note in (note for other, notes in enumerate(parts) if other != number for note in notes):
            others[note.pitch].append(note)
        found += [any(note.tick < o.end and o.tick < note.end for o in others[note.pitch]) for note in part]
    return found


def _pair_notes(one: Sequence[ScoreNote], other: Sequence[ScoreNote]) -> list[tuple[ScoreNote, ScoreNote]]:
    """The notes of one bar in two performances of it, where a pitch has as many in both."""
    here, there = defaultdict[int, list[ScoreNote]](list), defaultdict[int, list[ScoreNote]](list)
    for notes, found in ((one, here), (other, there)):
        for note in notes:
            found[note.pitch].append(note)
    return [
        pair
        for pitch in here
        if len(here[pitch]) == len(there[pitch])
        for pair in zip(here[pitch], there[pitch], strict=True)
    ]


def _find_deviations(played: BackingTrack, loose: Notes, exact: Notes, straight: Notes) -> dict[int, float]:
    """Ticks behind the (swung) grid by the grid's tick: of a strummed chord those of its first string."""
    starts, found = list_bar_starts(played.bars), dict[int, float]()
    for start, moved, on_grid, even in zip(starts, loose, exact, straight, strict=False):
        places = {(b.tick, b.pitch): a.tick for a, b in _pair_notes(even, on_grid)}
        for a, b in _pair_notes(moved, on_grid):
            tick = start + places.get((b.tick, b.pitch), b.tick)
            found[tick] = min(found.get(tick, np.inf), a.tick - b.tick)
    return found


def _find_swings(straight: Notes, swung: Notes, pair: int) -> list[float]:
    """The ratio of each note that begins at half of a pair of ``pair`` ticks."""
    places = [
        b.tick % pair / pair
        for even, bar in zip(straight, swung, strict=True)
        for a, b in _pair_notes(even, bar)
        if a.tick % pair == pair // 2
    ]
    return [place / (1 - place) for place in places if 0 < place < 1]


def _correlate(one: Mapping[tuple[int, int], float], other: Mapping[tuple[int, int], float]) -> float:
    both = sorted(one.keys() & other.keys())
    a, b = np.array([one[key] for key in both]), np.array([other[key] for key in both])
    return float(np.corrcoef(a, b)[0, 1]) if len(both) > 2 and a.std() > 0 and b.std() > 0 else 0.0


def _mean(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if values else 0.0


def format_tables(figures: Sequence[NoteFigures]) -> str:
    """Two tables in Markdown: notes, and timing by part."""
    lines = [
        f"| style | bpm | unison | bass leaps | bass steps | swing | {' | '.join(PART_NAMES)} |",
        "|---|---:" + "|---:" * (4 + len(PART_NAMES)) + "|",
    ]
    for one in figures:
        onsets = " | ".join(f"{one.onsets.get(name, 0.0):.1f}" for name in PART_NAMES)
        lines.append(
            f"| {one.style} | {one.bpm:.0f} | {one.unison:.2f} | {one.leaps:.2f} | {one.steps:.2f} | "
            f"{one.swing:.2f} | {onsets} |"
        )
    lines += [
        "",
        f"| style | bpm | {' | '.join(PART_NAMES)} | {' | '.join(f'{name} with drums' for name in PART_NAMES[1:])} |",
        "|---|---:" + "|---:" * (2 * len(PART_NAMES) - 1) + "|",
    ]
    for one in figures:
        spread = " | ".join(f"{one.spread_ms.get(name, 0.0):.0f}" for name in PART_NAMES)
        together = " | ".join(f"{one.together.get(name, 0.0):.2f}" for name in PART_NAMES[1:])
        lines.append(f"| {one.style} | {one.bpm:.0f} | {spread} | {together} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("styles", nargs="*", default=SHIPPED_STYLES, help="styles; all that ship by default")
    options = parser.parse_args(arguments)
    figures = [measure_style(style, factor) for style in options.styles for factor in TEMPO_FACTORS.values()]
    sys.stdout.write(format_tables(figures))


if __name__ == "__main__":
    main()

"""Rendered songs (`python -m research.datasets`), of which everything is known: those held out from training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.events import NOTE_NAMES, Chord
from bridge.errors import ConfigError
from engines.mir.harte import to_harte
from research.datasets.library import RATE, StemClip, read_library
from research.datasets.truth import UNKNOWN as UNNAMED
from research.datasets.truth import ChordTruth
from research.datasets.truth import SongTruth as Rendered
from research.datasets.truth import read_truth as read_rendered
from research.mir.evaluation.songs import KnownSong
from research.mir.evaluation.truth import MODES, UNKNOWN, LabelledChords, SongAnnotation
from research.mir.onset_labels import detect_onsets, merge_onsets

RENDERED = "rendered, held out"
"""The name of the collection."""


def find_rendered(folder: Path) -> list[KnownSong]:
    """The songs of ``folder`` that are held out and whose chords are known."""
    found = []
    for name, stems in sorted(read_library(folder, "valid").songs.items()):
        rendered = read_rendered(folder, name)
        if rendered is not None and rendered.chords:
            seconds = min(clip.frames for clip in stems.values()) / RATE
            clips = [clip for _, clip in sorted(stems.items())]
            truth = replace(to_annotation(rendered, seconds), onsets=_detect_all_onsets(clips, seconds))
            found.append(KnownSong(name, RENDERED, tuple(clip.path for clip in clips), truth))
    if not found:
        raise ConfigError(f"{folder}: no rendered song is held out there", "run `python -m research.datasets held-out`")
    return found


def _detect_all_onsets(clips: list[StemClip], seconds: float) -> Float64Array:
    """Onsets of all stems, each analysed by itself."""
    onsets = merge_onsets(
        [detect_onsets(clip.read_samples().astype(np.float32).mean(1) / np.float32(32768.0)) for clip in clips]
    )
    return onsets[(onsets > 0.0) & (onsets < seconds)]


def to_annotation(rendered: Rendered, seconds: float) -> SongAnnotation:
    """``rendered`` in seconds, as far as ``seconds``. One key, that of the longest part, as the scores want it."""
    beat_s = 60.0 / rendered.bpm
    first = int(np.ceil(-rendered.start_s / beat_s))
    indices = np.arange(first, int(np.ceil((seconds - rendered.start_s) / beat_s)))
    beats = np.asarray(rendered.start_s + indices * beat_s, np.float64)
    starts = [rendered.start_s + chord.beat * beat_s for chord in rendered.chords]
    rows = [
        (start, min(start + chord.beats * beat_s, seconds), format_label(chord))
        for start, chord in zip(starts, rendered.chords, strict=True)
        if start < seconds
    ]
    lengths: dict[str, float] = {}
    ends = [*(beat for beat, _, _ in rendered.keys[1:]), seconds / beat_s]
    for (beat, tonic, minor), end in zip(rendered.keys, ends, strict=False):
        name = f"{NOTE_NAMES[tonic]} {MODES[minor]}"
        lengths[name] = lengths.get(name, 0.0) + end - beat
    return SongAnnotation(
        beats,
        beats[indices % rendered.bar_beats == 0] if rendered.downbeats else None,
        LabelledChords(np.array([row[:2] for row in rows]), tuple(row[2] for row in rows)) if rows else None,
        max(lengths, key=lengths.__getitem__, default=""),
        bar_beats=rendered.bar_beats,
    )


def format_label(chord: ChordTruth) -> str:
    """In Harte's syntax; X where something sounds that has no name here."""
    if UNNAMED in (chord.root, chord.quality):
        return UNKNOWN
    return to_harte(Chord(chord.root, max(chord.quality, 0), chord.bass, 1.0))

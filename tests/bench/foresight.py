"""Chord prediction from recognised chords: ``python -m tests.bench.foresight --stems HELDOUT [--engine mir.standard]``.

The analyser runs on each rendered, held-out song hop by hop, and the harmony lattice gets its events in time. At
each beat it is asked what will sound so many beats later, and judged by the chords that the song was made from: the
root right where the chord changes, and at all beats. Beside it what holding the last received chord gives. The beats
themselves are taken to be known, as with a host.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from bridge.core.events import Chord, Key
from bridge.core.time import BlockTime
from engines.accompaniment.harmony.chord_history import ChordHistory
from engines.accompaniment.harmony.trellis import Metre
from engines.accompaniment.harmony.vocabulary import CLASSES, NONE
from engines.accompaniment.timeline import Timeline
from engines.mir.engine_lookup import create_engine
from engines.offline.engine_stream import EngineStream
from research.datasets.library import RATE, StemClip, read_library
from research.datasets.truth import SongTruth, read_truth
from research.mir.evaluation.songs import read_clip

AHEAD = (1, 2, 4, 8)
Scores = dict[str, list[bool]]


def roots_of(truth: SongTruth, beats: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The root at each beat; -1 where none sounds or it has no name."""
    roots = np.full(beats, -1, np.int64)
    for chord in truth.chords:
        roots[round(chord.beat) : round(chord.beat + chord.beats)] = max(chord.root, -1)
    return roots


def judge(song: dict[str, StemClip], truth: SongTruth, engine: str, right: Scores) -> None:
    """Run ``engine`` and the lattice on ``song``; add to ``right``."""
    mix, _ = read_clip([clip.path for _, clip in sorted(song.items())])
    start = truth.start_s * RATE
    line = Timeline(BlockTime(0, RATE, -start * truth.bpm / 60 / RATE, truth.bpm, True, truth.bar_beats, True))
    beats = int(line.time.beat_at(mix.shape[1]))
    roots, metre = roots_of(truth, beats), Metre(truth.bar_beats)
    listening, lattice, last = EngineStream(create_engine(engine), RATE), ChordHistory(), NONE
    hop, beat = 512, 0
    for frame in range(0, mix.shape[1] - hop, hop):
        for output in listening.push(mix[:, frame : frame + hop]):
            payload = output.event.payload
            if isinstance(payload, Chord):
                lattice.push_chord(payload, output.event.frame, frame + hop)
                last = payload.quality * CLASSES + payload.root if payload.root >= 0 else NONE
            elif isinstance(payload, Key):
                lattice.push_key(payload)
        lattice.advance(line, frame + hop)
        while line.frame(beat) <= frame + hop and beat < beats:
            for ahead in AHEAD:
                at = beat + ahead
                if at >= beats or roots[at] < 0:
                    continue
                kinds = ["all"] + ["change"] * bool(roots[at - 1] >= 0 and roots[at] != roots[at - 1])
                for name, state in (("lattice", lattice.predict_chord(at, metre, {})[0]), ("hold", last)):
                    hit = state != NONE and state % CLASSES == int(roots[at])
                    for kind in kinds:
                        right[f"{name} {kind} {ahead}"].append(bool(hit))
            beat += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--engine", default="mir.standard")
    parser.add_argument("--songs", type=int, default=0, help="so many of them; 0: all")
    arguments = parser.parse_args()
    right: Scores = defaultdict(list)
    songs = sorted(read_library(arguments.stems, "valid").songs.items())[: arguments.songs or None]
    for name, song in songs:
        truth = read_truth(arguments.stems, name)
        if truth is not None and truth.chords:
            judge(song, truth, arguments.engine, right)
    print(f"{arguments.engine}, {len(songs)} songs; roots that were right")  # noqa: T201
    for who in ("lattice", "hold"):
        for kind in ("change", "all"):
            shares = " ".join(f"{ahead} ahead {np.mean(right[f'{who} {kind} {ahead}']):.3f}" for ahead in AHEAD)
            print(f"{who:8}{kind:8}{shares}")  # noqa: T201


if __name__ == "__main__":
    main()

"""Chord prediction from recognised chords: ``python -m bench.chord_prediction --stems HELDOUT [--engine NAME]``.

The analyser runs on each rendered, held-out song hop by hop, and the chord history gets its events in time. At each
beat it predicts the chord so many beats later, and the chords that the song was made from judge it: the share of right
roots where the chord changes, and at all beats. Beside it the same of holding the last received chord. The beats
themselves are taken to be known, as with a host. Takes about a tenth of the songs' length; needs the library of
`research.datasets`.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.core.engine_stream import EngineStream
from bridge.core.events import Chord, Key, to_state
from bridge.core.time import BlockTime
from engines.accompaniment.harmony.chord_history import ChordHistory
from engines.accompaniment.harmony.trellis import Metre
from engines.accompaniment.timeline import Timeline
from engines.mir.engine_lookup import create_engine
from research.datasets.library import RATE, StemClip, read_library
from research.datasets.truth import SongTruth, read_truth
from research.mir.evaluation.songs import read_clip

AHEAD = (1, 2, 4, 8)
Scores = dict[str, list[bool]]


def list_roots(truth: SongTruth, beats: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The root at each beat; -1 where none sounds or it has no name."""
    roots = np.full(beats, -1, np.int64)
    for chord in truth.chords:
        roots[round(chord.beat) : round(chord.beat + chord.beats)] = max(chord.root, -1)
    return roots


def judge(song: dict[str, StemClip], truth: SongTruth, engine: str, right: Scores) -> None:
    """Run ``engine`` and the chord history on ``song``; add to ``right``."""
    mix, _ = read_clip([clip.path for _, clip in sorted(song.items())])
    start = truth.start_s * RATE
    timeline = Timeline(BlockTime(0, RATE, -start * truth.bpm / 60 / RATE, truth.bpm, True, truth.bar_beats, True))
    beats = int(timeline.time.beat_at(mix.shape[1]))
    roots, metre = list_roots(truth, beats), Metre(truth.bar_beats)
    stream, history, last = EngineStream(create_engine(engine), RATE), ChordHistory(), NO_CHORD_STATE
    hop, beat = 512, 0
    for frame in range(0, mix.shape[1] - hop, hop):
        for output in stream.push(mix[:, frame : frame + hop]).events:
            payload = output.event.payload
            if isinstance(payload, Chord):
                history.push_chord(payload, output.event.frame, frame + hop)
                last = to_state(payload)
            elif isinstance(payload, Key):
                history.push_key(payload)
        history.advance(timeline, frame + hop)
        while timeline.to_frame(beat) <= frame + hop and beat < beats:
            for ahead in AHEAD:
                at = beat + ahead
                if at >= beats or roots[at] < 0:
                    continue
                kinds = ["all"] + ["change"] * bool(roots[at - 1] >= 0 and roots[at] != roots[at - 1])
                for name, state in (("history", history.predict_chord(at, metre, {})[0]), ("hold", last)):
                    hit = state != NO_CHORD_STATE and state % PITCH_CLASSES == int(roots[at])
                    for kind in kinds:
                        right[f"{name} {kind} {ahead}"].append(bool(hit))
            beat += 1


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--engine", default="mir.standard")
    parser.add_argument("--songs", type=int, default=0, help="so many of them; 0: all")
    options = parser.parse_args(arguments)
    right: Scores = defaultdict(list)
    songs = sorted(read_library(options.stems, "valid").songs.items())[: options.songs or None]
    for name, song in songs:
        truth = read_truth(options.stems, name)
        if truth is not None and truth.chords:
            judge(song, truth, options.engine, right)
    sys.stdout.write(f"{options.engine}, {len(songs)} songs; roots that were right\n")
    for who in ("history", "hold"):
        for kind in ("change", "all"):
            shares = " ".join(f"{ahead} ahead {np.mean(right[f'{who} {kind} {ahead}']):.3f}" for ahead in AHEAD)
            sys.stdout.write(f"{who:8}{kind:8}{shares}\n")


if __name__ == "__main__":
    main()

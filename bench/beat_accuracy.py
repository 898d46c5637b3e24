"""Accuracy of the band's beats on a song: ``python -m bench.beat_accuracy SONG ... --truth FOLDER``.

Without a truth it only prints how steady the beat is: the median of the measure that remarks on a recording use.

For each song NAME.* the folder has NAME.beats, a time in seconds at the start of each line. Prints the F-measure at
70 ms of the beats of `sideman analyze`, and of those of the grid that `sideman accompany` refines, and how far (mean,
ms) the hits of the latter are from their own median, which depends on where a truth puts an onset. Takes about a tenth
of the songs' length.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float64Array
from engines.backing.beat_grid import build_beat_grid
from engines.backing.onset_strength import measure_onset_strength
from engines.mir.engine_lookup import DEFAULT, create_engine
from engines.mir.offline.analysis_job import analyse_file
from engines.mir.offline.beat_decoder import measure_steadiness

NEAR_S = 0.07


def score_beats(found: Float64Array, truth: Float64Array) -> tuple[float, float]:
    """The F-measure, and the mean distance of hits from their median, in ms."""
    if not len(found):
        return 0.0, 0.0
    away = np.array([found[np.abs(found - at).argmin()] - at for at in truth])
    hits = away[np.abs(away) <= NEAR_S]
    precision = np.mean([np.abs(truth - at).min() <= NEAR_S for at in found])
    recall = len(hits) / len(truth)
    f_measure = float(2 * precision * recall / (precision + recall)) if len(hits) else 0.0
    return f_measure, float(1000 * np.abs(hits - np.median(hits)).mean()) if len(hits) else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path, nargs="+")
    parser.add_argument("--truth", type=Path, help="folder of NAME.beats")
    options = parser.parse_args(arguments)
    rows = []
    for path in options.songs:
        strength = measure_onset_strength(path, lambda *_: None)
        analysis = analyse_file(path, create_engine(DEFAULT), {}, lambda *_: None)
        song, activation, track = analysis.map, analysis.activation, analysis.track
        steady = measure_steadiness(activation, track)
        sys.stdout.write(f"{path.stem:32} steadiness {np.nanmedian(steady) if len(steady) else 0.0:.2f}\n")
        if options.truth is None:
            continue
        truth = np.loadtxt(options.truth / f"{path.stem}.beats", ndmin=2)[:, 0]
        truth = truth[truth < strength.duration_s]
        grid = build_beat_grid(song.beats, activation, strength, analysis.changes)
        decoded, _ = score_beats(np.array([beat.time_s for beat in song.beats]), truth)
        refined, off_ms = score_beats(grid.beats_s if grid else np.zeros(0), truth)
        rows.append((decoded, refined, off_ms))
        sys.stdout.write(f"{path.stem:32} decoded {decoded:.2f}  refined {refined:.2f}  off {off_ms:4.1f} ms\n")
        sys.stdout.flush()
    if not rows:
        return
    means = np.mean(rows, axis=0)
    sys.stdout.write(f"{'mean':32} decoded {means[0]:.2f}  refined {means[1]:.2f}  off {means[2]:4.1f} ms\n")


if __name__ == "__main__":
    main()

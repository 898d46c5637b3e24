"""Drums that follow the bass: ``python -m bench.drums_on_bass --stems HELDOUT [--songs 12] [--engine NAME]``.

Each rendered song goes through separation and the band offline, beside a MIDI clock at its tempo: once the drums
follow nothing, once the bass that was separated. The bass's onsets are those of the stem that the song was mixed of;
the kicks are the band's, from the ninth bar on. An onset coincides with another that is at most 40 ms away. Takes about
a third of the songs' length; needs the library of `research.datasets`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.events import Midi, TimedEvent
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.style import ROLES
from research.datasets.library import RATE, StemClip, read_library
from research.datasets.truth import SongTruth, read_truth
from research.mir.evaluation.songs import read_clip
from research.mir.onset_labels import detect_onsets
from tests.runtime.offline_graph import Cue, process_offline

NEAR_S = 0.04
FROM_BAR = 8
PPQ = 24


def make_clock(truth: SongTruth, seconds: float) -> list[TimedEvent]:
    """MIDI clock from beat 0 on."""
    tick_s = 60 / truth.bpm / PPQ
    frames = [round((truth.start_s + i * tick_s) * RATE) for i in range(int((seconds - truth.start_s) / tick_s))]
    return [TimedEvent(frames[0], Midi(b"\xfa")), *(TimedEvent(frame, Midi(b"\xf8")) for frame in frames)]


def play_kicks(mix: Float32Array, truth: SongTruth, engine: str, follows: str) -> Float64Array:
    """The band's kicks, in beats."""
    engines = {"separation": engine, "mir": "mir.chroma", "accompaniment": "accompaniment.band"}
    values = {"accompaniment.band.style": 6.0, "accompaniment.band.drums.follows": 3.0 if follows else 0.0}

    def set_values(graph: object) -> None:
        for name, value in values.items():
            graph.set_value(name, value)  # type: ignore[attr-defined]

    take = process_offline(mix, RATE, engines, make_clock(truth, mix.shape[1] / RATE), cues=[Cue(-RATE, set_values)])
    on = bytes((0x90 | CHANNELS["drums"], ROLES["kick"]))
    kicks = [e.frame for e in take.midi["accompaniment"] if isinstance(e.payload, Midi) and e.payload.data[:2] == on]
    return (np.array(kicks) / RATE - truth.start_s) * truth.bpm / 60


def share_coinciding(some: Float64Array, others: Float64Array, bpm: float) -> float:
    """The share of ``some`` that coincide with one of ``others``; all in beats."""
    if not len(some) or not len(others):
        return 0.0
    return float((np.abs(some[:, None] - others[None]).min(1) <= NEAR_S * bpm / 60).mean())


def judge(song: dict[str, StemClip], truth: SongTruth, engine: str) -> list[tuple[str, float, float]]:
    """Of each setting: its name, the share of the kicks on the bass, and of the bass's onsets with a kick."""
    mix, _ = read_clip([clip.path for _, clip in sorted(song.items())])
    bass, _ = read_clip([song["bass"].path])
    bass_onsets = (detect_onsets(bass.mean(0)) - truth.start_s) * truth.bpm / 60
    first = FROM_BAR * truth.bar_beats
    bass_onsets = bass_onsets[bass_onsets >= first]
    rows = []
    for name in ("", "bass"):
        played = play_kicks(mix, truth, engine, name)
        played = played[played >= first]
        on, met = share_coinciding(played, bass_onsets, truth.bpm), share_coinciding(bass_onsets, played, truth.bpm)
        rows.append((name or "nothing", on, met))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--engine", default="separation.standard")
    parser.add_argument("--songs", type=int, default=12)
    options = parser.parse_args(arguments)
    found: dict[str, list[tuple[float, float]]] = {}
    songs = sorted(read_library(options.stems, "valid").songs.items())
    truths = {name: read_truth(options.stems, name) for name, song in songs if "bass" in song}
    # a MIDI clock's bars have four beats
    known = [(name, truth) for name, truth in truths.items() if truth is not None and truth.bar_beats == 4]
    for name, truth in known[: options.songs]:
        rows = judge(dict(songs)[name], truth, options.engine)
        sys.stdout.write(f"{name}: " + "; ".join(f"{setting} {on:.2f} {met:.2f}" for setting, on, met in rows) + "\n")
        sys.stdout.flush()
        for setting, on, met in rows:
            found.setdefault(setting, []).append((on, met))
    for setting, pairs in found.items():
        on, met = np.mean(pairs, 0)
        sys.stdout.write(
            f"{setting}: kicks on the bass {on:.2f}, onsets of the bass with a kick {met:.2f}, {len(pairs)} songs\n"
        )


if __name__ == "__main__":
    main()

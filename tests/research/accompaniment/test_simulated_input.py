from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge.core.events import Chord, Key
from bridge.errors import ConfigError, EngineError
from research.accompaniment.simulated_input import list_true_chords, load_analyser, recognise_chords
from research.accompaniment.songs import read_rendered
from research.datasets.library import RATE
from research.datasets.sources import COLUMNS
from research.datasets.truth import ChordTruth, SongTruth, write_truth
from tests.engines.driving import synth
from tests.research.accompaniment.evaluation.made import song

BAR = 2 * RATE


def test_true_chords_are_reported_at_their_onset_or_so_many_seconds_later() -> None:
    at_once, late = list_true_chords(song(4)), list_true_chords(song(4), 0.5)
    chords = [(each.frame, each.event.payload) for each in at_once]
    labels = [(frame, chord.label) for frame, chord in chords if isinstance(chord, Chord)]
    assert labels == [(0, "C"), (BAR, "Am"), (2 * BAR, "F"), (3 * BAR, "G")]
    assert any(isinstance(each.event.payload, Key) for each in at_once)
    assert [each.frame for each in late] == [each.frame + RATE // 2 for each in at_once]
    assert [each.event for each in late] == [each.event for each in at_once]


def test_a_sustained_chord_is_reported_once() -> None:
    one = song(2)
    again = replace(one, spans=(one.spans[0], replace(one.spans[0], beat=4.0, end=8.0)))
    assert len([each for each in list_true_chords(again) if isinstance(each.event.payload, Chord)]) == 1


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    """One song of C and F, two seconds each, in two stems."""
    wave = synth(["C", "F"] * 3, 2.0)
    parts = {"other": 0.75 * wave, "bass": 0.25 * wave}
    with (tmp_path / "index.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for stem, part in parts.items():
            samples = np.round(part.T * 32767).astype(np.int16)
            np.save(tmp_path / f"song-000.{stem}.npy", samples)
            row = {"file": f"song-000.{stem}.npy", "stem": stem, "frames": len(samples), "group": "songs-0"}
            table.writerow({**row, "split": "valid", "song": "song-000", "source": "", "coherent": "1"})
    chords = tuple(ChordTruth(4.0 * bar, 4.0, (0, 5)[bar % 2], 0, (0, 5)[bar % 2]) for bar in range(6))
    write_truth(tmp_path, "song-000", SongTruth(120.0, chords=chords, keys=((0.0, 0, 0),)))
    return tmp_path


def test_a_rendered_song_is_analysed_and_reported_after_it_sounded(stems: Path) -> None:
    (one,) = read_rendered(stems)
    assert (one.bars, one.read_audio().shape) == (6, (2, 12 * RATE))
    assert np.abs(one.read_audio()).max() == pytest.approx(np.abs(synth(["C", "F"] * 3, 2.0)).max(), abs=1e-3)
    events = recognise_chords(one, load_analyser("mir.chroma"))
    roots = [
        (each.event.frame / RATE, each.event.payload.root) for each in events if isinstance(each.event.payload, Chord)
    ]
    for second, root in ((1.0, 0), (3.0, 5), (5.0, 0), (7.0, 5)):
        assert [found for at, found in roots if at <= second + 0.5][-1] == root
    assert all(each.frame > each.event.frame for each in events)
    assert [each.frame for each in events] == sorted(each.frame for each in events)


def test_where_no_song_is_held_out_the_error_says_what_to_run(stems: Path) -> None:
    (stems / "song-000.truth.json").unlink()
    with pytest.raises(ConfigError, match="no rendered song is held out"):
        read_rendered(stems)


@pytest.mark.parametrize("name", ["mir.nobody", "accompaniment.band"])
def test_an_engine_without_chords_is_refused(name: str) -> None:
    with pytest.raises(EngineError, match=name):
        load_analyser(name)

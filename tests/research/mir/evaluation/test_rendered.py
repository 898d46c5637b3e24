"""Rendered songs as songs of which something is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from research.datasets.sources import StemStore
from research.datasets.truth import UNKNOWN, ChordTruth, SongTruth
from research.mir.evaluation.rendered import find_rendered, format_label, to_annotation
from research.mir.evaluation.songs import read_clip

TRUTH = SongTruth(
    120.0,
    4,
    0.25,
    chords=(
        ChordTruth(0, 4, 0, 0, 4),
        ChordTruth(4, 4, 9, 1, 9),
        ChordTruth(8, 8, -1, -1, -1),
        ChordTruth(16, 4, 7, 2, 7),
    ),
    keys=((0.0, 0, 0), (6.0, 9, 1)),
)


def test_beats_downbeats_chords_and_the_longest_key_are_laid_out_as_far_as_the_song_goes() -> None:
    truth = to_annotation(TRUTH, 5.0)
    assert truth.beats is not None and truth.downbeats is not None and truth.chords is not None
    np.testing.assert_allclose(truth.beats, np.arange(0.25, 5.0, 0.5))
    np.testing.assert_allclose(truth.downbeats, [0.25, 2.25, 4.25])
    np.testing.assert_allclose(truth.chords.intervals, [[0.25, 2.25], [2.25, 4.25], [4.25, 5.0]])
    assert truth.chords.labels == ("C:maj/3", "A:min", "N")
    assert truth.key == "C major"
    assert to_annotation(TRUTH, 20.0).key == "A minor"


def test_a_chord_that_has_no_name_is_unknown() -> None:
    assert format_label(ChordTruth(0, 4, UNKNOWN, UNKNOWN, 3)) == format_label(ChordTruth(0, 4, 5, UNKNOWN, 5)) == "X"


def test_held_out_songs_are_found_and_their_stems_added(tmp_path: Path) -> None:
    stock = StemStore.open(tmp_path)
    for song, split in (("song-000", "train"), ("song-001", "valid")):
        for stem, level in (("drums", 0.25), ("other", 0.5)):
            wave = np.full((2, 44100), level, np.float32)
            wave[:, : {"drums": 4410, "other": 13230}[stem]] = 0.0
            stock.add(song, stem, wave, group="songs-0", split=split, song=song, source="here", truth=TRUTH)
    (found,) = find_rendered(tmp_path)
    assert (found.name, found.collection) == ("song-001", "rendered, held out")
    mix, rate = read_clip(found.files, 0.5)
    assert (mix.shape, rate) == ((2, 22050), 44100)
    np.testing.assert_allclose(mix[:, -100:], 0.75, atol=1e-3)
    assert found.truth.onsets is not None
    np.testing.assert_allclose(found.truth.onsets, [0.1, 0.3], atol=0.02)  # of each stem by itself


def test_a_folder_without_held_out_songs_says_how_to_make_them(tmp_path: Path) -> None:
    stock = StemStore.open(tmp_path)
    stock.add("a", "drums", np.ones((2, 100), np.float32), group="a", split="valid", source="here")
    with pytest.raises(ConfigError, match="held-out"):
        find_rendered(tmp_path)

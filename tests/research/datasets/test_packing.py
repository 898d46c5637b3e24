"""Packed stems: what travels first, and what comes out again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from research.datasets.library import RATE, read_library
from research.datasets.packing import EXCERPT_S, RECORDED, RENDERED, SHARES, VALIDATION, pack, unpack
from research.datasets.sources import StemStore

SONG_S = 50


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded song of two stems, a rendered one, one to validate with and one that is reported."""
    folder = tmp_path_factory.mktemp("stems")
    store = StemStore.open(folder)
    time = np.arange(SONG_S * RATE) / RATE
    for song, split in (("band", "train"), ("song-001", "train"), ("clip", "valid"), ("ev3-lithium", "report")):
        for stem, hz in (("bass", 110.0), ("vocals", 440.0)):
            # the level says where in the song an excerpt comes from
            wave = np.tile(0.5 * time / SONG_S * np.sin(2 * np.pi * hz * time), (2, 1)).astype(np.float32)
            store.add(song, stem, wave, group=song, source="made", song=song, split=split)
    return folder


def test_recordings_travel_whole_and_rendered_songs_as_excerpts_with_their_stems_together(
    stems: Path, tmp_path: Path
) -> None:
    pack(stems, tmp_path / "packed", 100.0)
    minutes = unpack(tmp_path / "packed", tmp_path / "stems")
    assert (
        minutes["bass"]
        == minutes["vocals"]
        == pytest.approx((SONG_S + EXCERPT_S[RENDERED] + EXCERPT_S[VALIDATION]) / 60, abs=0.001)
    )
    songs = read_library(tmp_path / "stems", "train").songs
    assert set(songs) == {"band", "song-001"}
    assert set(read_library(tmp_path / "stems", "valid").songs) == {"clip"}
    original = np.load(stems / "band.vocals.npy").astype(np.float64)
    error = songs["band"]["vocals"].read_samples() - original
    assert songs["band"]["vocals"].frames == SONG_S * RATE
    assert np.mean(error**2) < 1e-3 * np.mean(original**2)
    levels = [np.abs(clip.read_samples()[:RATE]).max() for clip in songs["song-001"].values()]
    assert levels[0] == pytest.approx(levels[1], rel=0.1, abs=20)  # from the same second


def test_what_is_too_much_stays_and_recordings_come_before_rendered_songs(
    stems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (VALIDATION, RECORDED):
        monkeypatch.setitem(SHARES, kind, 1.0)
    pack(stems, tmp_path / "all", 100.0)
    size = sum(path.stat().st_size for path in (tmp_path / "all").glob("*.ogg"))
    last = sum(path.stat().st_size for path in (tmp_path / "all").glob("song-001*.ogg"))
    pack(stems, tmp_path / "some", (size - last / 2) / 1e6)
    assert {path.name for path in (tmp_path / "some").glob("*.ogg")} == {
        "band.bass.ogg", "band.vocals.ogg", "clip.bass.ogg", "clip.vocals.ogg"
    }  # fmt: skip


def test_a_folder_without_stems_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prepare"):
        pack(tmp_path, tmp_path / "out", 1.0)
    with pytest.raises(ConfigError, match="pack"):
        unpack(tmp_path, tmp_path / "out")

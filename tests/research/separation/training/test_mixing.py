"""Mixtures: what lies in them, what is left out, and what is compared as one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from research.datasets.library import INDEX, StemLibrary, read_library
from research.separation.training import mixing
from research.separation.training.mixing import (
    PRODUCED_SHARES,
    SLIDES,
    StemMixer,
    get_joined_rows,
    get_stem_index,
    list_parts,
)

FRAMES = 44100 * 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of tones: each stem of its own frequency, a song with all, one with bass and other as one."""
    rows = [["file", "stem", "frames", "group", "split", "song", "source", "coherent"]]
    tones = {"drums": 2000.0, "bass": 60.0, "vocals": 500.0, "other": 1000.0, "bassother": 90.0}

    def put(stem: str, song: str, split: str) -> None:
        name = f"{song or 'loose'}-{stem}-{split}.npy"
        wave = 8000 * np.sin(2 * np.pi * tones[stem] * np.arange(FRAMES) / 44100)
        np.save(tmp_path / name, np.stack([wave, wave], 1).astype(np.int16))
        rows.append([name, stem, str(FRAMES), f"{song or 'some'}-{stem}", split, song, "made", str(int(bool(song)))])

    for stem in STEMS:
        put(stem, "", "train")
        put(stem, "whole", "train")
        put(stem, "kept-out", "valid")
    for stem in ("drums", "vocals", "bassother"):
        put(stem, "joined", "train")
    with (tmp_path / INDEX).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return tmp_path


def mixer_of(library: StemLibrary, seed: int = 1) -> StemMixer:
    return StemMixer(library, 43, np.random.default_rng(seed))


def test_the_same_seed_draws_the_same_mixtures(folder: Path) -> None:
    library = read_library(folder, "train")
    first, second = mixer_of(library), mixer_of(library)
    for _ in range(5):
        np.testing.assert_array_equal(first.draw().stems, second.draw().stems)


def test_each_stem_lies_in_its_own_place(folder: Path) -> None:
    mixer = mixer_of(read_library(folder, "train"))
    counts = dict.fromkeys(STEMS, 0)
    for _ in range(30):
        mixture = mixer.draw()
        if not np.array_equal(mixture.joined, np.eye(4)):
            continue
        for stem, wave in zip(STEMS, mixture.stems, strict=True):
            spectrum = np.abs(np.fft.rfft(wave.sum(0)))
            if spectrum.max() < 1.0:
                continue
            peak = np.argmax(spectrum) * 44100 / wave.shape[1]
            place = {"drums": 2000.0, "bass": 60.0, "vocals": 500.0, "other": 1000.0}[stem]
            slides = 2 ** (9 / 12) if stem in SLIDES else 1.0
            assert 0.8 * place / slides < peak < 1.25 * place * slides
            counts[stem] += 1
    assert min(counts.values()) > 5


def test_what_slides_visits_other_pitches_and_another_stem_does_not(folder: Path) -> None:
    mixer = mixer_of(read_library(folder, "train"))
    wide = dict.fromkeys(("bass", "other", "vocals"), 0)
    for _ in range(100):
        for stem in wide:
            wave = mixer._draw_clip(stem)
            assert wave is not None
            spectrum = np.abs(np.fft.rfft(wave.sum(0))) ** 2
            middle = np.argmax(spectrum)
            near = spectrum[int(0.97 * middle) : int(1.03 * middle) + 2].sum() / spectrum.sum()
            wide[stem] += near < 0.8
    assert 8 < wide["bass"] < 40
    assert 4 < wide["other"] < 30
    assert wide["vocals"] == 0


def test_recorded_stems_are_produced_anew_more_often_than_rendered_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRODUCED_SHARES, "recorded", 0.5)
    mixer = mixer_of(read_library(folder, "train"))
    wave = np.sin(2 * np.pi * 220.0 * np.arange(22050) / 44100).astype(np.float32) * np.full((2, 1), 0.1, np.float32)
    counts = dict.fromkeys((True, False), 0)
    for recorded in counts:
        for _ in range(60):
            processed = mixer._process(wave, "vocals", recorded)
            assert processed.shape == wave.shape
            assert np.isfinite(processed).all()
            counts[recorded] += not np.array_equal(processed, wave)
    assert 15 < counts[True] < 45
    assert 1 <= counts[False] < 15


def test_an_amplifier_adds_overtones_to_an_accompaniment_and_to_no_voice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixing, "REAMPED_SHARE", 1.0)
    for kind in PRODUCED_SHARES:
        monkeypatch.setitem(PRODUCED_SHARES, kind, 0.0)
    mixer = mixer_of(read_library(folder, "train"))
    wave = np.sin(2 * np.pi * 220.0 * np.arange(22050) / 44100).astype(np.float32) * np.full((2, 1), 0.1, np.float32)
    np.testing.assert_array_equal(mixer._process(wave, "vocals", True), wave)
    spectrum = np.abs(np.fft.rfft(mixer._process(wave, "other", True)[0])) ** 2
    at = int(220.0 * wave.shape[1] / 44100)
    assert spectrum[at + 50 :].sum() > 1e-3 * spectrum.sum()  # a tone alone has none


def test_now_and_then_a_stem_is_absent(folder: Path) -> None:
    mixer = mixer_of(read_library(folder, "train"))
    absent = np.zeros(4)
    for _ in range(200):
        mixture = mixer.draw()
        absent += np.abs(mixture.stems).max((1, 2)) == 0.0
    assert absent.min() >= 1
    assert absent.max() < 100


def test_bass_and_other_in_one_recording_are_compared_as_one(folder: Path) -> None:
    song = read_library(folder, "train").songs["joined"]
    assert sorted(list_parts(song)) == ["bassother", "drums", "vocals"]
    rows = get_joined_rows("bassother")
    bass, other = STEMS.index("bass"), STEMS.index("other")
    assert get_stem_index("bassother") == other
    assert rows[other].tolist() == [float(stem in ("bass", "other")) for stem in STEMS]
    assert not rows[bass].any()
    assert rows[0, 0] == rows[2, 2] == 1.0


def test_a_mixture_never_exceeds_full_scale(folder: Path) -> None:
    mixer = mixer_of(read_library(folder, "train"), 3)
    assert max(np.abs(mixer.draw().stems.sum(0)).max() for _ in range(30)) <= 1.0 + 1e-5


def test_what_is_held_out_or_left_out_by_name_is_never_drawn(folder: Path) -> None:
    library = read_library(folder, "train", without=("some-vocals", "joined"))
    assert "kept-out" not in library.songs
    assert "joined" not in library.songs
    assert "some-vocals" not in library.loose["vocals"]
    assert "kept-out" in read_library(folder, "valid").songs


def test_a_folder_that_was_not_prepared_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not there"):
        read_library(tmp_path, "train")


def test_a_bass_without_lows_is_never_drawn(folder: Path) -> None:
    library = read_library(folder, "train")
    high = library.loose["drums"]["some-drums"][0]  # 2 kHz
    library.loose["bass"]["thin"] = [replace(high, stem="bass", group="thin")]
    library.songs["whole"]["bass"] = library.loose["bass"]["thin"][0]
    mixer = mixer_of(library)
    for _ in range(40):
        mixture = mixer.draw()
        spectrum = np.abs(np.fft.rfft(mixture.stems[1].sum(0)))
        if spectrum.max() > 1.0:
            assert np.argmax(spectrum) * 44100 / mixture.stems.shape[2] < 100.0


def test_recorded_songs_are_drawn_more_often_than_rendered_ones(folder: Path) -> None:
    library = read_library(folder, "train")
    whole, joined = library.songs["whole"], library.songs["joined"]
    assert all(clip.recorded for clip in whole.values())
    rendered = {stem: replace(clip, song="song-001", group="songs-1") for stem, clip in whole.items()}
    assert not any(clip.recorded for clip in rendered.values())
    mixer = mixer_of(StemLibrary(library.loose, {"joined": joined, "song-001": rendered}))
    together = sum(not np.array_equal(mixer.draw().joined, np.eye(4)) for _ in range(300))
    assert 0.2 < together / 300 < 0.4  # of the songs' 40 %, the recorded one's two to five against one

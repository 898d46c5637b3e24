"""Training pieces: their sounds lie where their truth says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs the extra `train`")

from research.datasets.library import RATE, read_library
from research.datasets.sources import StemStore
from research.datasets.truth import ChordTruth, SongTruth
from research.mir.training import augment, mixing
from research.mir.training.augment import drop_fourth_beat
from research.mir.training.mixing import PieceMixer, Repertoire, TrainingPiece
from research.mir.training.network import ROOTS
from research.mir.training.targets import (
    HARMONY_DELAY_S,
    IGNORED,
    ONSET_DELAY_S,
    RHYTHM_DELAY_S,
    make_harmony_targets,
    make_rhythm_targets,
    make_timeline,
)

BPM = 120.0
SECONDS = 40


def clicks(hz_of: tuple[float, ...], bpm: float = BPM) -> NDArray[np.float32]:
    """A click on each beat, pitched by its number in the bar."""
    wave = np.zeros((2, SECONDS * RATE), np.float32)
    time = np.arange(1500) / RATE
    for beat in range(int(SECONDS * bpm / 60)):
        start = round(beat * 60 / bpm * RATE)
        click = 0.5 * np.sin(2 * np.pi * hz_of[beat % 4] * time) * np.exp(-time * 200)
        wave[:, start : start + 1500] += click[: wave.shape[1] - start]
    return wave


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stems")
    stock = StemStore.open(folder)
    chords = tuple(ChordTruth(4.0 * i, 4.0, (0, 5, 7, 9)[i % 4], (0, 0, 2, 1)[i % 4], 0) for i in range(20))
    truth = SongTruth(BPM, chords=chords, keys=((0.0, 0, 0),))
    click = clicks((2400.0, 1200.0, 1200.0, 1200.0))
    for stem in ("drums", "bass", "other"):
        stock.add(
            "song-000",
            stem,
            np.float32(0.3) * click,
            group="a",
            source="s",
            song="song-000",
            split="train",
            truth=truth,
        )
    drums = clicks((2400.0, 1200.0, 1200.0, 1200.0), BPM * 0.9)
    stock.add("groove-a-00", "drums", drums, group="a", source="s", truth=SongTruth(BPM * 0.9))
    stock.add("part-a-00", "other", np.float32(0.5) * click, group="b", source="s", truth=truth)
    return folder


def mixer(folder: Path, seed: int = 1) -> PieceMixer:
    return PieceMixer(Repertoire(folder, read_library(folder, "train")), 12.0, np.random.default_rng(seed))


def onsets_s(piece: TrainingPiece) -> np.ndarray:
    level = np.abs(piece.mono)
    loud = np.flatnonzero(level > 0.25 * level.max())
    return loud[np.flatnonzero(np.diff(loud, prepend=-RATE) > RATE // 10)] / RATE


def assert_beats_are_clicks(piece: TrainingPiece) -> None:
    detected, beats = onsets_s(piece), piece.line.beats
    beats = beats[(beats > 0.2) & (beats < 11.6)]
    detected = detected[(detected > 0.3) & (detected < 11.5)]
    assert len(detected) > 10
    apart = np.abs(detected[:, None] - beats[None, :]).min(1)
    assert apart.max() < 0.012


@pytest.mark.parametrize("seed", range(6))
def test_the_beats_of_a_song_are_where_it_clicks_at_any_speed(folder: Path, seed: int) -> None:
    one = mixer(folder, seed)
    assert_beats_are_clicks(one._mix_song(one.repertoire.rendered, False))


@pytest.mark.parametrize("seed", range(4))
def test_a_wandering_tempo_takes_its_beats_along(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "DRIFT_SHARE", 1.0)
    one = mixer(folder, seed)
    piece = one._mix_song(one.repertoire.rendered, False)
    assert np.ptp(np.diff(piece.line.beats)) > 0.005
    assert not piece.line.chords
    assert not piece.line.keys
    assert_beats_are_clicks(piece)


@pytest.mark.parametrize("seed", range(4))
def test_far_from_its_pitch_a_song_keeps_its_beats_and_no_chords(
    folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augment, "FAR_SHARE", 1.0)
    monkeypatch.setattr(augment, "DRIFT_SHARE", 0.0)
    one = mixer(folder, seed)
    piece = one._mix_song(one.repertoire.rendered, False)
    assert not 0.78 < float(np.diff(piece.line.beats).mean()) / (60.0 / BPM) < 1.27
    assert not piece.line.chords
    assert_beats_are_clicks(piece)


@pytest.mark.parametrize("seed", range(4))
def test_a_waltz_has_three_beats_a_bar_and_no_hole(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixing, "WALTZ_SHARE", 1.0)
    monkeypatch.setattr(augment, "DRIFT_SHARE", 0.0)
    one = mixer(folder, seed)
    piece = one._mix_song(one.repertoire.rendered, True)
    assert set(piece.line.numbers) == {0, 1, 2}
    assert_beats_are_clicks(piece)
    gaps = np.diff(onsets_s(piece))
    assert gaps.max() < 1.1 * gaps.min()


def test_drums_made_for_another_tempo_fit_the_part(folder: Path) -> None:
    assert_beats_are_clicks(mixer(folder, 3)._mix_fitted())


@pytest.mark.parametrize("way", ["song", "waltz", "drifting", "fitted", "drums"])
def test_onsets_are_where_the_clicks_are(folder: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixing, "WALTZ_SHARE", 1.0 if way == "waltz" else 0.0)
    monkeypatch.setattr(augment, "DRIFT_SHARE", 1.0 if way == "drifting" else 0.0)
    monkeypatch.setattr(mixing, "PUMPED_SHARE", 0.0)
    one = mixer(folder, 4)
    draw = {"fitted": one._mix_fitted, "drums": one._mix_drums}.get(
        way, lambda: one._mix_song(one.repertoire.rendered, True)
    )
    piece = draw()
    onsets, beats = piece.line.onsets, piece.line.beats
    assert onsets is not None
    inside = beats[(beats > 0.1) & (beats < one.seconds - 0.2)]
    apart = np.abs(onsets[None, :] - inside[:, None]).min(1)
    assert np.median(apart) < 0.012
    assert np.quantile(apart, 0.9) < 0.03
    assert len(onsets) < 1.5 * len(beats) + 4


def test_a_step_is_labelled_with_the_onset_before_it_unless_unknown() -> None:
    line = make_timeline(SongTruth(BPM), 4.0)
    assert (make_rhythm_targets(line, 200)[:, 2] == -1.0).all()
    targets = make_rhythm_targets(replace(line, onsets=np.array([1.0, 2.5])), 200)[:, 2]
    ends = (np.arange(200) + 1) / 50
    assert set(np.round(ends[targets > 0.6] - ONSET_DELAY_S, 3)) == {1.0, 2.5}


def test_pieces_are_the_same_for_the_same_seed(folder: Path) -> None:
    np.testing.assert_array_equal(mixer(folder, 5).draw().mono, mixer(folder, 5).draw().mono)


def test_a_step_is_labelled_with_the_beat_before_it() -> None:
    line = make_timeline(SongTruth(BPM), 10.0)
    targets = make_rhythm_targets(line, 500)
    for beat in (1.0, 2.5, 7.0):
        at = (np.arange(500) + 1) / 50 - RHYTHM_DELAY_S
        assert targets[np.abs(at - beat).argmin(), 0] > 0.6
    assert targets[:, 0].mean() < 0.15
    assert targets[:, 1].sum() < 0.3 * targets[:, 0].sum()


def test_chord_labels_are_late_by_the_declared_delay_and_transposed() -> None:
    truth = SongTruth(
        60.0, chords=(ChordTruth(0.0, 4.0, 0, 0, 4), ChordTruth(4.0, 4.0, 9, 1, 9), ChordTruth(8.0, 1.0, -2, -2, 1))
    )
    targets = make_harmony_targets(make_timeline(truth, 10.0, semitones=2), 100)
    at = (np.arange(100) + 1) / 10 - HARMONY_DELAY_S
    assert (targets[(at > 0.01) & (at < 3.99), 0] == 2).all()
    assert (targets[(at > 0.01) & (at < 3.99), 2] == 6).all()
    assert (targets[(at > 4.01) & (at < 7.99), :2] == (11, 1)).all()
    assert (targets[(at > 8.01) & (at < 8.99), :3] == (IGNORED, IGNORED, 3)).all()
    assert (targets[:, 3] == IGNORED).all()


@pytest.mark.parametrize("start_s", [-0.005, 0.0, 1.4999, 0.503])
def test_a_waltz_may_begin_within_a_fade(start_s: float) -> None:
    line = make_timeline(SongTruth(BPM, start_s=start_s), 20.0)
    mono, short = drop_fourth_beat(np.ones(20 * RATE, np.float32), line, 12 * RATE)
    assert set(short.numbers) == {0, 1, 2}
    np.testing.assert_allclose(mono, 1.0, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_no_music_has_a_sound_but_no_beat_and_no_chord(folder: Path, seed: int) -> None:
    piece = mixer(folder, seed)._make_noise()
    assert np.abs(piece.mono).max() == pytest.approx(1.0)
    assert not make_rhythm_targets(piece.line, 100).any()
    assert (make_harmony_targets(piece.line, 40)[6:, 0] == ROOTS - 1).all()
    assert (make_harmony_targets(piece.line, 40)[:, 1] == IGNORED).all()

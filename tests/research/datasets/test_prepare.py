"""Recordings to stems: pauses, sequences, multitracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from bridge.core.arrays import Float32Array
from research.datasets.prepare import join_phrases, prepare, shorten_pauses
from research.datasets.sources import RATE, StemStore


def tone(seconds: float, level: float = 0.5, hz: float = 440.0) -> Float32Array:
    wave = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.repeat(wave[None].astype(np.float32), 2, 0)


def silence(seconds: float) -> Float32Array:
    return np.zeros((2, int(seconds * RATE)), np.float32)


def test_a_long_pause_is_cut_to_one_second_and_the_ends_go() -> None:
    wave = np.concatenate([silence(2), tone(1), silence(5), tone(1), silence(3)], axis=1)
    assert abs(shorten_pauses(wave).shape[1] / RATE - 3.0) < 0.05


def test_a_short_pause_stays() -> None:
    wave = np.concatenate([tone(1), silence(0.6), tone(1)], axis=1)
    assert abs(shorten_pauses(wave).shape[1] / RATE - 2.6) < 0.05


def test_phrases_are_joined_to_sequences_and_none_is_lost() -> None:
    waves = [tone(4) for _ in range(30)]
    sequences = join_phrases(waves, np.random.default_rng(1))
    assert all(20 <= s.shape[1] / RATE <= 66 for s in sequences[:-1])
    sounding = sum(int((np.abs(s).max(0) > 0).sum()) for s in sequences)
    assert abs(sounding - 30 * 4 * RATE) < 0.01 * 30 * 4 * RATE


def collection(folder: Path) -> Path:
    rows = ["file,class,song,stem,seconds,source,note,gain_db"]
    parts = {"drums": 100.0, "bass": 150.0, "other": 300.0, "bassother": 220.0, "vocals": 500.0}
    (folder / "multitrack").mkdir()
    for stem, hz in parts.items():
        soundfile.write(folder / f"multitrack/tune__{stem}.wav", tone(2.0, 0.4, hz).T, RATE)
        rows.append(f"multitrack/tune__{stem}.wav,multitrack,tune,{stem},2,made here,,0")
    (folder / "MANIFEST.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def test_bass_and_other_together_are_the_sum_of_all_that_is_either(tmp_path: Path) -> None:
    prepare(collection(tmp_path), tmp_path / "out")
    stems = {stem: np.load(tmp_path / f"out/tune.{stem}.npy") / 32768 for stem in ("bass", "other", "bassother")}
    rest = stems["bassother"] - stems["bass"] - stems["other"]
    gain = np.abs(stems["bass"]).max() / 0.4
    assert np.allclose(rest, gain * tone(2.0, 0.4, 220.0).T, atol=3e-4)


def test_the_stems_of_a_song_have_one_gain_and_none_clips(tmp_path: Path) -> None:
    prepare(collection(tmp_path), tmp_path / "out")
    peaks = {stem: np.abs(np.load(tmp_path / f"out/tune.{stem}.npy")).max() / 32768 for stem in ("drums", "bassother")}
    assert peaks["bassother"] < 0.99
    assert peaks["drums"] < 0.4


def test_a_second_run_adds_nothing(tmp_path: Path) -> None:
    first = prepare(collection(tmp_path), tmp_path / "out")
    rows = len(StemStore.open(tmp_path / "out").rows)
    assert prepare(tmp_path, tmp_path / "out") == first
    assert len(StemStore.open(tmp_path / "out").rows) == rows == 5


def test_a_development_song_is_kept_for_choosing(tmp_path: Path) -> None:
    (tmp_path / "songs/band").mkdir(parents=True)
    for stem, level in (("drums", 0.2), ("vocals", 0.4), ("mixture", 0.6)):
        soundfile.write(tmp_path / f"songs/band/{stem}.wav", tone(1.0, level).T, RATE)
    prepare(collection(tmp_path), tmp_path / "out", development=tmp_path / "songs")
    rows = {row["stem"]: row for row in StemStore.open(tmp_path / "out").rows.values() if row["song"] == "band"}
    assert {stem: row["split"] for stem, row in rows.items()} == {"drums": "valid", "vocals": "valid"}


def test_a_drum_loop_is_a_stem_of_its_own_whatever_columns_its_manifest_has(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "kit__120bpm_a.wav", tone(1.0).T, RATE)
    soundfile.write(tmp_path / "kit__kick.wav", tone(1.0).T, RATE)
    rows = ["path,class,song,stem,seconds,source,note", "kit__120bpm_a.wav,drums,,drums,1,made here,"]
    rows.append("kit__kick.wav,drums,,drums,1,made here,")
    (tmp_path / "MANIFEST.csv").write_text("\n".join(rows), encoding="utf-8")
    prepare(tmp_path, tmp_path / "out")
    assert list(StemStore.open(tmp_path / "out").rows) == ["kit-120bpm_a.drums.npy"]

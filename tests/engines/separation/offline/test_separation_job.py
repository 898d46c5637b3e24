"""A song as a job: which files it leaves, and what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import STEMS
from engines.separation.offline.journal import CHECKPOINT
from tests.engines.separation.offline.separators import RATE, Late, noise
from tests.engines.separation.offline.songs import FRAMES, files_in, read, separate, song, wish


def test_the_stems_are_written_beside_each_other_and_sum_to_the_mix(tmp_path: Path) -> None:
    outcome = separate(song(tmp_path), tmp_path / "out")
    folder = tmp_path / "out" / "song"
    assert (outcome.status, outcome.folder, outcome.frames) == ("done", folder, FRAMES)
    assert list(files_in(folder)) == ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]
    assert not (folder / CHECKPOINT).exists()
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - noise(FRAMES))) < 1e-6


@pytest.mark.parametrize("rate", [8000, 96_000, 192_000])
def test_at_any_rate_the_stems_have_the_song_s_rate_and_length_and_sum_to_it(tmp_path: Path, rate: int) -> None:
    sound = noise(rate * 2 + 1)
    separate(song(tmp_path, sound, rate), tmp_path / "out", wish("wav32f"), Late(rates=(44100,)))
    folder = tmp_path / "out" / "song"
    assert soundfile.info(folder / "drums.wav").samplerate == rate
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - sound)) < 1e-6


def test_named_stems_alone_are_written_and_mixes_less_stems(tmp_path: Path) -> None:
    separate(
        song(tmp_path), tmp_path / "out", wish("wav32f", stems=("drums",), without=(("vocals",), ("drums", "bass")))
    )
    folder = tmp_path / "out" / "song"
    assert list(files_in(folder)) == ["drums.wav", "no_drums_bass.wav", "no_vocals.wav"]
    stems = Late().separate(noise(FRAMES), RATE)
    assert np.max(np.abs(read(folder, "no_vocals") - (noise(FRAMES) - stems[2]))) < 1e-6
    assert np.max(np.abs(read(folder, "no_drums_bass") - (stems[2] + stems[3]))) < 1e-6


def test_a_mono_song_gives_mono_stems(tmp_path: Path) -> None:
    sound = noise(FRAMES, channels=1)
    separate(song(tmp_path, sound), tmp_path / "out")
    folder = tmp_path / "out" / "song"
    assert soundfile.info(folder / "drums.wav").channels == 1
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - sound)) < 1e-6


def test_a_stem_above_full_scale_lowers_all_by_one_factor_and_that_is_said(tmp_path: Path) -> None:
    sound = noise(FRAMES)
    outcome = separate(song(tmp_path, sound), tmp_path / "out", separator=Late(loud=8.0))
    folder = tmp_path / "out" / "song"
    peaks = [float(np.max(np.abs(read(folder, stem)))) for stem in STEMS]
    assert 0.9999 < max(peaks) < 1.0
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - outcome.gain * sound)) < 1e-6
    assert f"lowered by {-20 * np.log10(outcome.gain):.1f} dB" in outcome.notes[0]


def test_float_files_keep_what_is_above_full_scale(tmp_path: Path) -> None:
    outcome = separate(song(tmp_path), tmp_path / "out", wish("wav32f"), Late(loud=8.0))
    assert outcome.gain == 1.0
    assert np.array_equal(read(tmp_path / "out" / "song", "vocals"), Late(loud=8.0).separate(noise(FRAMES), RATE)[2])


def test_a_stem_that_was_not_asked_for_decides_the_factor_too(tmp_path: Path) -> None:
    all_ = separate(song(tmp_path), tmp_path / "out", separator=Late(loud=8.0))
    one = separate(song(tmp_path), tmp_path / "other", wish(stems=("drums",)), Late(loud=8.0))
    assert one.gain == all_.gain < 1.0


def test_a_song_shorter_than_a_block_or_than_the_lag_comes_out_whole(tmp_path: Path) -> None:
    for frames in (1, 100, 65_536):
        sound = noise(frames)
        separate(song(tmp_path, sound, name=f"{frames}.wav"), tmp_path / "out", wish("wav32f"))
        stems = [read(tmp_path / "out" / str(frames), stem) for stem in STEMS]
        assert np.max(np.abs(sum(stems) - sound)) < 1e-6


def test_silence_gives_silence(tmp_path: Path) -> None:
    separate(song(tmp_path, np.zeros((2, 1000), np.float32)), tmp_path / "out", wish("wav16"))
    assert not any(read(tmp_path / "out" / "song", stem).any() for stem in STEMS)

"""Remarks on recordings without a beat, with cancelling channels, or nearly silent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.core.audio import Audio
from engines.mir.engine_lookup import create_engine
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.offline.analysis_job import Analysis, analyse_file
from engines.mir.offline.analysis_remarks import NO_BEAT, describe_beat, describe_cancellation
from engines.mir.offline.beat_decoder import decode_beats, measure_steadiness
from tests.engines.backing.songs import beat_activation, ignore_progress, wave
from tests.engines.mir.signals import RATE, band


def make_music(beats: int = 32) -> Audio:
    return band(lambda beat: beat * RATE / 2, beats)


def make_syllables(seconds: float = 24.0) -> Audio:
    """Noise in bursts as long and as irregular as syllables, with pauses as between sentences."""
    rng = np.random.default_rng(1)
    audio, at = np.zeros(round(seconds * RATE)), 0.3
    while at < seconds - 1:
        length = rng.uniform(0.06, 0.3)
        frames, first = round(length * RATE), round(at * RATE)
        audio[first : first + frames] += rng.uniform(0.05, 0.3) * np.hanning(frames) * rng.standard_normal(frames)
        at += length * rng.uniform(0.5, 1.5) + (rng.uniform(0.3, 0.9) if rng.random() < 0.15 else 0)
    return np.repeat(audio[None].astype(np.float32), 2, axis=0)


def describe(activation: NDArray[np.float32]) -> tuple[str, ...]:
    return describe_beat(activation, decode_beats(activation))


def analyse(path: Path, audio: Audio, engine: str = "mir.standard") -> Analysis:
    return analyse_file(wave(path / "a.wav", audio), create_engine(engine), {}, ignore_progress)


def test_a_steady_beat_is_steady_and_random_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    steady = beat_activation(np.arange(0.5, 60, 0.5).tolist(), 60)
    loose = beat_activation(np.cumsum(rng.uniform(0.2, 0.9, 105)).tolist(), 60)
    for activation, low, high in ((steady, 0.5, 1.0), (loose, 0.0, 0.17)):
        found = float(np.nanmedian(measure_steadiness(activation, decode_beats(activation))))
        assert low <= found <= high
    assert describe(steady) == ()
    assert NO_BEAT in describe(loose)[0]


def test_a_remark_names_the_passage_without_a_beat() -> None:
    activation = beat_activation([*np.arange(0.5, 60, 0.5), *np.arange(140, 240, 0.5)], 240)
    there = slice(60 * STEPS_PER_SECOND, 140 * STEPS_PER_SECOND)
    activation[there] = 0.2 * np.random.default_rng(2).uniform(0, 1, 80 * STEPS_PER_SECOND) ** 2
    (remark,) = describe(activation)
    start, end = (int(at.partition(":")[2]) for at in remark.removeprefix("no steady beat from ").split(" to "))
    assert remark.startswith("no steady beat from 1:")
    assert 0 <= start < 15
    assert 5 <= end <= 20


def test_silence_and_short_recordings_get_no_remark() -> None:
    times = np.arange(0.5, 30, 0.5)
    gap = beat_activation([*times, *(times + 90)], 120)
    gap[30 * 50 : 90 * 50] = 0.05  # silence, as the meter has it
    assert describe(gap) == ()
    assert describe(np.full(1000, 0.01, np.float32)) == ()
    assert describe(beat_activation([1.0, 1.3, 2.2], 3)) == ()
    assert describe(np.zeros(0, np.float32)) == ()


def test_speech_like_noise_gets_a_remark_and_music_none(tmp_path: Path) -> None:
    assert NO_BEAT in " ".join(analyse(tmp_path, make_syllables()).map.remarks)
    assert analyse(tmp_path, make_music()).map.remarks == ()


@pytest.mark.parametrize("engine", ["mir.standard", "mir.chroma"])
@pytest.mark.parametrize("right", [-1.0, -0.9])
def test_channels_that_cancel_are_analysed_as_if_they_did_not(tmp_path: Path, engine: str, right: float) -> None:
    audio = make_music()
    plain = analyse(tmp_path, audio, engine).map
    found = analyse(tmp_path, audio * np.array([[1.0], [right]], np.float32), engine).map
    assert len(plain.beats) > 10
    assert [beat.time_s for beat in found.beats] == pytest.approx([beat.time_s for beat in plain.beats], abs=0.03)
    assert [span.label for span in found.chords] == [span.label for span in plain.chords]
    assert found.remarks == ("left and right cancel each other for 0:16: one was inverted to analyse them",)


def test_a_remark_names_the_passage_in_which_channels_cancel(tmp_path: Path) -> None:
    audio = make_music(64)
    audio[1, 10 * RATE : 22 * RATE] *= -1
    (remark,) = analyse(tmp_path, audio).map.remarks
    assert remark == "left and right cancel each other for 0:12 between 0:10 and 0:22: one was inverted to analyse them"
    assert describe_cancellation(0.9, (3.0, 3.9), 60.0) == ()
    assert "for 0:59:" in describe_cancellation(59.3, (0.4, 60.0), 60.0)[0]


def test_a_very_quiet_song_is_amplified_first(tmp_path: Path) -> None:
    audio = make_music()
    plain = analyse(tmp_path, audio).map
    quiet = analyse(tmp_path, audio * np.float32(10 ** (-50 / 20)))
    assert [beat.time_s for beat in quiet.map.beats] == pytest.approx([beat.time_s for beat in plain.beats], abs=0.03)
    assert [span.label for span in quiet.map.chords] == [span.label for span in plain.chords]
    assert "is very quiet (peak -4" in quiet.map.remarks[0]
    assert np.abs(quiet.overview.columns).max() < 0.01  # as the file is

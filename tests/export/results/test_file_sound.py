"""File sound: lengths, rates and levels of tracks, and stems that sum to the song."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from export.results.file_sound import FileSound, ResidualSound, measure_sounds, read_aligned
from export.session.session import SampleFormat
from tests.export.sample_session import WAV24, WAV32F

RATE = 44100


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


def make_samples(seed: int, frames: int = 70_001, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, (frames, channels)).astype(np.float32)


def read(sound: FileSound | ResidualSound) -> np.ndarray:
    return np.concatenate(list(sound.read_blocks()))


@pytest.mark.parametrize("frames", [60_000, 70_001, 200_000])
def test_a_track_has_its_length(tmp_path: Path, frames: int) -> None:
    samples = make_samples(1)
    path = write(tmp_path / "x.wav", samples)
    sound = read(FileSound(path, RATE, 2, frames, 0.5, WAV32F))
    assert sound.shape == (frames, 2)
    kept = min(frames, len(samples))
    np.testing.assert_array_equal(sound[:kept], samples[:kept] * 0.5)
    assert not sound[kept:].any()


def test_a_file_of_another_rate_keeps_its_time(tmp_path: Path) -> None:
    samples = np.zeros((48000, 2), np.float32)
    samples[24000] = 0.5
    path = write(tmp_path / "x.wav", samples, 48000)
    sound = read(FileSound(path, RATE, 2, RATE, 1.0, WAV32F))
    assert int(np.argmax(sound[:, 0])) == RATE // 2


def test_mono_is_one_channel(tmp_path: Path) -> None:
    samples = make_samples(2, channels=1)
    path = write(tmp_path / "x.wav", samples)
    np.testing.assert_array_equal(read(FileSound(path, RATE, 1, len(samples), 1.0, WAV32F)), samples)


@pytest.mark.parametrize(("format_", "error"), [(WAV24, 0.0), (WAV32F, 1e-7)])
def test_with_the_residual_the_stems_sum_to_the_mix(tmp_path: Path, format_: SampleFormat, error: float) -> None:
    mix_samples, stem_samples = make_samples(3), make_samples(4, 69_000)
    mix = FileSound(write(tmp_path / "mix.wav", mix_samples), RATE, 2, len(mix_samples), 0.9, format_)
    stems = [
        FileSound(write(tmp_path / "a.wav", stem_samples), RATE, 2, len(mix_samples), 0.9, format_),
        FileSound(write(tmp_path / "b.wav", stem_samples[::-1]), RATE, 2, len(mix_samples), 0.9, format_),
    ]
    residual = ResidualSound(mix, stems, format_)
    assert np.abs(read(residual)).max() > 0.1
    total = read(residual) + sum(read(stem) for stem in stems)
    assert np.abs(total - read(mix)).max() <= error


def test_measurement_says_lengths_peak_and_what_is_missing(tmp_path: Path) -> None:
    samples = make_samples(5)
    mix, half = write(tmp_path / "mix.wav", samples), write(tmp_path / "half.wav", samples / 2)
    longer = write(tmp_path / "longer.wav", np.concatenate([samples / 2, np.full((10, 2), 2.0, np.float32)]))
    read_frames: list[int] = []
    measured = measure_sounds(mix, [half, half], RATE, 2, read_frames.append)
    assert read_frames == sorted(read_frames) and read_frames[-1] == 70_001
    assert measured.frames == (70_001, 70_001, 70_001)
    assert measured.residual_peak < 1e-7
    assert measured.peak == np.abs(samples).max()
    measured = measure_sounds(mix, [half, longer], RATE, 2, read_frames.append)
    assert measured.frames == (70_001, 70_001, 70_011)
    assert measured.peak == measured.residual_peak == 2.0


def test_blocks_of_any_size_are_aligned() -> None:
    def cut(values: np.ndarray, size: int) -> list[np.ndarray]:
        return [values[at : at + size] for at in range(0, len(values), size)]

    values = np.arange(20.0).reshape(-1, 1)
    blocks = list(read_aligned([iter(cut(values, 3)), iter(cut(values[:11], 4)), iter([])]))
    first, second, third = (np.concatenate(column) for column in zip(*blocks, strict=True))
    np.testing.assert_array_equal(first, values)
    np.testing.assert_array_equal(second[:, 0], [*range(11), *[0] * 9])
    assert third.shape == (20, 0)

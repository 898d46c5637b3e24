"""Output files: every frame of every path, under their names at the end, also where the run ended with an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import CHANNELS, Audio
from bridge.core.latency import AUDIO_PATHS
from bridge.drivers import output_files
from bridge.drivers.output_files import OutputFiles
from bridge.errors import ConfigError, DriverError

RATE = 48000


def make_noise(frames: int) -> Audio:
    shape = (len(AUDIO_PATHS) * CHANNELS, frames)
    return np.random.default_rng(frames).uniform(-1, 1, shape).astype(np.float32)


def read(folder: Path, path: str) -> Audio:
    samples, rate = soundfile.read(folder / f"{path}.wav", dtype="float32")
    assert rate == RATE
    return np.asarray(samples.T)


def test_each_path_has_its_own_file_with_every_sample(tmp_path: Path) -> None:
    noise = make_noise(40_000)
    with OutputFiles(tmp_path / "out", RATE) as files:
        for start in range(0, noise.shape[1], 128):
            files.write(noise[:, start : start + 128])
        assert not list((tmp_path / "out").glob("*.wav")), "a name before its file is whole"
        files.write_silence(20_000)
    for index, path in enumerate(AUDIO_PATHS):
        got = read(tmp_path / "out", path)
        np.testing.assert_array_equal(got[:, :40_000], noise[index * CHANNELS : (index + 1) * CHANNELS])
        assert not got[:, 40_000:].any()
        assert got.shape[1] == 60_000
    assert len(list((tmp_path / "out").iterdir())) == len(AUDIO_PATHS)


def test_an_error_elsewhere_loses_nothing(tmp_path: Path) -> None:
    noise = make_noise(1000)
    with pytest.raises(RuntimeError), OutputFiles(tmp_path, RATE) as files:
        files.write(noise)
        raise RuntimeError
    np.testing.assert_array_equal(read(tmp_path, "band"), noise[-CHANNELS:])


def test_nothing_is_left_where_nothing_was_written(tmp_path: Path) -> None:
    with OutputFiles(tmp_path, RATE):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_file_is_an_error_that_keeps_what_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = output_files.BLOCK_FRAMES
    monkeypatch.setattr(output_files, "WAV_BYTES", block * CHANNELS * 4)
    with pytest.raises(DriverError, match="no more than 4 GB"), OutputFiles(tmp_path, RATE) as files:
        files.write(make_noise(2 * block))
    assert read(tmp_path, "mix").shape[1] == block


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file/out: cannot be written"), OutputFiles(tmp_path / "file" / "out", RATE):
        pass

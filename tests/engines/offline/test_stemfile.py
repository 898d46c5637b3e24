"""Stems written without a surprise."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import Audio
from engines.offline import stemfile
from engines.offline.stemfile import FORMATS, quantise, write_stem
from engines.offline.tags import Tags
from tests.engines.separation.offline.separators import RATE, noise


def stem(folder: Path, kind: str, sound: Audio, gain: float = 1.0, tags: Tags | None = None) -> Path:
    scratch, target = folder / "drums.f32.part", folder / f"drums{FORMATS[kind].suffix}"
    scratch.write_bytes(np.ascontiguousarray(sound.T).tobytes())
    write_stem(scratch, target, FORMATS[kind], RATE, len(sound), gain, tags or Tags(), lambda frames: None)
    return target


@pytest.mark.parametrize(
    ("kind", "subtype", "close"),
    [
        ("wav16", "PCM_16", 2.0**-14),
        ("wav24", "PCM_24", 2.0**-23),
        ("wav32f", "FLOAT", 0.0),
        ("flac16", "PCM_16", 2.0**-14),
        ("flac24", "PCM_24", 2.0**-23),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_each_format_is_what_it_says_and_as_exact_as_its_bits(
    tmp_path: Path, kind: str, subtype: str, close: float, channels: int
) -> None:
    sound = noise(70_000, channels=channels)
    path = stem(tmp_path, kind, sound)
    written, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert (rate, soundfile.info(path).subtype, written.shape) == (RATE, subtype, (70_000, channels))
    assert np.max(np.abs(written.T - sound)) <= close


def test_floats_above_full_scale_are_kept(tmp_path: Path) -> None:
    sound = 30 * noise(1000)
    assert np.array_equal(soundfile.read(stem(tmp_path, "wav32f", sound), dtype="float32")[0].T, sound)


def test_a_gain_is_applied(tmp_path: Path) -> None:
    sound = noise(1000)
    written = soundfile.read(stem(tmp_path, "wav24", sound, gain=0.5), dtype="float32")[0].T
    assert np.max(np.abs(written - 0.5 * sound)) <= 2.0**-23


def test_dither_makes_the_error_noise_that_does_not_depend_on_the_sound() -> None:
    faint = np.full((100_000, 1), 0.3 / 32768, np.float32)  # without dither this would be silence
    written = quantise(faint, 16, np.random.Generator(np.random.Philox(1))) >> 16
    assert np.mean(written) == pytest.approx(0.3, abs=0.01)
    assert np.var(written - 0.3) == pytest.approx(0.25, abs=0.01)  # TPDF's 1/6 and rounding's 1/12


def test_exact_silence_stays_exact(tmp_path: Path) -> None:
    silent = np.zeros((2, 5000), np.float32)
    assert not soundfile.read(stem(tmp_path, "wav16", silent))[0].any()


def test_what_passes_full_scale_by_rounding_stays_at_full_scale() -> None:
    loud = np.array([[1.0, -1.0]], np.float32)
    assert list(quantise(loud, 24, np.random.Generator(np.random.Philox(1)))[0] >> 8) == [2**23 - 1, -(2**23)]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_stem_is_written_with_the_same_bytes(tmp_path: Path, kind: str) -> None:
    sound = noise(70_000)
    assert stem(tmp_path, kind, sound).read_bytes() == stem(tmp_path, kind, sound).read_bytes()


def test_a_float_file_does_not_tell_the_time_of_its_writing(tmp_path: Path) -> None:
    data = stem(tmp_path, "wav32f", noise(100), tags=Tags({"title": ("PEAK of PEAKs",)})).read_bytes()
    at = data.index(b"PEAK\x18")  # its length with two channels: 24
    assert struct.unpack("<II", data[at + 8 : at + 16]) == (1, 0)


def test_more_than_a_wav_can_hold_becomes_rf64_with_its_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stemfile, "RIFF_BYTES", 100_000)
    sound = noise(70_000)
    path = stem(tmp_path, "wav24", sound, tags=Tags({"title": ("Song",)}))
    assert path.read_bytes()[:4] == b"RF64"
    with soundfile.SoundFile(path) as file:
        assert (file.format, file.title) == ("RF64", "Song")
        assert np.max(np.abs(file.read(dtype="float32").T - sound)) <= 2.0**-23

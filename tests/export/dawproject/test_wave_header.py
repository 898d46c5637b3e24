"""Header of a WAV file in an archive: the lengths of RIFF and RF64 files as they were written."""

from __future__ import annotations

import io

import pytest

from export.dawproject.wave_header import WaveHeader, read_wave_header
from export.files.bwf import make_bwf_header, write_bwf
from export.session.session import AudioTrack, SampleFormat
from tests.export.sample_session import RATE, WAV24, WAV32F, make_noise, make_session


@pytest.mark.parametrize("riff_bytes", [0xFFFFFFFF, 1000], ids=["RIFF", "RF64"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format_", [WAV24, WAV32F], ids=["24", "32f"])
def test_the_length_is_what_was_written(format_: SampleFormat, channels: int, riff_bytes: int) -> None:
    file = io.BytesIO()
    track = AudioTrack("x", "x.wav", "stems", make_noise(1, format_, 4801, channels))
    write_bwf(file, make_session(sample_format=format_), track, lambda frames: None, riff_bytes)
    pad = 4801 * channels * format_.bits // 8 % 2
    file.seek(0)
    assert read_wave_header(file) == WaveHeader(channels, RATE, 4801, len(file.getvalue()) - pad)


def test_a_length_of_more_than_4_gib_is_read() -> None:
    class Long:
        channels, frames = 2, 1 << 30

    header = make_bwf_header(make_session(), AudioTrack("x", "x.wav", "stems", Long()))  # type: ignore[arg-type]
    assert read_wave_header(io.BytesIO(header)) == WaveHeader(2, RATE, 1 << 30, len(header) + 6 * (1 << 30))


def test_a_cut_or_foreign_file_is_none() -> None:
    header = make_bwf_header(make_session(), AudioTrack("x", "x.wav", "stems", make_noise(1)))
    assert {read_wave_header(io.BytesIO(header[:size])) for size in range(len(header))} == {None}
    assert read_wave_header(io.BytesIO(b"fLaC" + header[4:])) is None
    assert read_wave_header(io.BytesIO(header[:12] + header[-8:])) is None  # no format
    broken = header[:16] + b"\xff\xff\xff\x7f" + header[20:]  # a chunk of 2 GiB
    assert read_wave_header(io.BytesIO(broken)) is None

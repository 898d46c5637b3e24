"""Broadcast Wave writer: other readers agree on what is in the file, and the audio is the same bit by bit."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from bridge.audiofile import Song
from bridge.errors import EngineError
from export.files.bwf import UNKNOWN_LOUDNESS, make_bwf_header, round_samples, write_bwf
from export.session.session import AudioTrack, SampleFormat
from tests.export.sample_session import ODD_NAME, RATE, WAV24, WAV32F, SampleSound, make_noise, make_session

HOUR_FRAME = 123_456_789_012
"""A time reference that needs more than 32 bits."""


def write(path: Path, track: AudioTrack, format_: SampleFormat = WAV24, most_riff_bytes: int = 0xFFFFFFFF) -> Path:
    session = make_session(sample_format=format_, start_frame=HOUR_FRAME)
    with path.open("wb") as file:
        write_bwf(file, session, track, lambda frames: None, most_riff_bytes)
    return path


@pytest.mark.parametrize("riff_bytes", [0xFFFFFFFF, 1000], ids=["RIFF", "RF64"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format_", [WAV24, WAV32F], ids=["24", "32f"])
def test_libsndfile_wavinfo_and_our_reader_read_it(
    tmp_path: Path, format_: SampleFormat, channels: int, riff_bytes: int
) -> None:
    sound = make_noise(3, format_, 4801, channels)  # an odd number of bytes in mono
    path = write(tmp_path / "x.wav", AudioTrack(ODD_NAME, "x.wav", "stems", sound), format_, riff_bytes)
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert rate == RATE
    np.testing.assert_array_equal(samples, sound.samples)
    assert soundfile.info(path).subtype == ("FLOAT" if format_.is_float else "PCM_24")
    with Song(path) as song:
        read = np.concatenate(list(song.read_blocks()), axis=1)
        assert song.notes == []
    np.testing.assert_array_equal(read.T.astype(np.float64), np.broadcast_to(sound.samples, (4801, 2)))
    info = WavInfoReader(str(path))
    assert info.bext.time_reference == HOUR_FRAME
    assert (info.bext.version, info.bext.originator) == (2, "Sideman")
    assert info.bext.loudness_value == pytest.approx(UNKNOWN_LOUDNESS / 100)
    assert info.bext.description == f"{ODD_NAME}: {ODD_NAME}".replace("♫", "?")
    assert (info.fmt.channel_count, info.fmt.sample_rate, info.fmt.bits_per_sample) == (channels, RATE, format_.bits)
    assert info.data.frame_count == 4801


@pytest.mark.skipif(shutil.which("mediainfo") is None, reason="mediainfo is not installed (apt install mediainfo)")
@pytest.mark.parametrize("riff_bytes", [0xFFFFFFFF, 1000], ids=["RIFF", "RF64"])
def test_mediainfo_agrees(tmp_path: Path, riff_bytes: int) -> None:
    path = write(tmp_path / "x.wav", AudioTrack("drums", "x.wav", "stems", make_noise(3)), WAV24, riff_bytes)
    printed = subprocess.run(["mediainfo", "--Output=JSON", path], capture_output=True, check=True, timeout=60).stdout
    general, audio = json.loads(printed)["media"]["track"]
    assert audio["BitDepth"] == "24" and audio["SamplingRate"] == str(RATE) and audio["Channels"] == "2"
    assert audio["SamplingCount"] == "9600"
    assert float(audio["Delay"]) == pytest.approx(HOUR_FRAME / RATE, abs=0.001)
    assert audio["Delay_Source"] == "Container (bext)"
    assert general["Producer"] == "Sideman"


def test_a_header_of_more_than_4_gib_is_rf64_with_its_sizes(tmp_path: Path) -> None:
    class Long:
        channels, frames = 2, 1 << 30

    header = make_bwf_header(make_session(), AudioTrack("x", "x.wav", "stems", Long()))  # type: ignore[arg-type]
    assert header[:4] == b"RF64" and header[12:16] == b"ds64"
    assert int.from_bytes(header[28:36], "little") == (1 << 30) * 6
    assert int.from_bytes(header[20:28], "little") == len(header) - 8 + (1 << 30) * 6
    assert int.from_bytes(header[36:44], "little") == 1 << 30


def test_full_scale_is_clipped_to_what_24_bits_have() -> None:
    loud = np.array([[1.5, -1.5], [1.0, -1.0], [2**-24, 0.0]])
    rounded = round_samples(loud, WAV24)
    np.testing.assert_array_equal(rounded[:, 0], [1 - 2**-23, 1 - 2**-23, 0.0])
    np.testing.assert_array_equal(rounded[:, 1], [-1.0, -1.0, 0.0])
    np.testing.assert_array_equal(round_samples(loud, WAV32F), loud)


@pytest.mark.parametrize("frames", [99, 101])
def test_a_source_that_changed_is_an_error(frames: int) -> None:
    class Changed(SampleSound):
        frames = 100

    track = AudioTrack("drums", "x.wav", "stems", Changed(np.zeros((frames, 2))))
    with pytest.raises(EngineError, match="drums: "):
        write_bwf(io.BytesIO(), make_session(), track, lambda frames: None)

"""Audio segments: two maps of one file see the same audio; nothing is left behind, also of a killed process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import BridgeError
from chains.process.audio_file import create_segment, cut_segment, map_segment, open_segment, write_segment
from chains.process.messages import AudioSegment

LEAVE = """
import os, sys
from pathlib import Path
from chains.process.audio_file import open_segment
with open_segment(Path(sys.argv[1]), 2, 100):
    os._exit(9)
"""
FILL = """
import resource, sys
from pathlib import Path
from bridge.errors import BridgeError
from chains.process.audio_file import create_segment
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    create_segment(Path(sys.argv[1]), 2, 1 << 20)
except BridgeError as error:
    print(error)
"""


def test_what_one_map_writes_the_other_reads(tmp_path: Path) -> None:
    segment = create_segment(tmp_path / "audio", 2, 1000)
    reader = map_segment(segment)
    assert reader.shape == (2, 1000)
    assert not reader.any()
    map_segment(segment, writable=True)[1, 999] = 0.5
    assert reader[1, 999] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        reader[0, 0] = 1.0


def test_audio_is_written_channel_behind_channel(tmp_path: Path) -> None:
    audio = np.arange(6, dtype=np.float32).reshape(2, 3)
    segment = write_segment(tmp_path / "audio", audio)
    assert Path(segment.path).read_bytes() == audio.tobytes()


def test_a_segment_may_be_empty(tmp_path: Path) -> None:
    assert map_segment(create_segment(tmp_path / "audio", 2, 0)).shape == (2, 0)


@pytest.mark.parametrize("frames", [0, 1, 3, 4, 9])
def test_a_segment_that_is_cut_keeps_its_first_frames(
    tmp_path: Path, frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chains.process.audio_file._MOVED_FRAMES", 2)
    audio = np.arange(8, dtype=np.float32).reshape(2, 4)
    kept = cut_segment(write_segment(tmp_path / "audio", audio), frames)
    np.testing.assert_array_equal(map_segment(kept), audio[:, :frames])


@pytest.mark.parametrize(("name", "frames", "words"), [("audio", 99, "are not 2 channels"), ("none", 100, "no such")])
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, name: str, frames: int, words: str) -> None:
    create_segment(tmp_path / "audio", 2, 100)
    with pytest.raises(BridgeError, match=f"(?i){words}"):
        map_segment(AudioSegment(str(tmp_path / name), 2, frames))


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "audio").write_text("mine")
    with pytest.raises(BridgeError, match="exists"):
        create_segment(tmp_path / "audio", 2, 100)
    assert (tmp_path / "audio").read_text() == "mine"


def test_no_space_is_an_error_at_once_and_leaves_no_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(tmp_path / "audio")], capture_output=True, text=True, check=True
    )
    assert "no space left for 8.4 MB of audio; free some space" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_draft_is_gone_behind_the_with_statement_and_that_of_a_killed_process_at_the_next(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEAVE, str(tmp_path / "song.wav")], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with open_segment(tmp_path / "song.wav", 2, 100) as segment:
        assert [str(path) for path in tmp_path.iterdir()] == [segment.path]
    assert list(tmp_path.iterdir()) == []

"""Nothing leaves the machine, and nothing is written outside our own folders: what docs/privacy.md promises."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.engines.separation.models import graphs
from tests.watched import Watched, watch

RATE = 44100
SIDEMAN = (sys.executable, "-m", "bridge.cli")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return watch(tmp_path)


@pytest.fixture
def song(watched: Watched) -> str:
    """Two seconds of tones and strokes, in the folder where results are written."""
    time_s = np.arange(2 * RATE) / RATE
    wave = 0.2 * np.sin(2 * np.pi * 220 * time_s) + 0.3 * np.exp(-30 * (time_s % 0.5)) * np.sin(2 * np.pi * 60 * time_s)
    path = watched.folder / "work" / "out" / "song.wav"
    path.parent.mkdir()
    soundfile.write(path, np.stack([wave, wave], axis=1), RATE)
    return str(path)


def assert_private(watched: Watched, *command: str) -> None:
    """Run ``command``; it succeeds, asks nothing of the network and writes nothing outside our own folders."""
    done = watched.run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert watched.asked == []
    assert watched.foreign == []


def test_separating_is_private(watched: Watched, song: str) -> None:
    assert_private(watched, *SIDEMAN, "separate", song, "--out", "out")


def test_analysing_is_private(watched: Watched, song: str) -> None:
    assert_private(watched, *SIDEMAN, "analyze", song, "--out", "out")


def test_accompanying_is_private(watched: Watched) -> None:
    assert_private(watched, *SIDEMAN, "accompany", "| Am7 D7 |", "--out", "out", "--audio")


def test_models_of_ones_own_are_private(watched: Watched) -> None:
    (watched.folder / "work" / "out").mkdir()
    model = graphs.write_stacked_graph(
        watched.folder / "work" / "out" / "demo.onnx", "mix", (1, 2, 160), (0.1, 0.2, 0.3, 0.4)
    )
    what = ("--adapter", "htdemucs", "--licence", "MIT", "--stems", "drums,bass,other,vocals", "--accept")
    assert_private(watched, *SIDEMAN, "models", "add", str(model), *what)
    assert_private(watched, *SIDEMAN, "models", "verify")


@pytest.mark.parametrize("package", ["engines.onnx", "engines.separation.models.onnx_graph", "engines.providers"])
def test_a_session_of_onnx_runtime_reports_to_nobody(watched: Watched, package: str, tmp_path: Path) -> None:
    model = graphs.plain(tmp_path / "watch" / "one.onnx", "mix", (1, 2, 160), 0.5)
    script = (
        f"import {package}, onnxruntime\n"
        f"session = onnxruntime.InferenceSession({str(model)!r}, providers=['CPUExecutionProvider'])\n"
    )
    assert_private(watched, sys.executable, "-c", script)


PLAYLISTS = {
    "a.mp3": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://sideman.invalid/a.ts\n#EXT-X-ENDLIST\n",
    "b.wav": "ffconcat version 1.0\nfile http://sideman.invalid/a.mp3\n",
    "c.flac": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 192.0.2.7\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "d.ogg": "[playlist]\nFile1=http://sideman.invalid/a.mp3\nNumberOfEntries=1\n",
}


def test_an_address_in_a_file_that_is_no_song_is_not_asked(watched: Watched) -> None:
    songs = watched.folder / "work" / "out"
    songs.mkdir()
    for name, text in PLAYLISTS.items():
        (songs / name).write_text(text)
    done = watched.run(*SIDEMAN, "analyze", *(str(songs / name) for name in PLAYLISTS), "--out", "out/results")
    assert done.returncode == 1
    assert all(f"{name}: failed" in done.stdout + done.stderr for name in PLAYLISTS)
    assert watched.asked == []
    assert watched.foreign == []


def test_the_watch_sees_what_python_asks(watched: Watched) -> None:
    script = "import socket\ntry: socket.getaddrinfo('sideman.invalid', 80)\nexcept OSError: pass"
    watched.run(sys.executable, "-c", script)
    assert any("python socket.getaddrinfo" in line and "sideman.invalid" in line for line in watched.asked)


def test_the_watch_sees_what_a_library_asks(watched: Watched) -> None:
    if "LD_PRELOAD" not in watched.env:
        pytest.skip("no C compiler, or not Linux: only Python is watched")
    script = "import ctypes as c; c.CDLL(None).getaddrinfo(b'sideman.invalid', None, None, c.byref(c.c_void_p()))"
    watched.run(sys.executable, "-c", script)
    assert watched.asked == ["c getaddrinfo sideman.invalid"]


def test_the_watch_sees_a_foreign_file(watched: Watched) -> None:
    watched.run(sys.executable, "-c", "import pathlib; pathlib.Path.home().joinpath('.trace').touch()")
    assert watched.foreign == ["home/.trace"]

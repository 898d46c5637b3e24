"""A batch outlives any song: whatever one fails of, the others are done and the report is written."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.errors import BridgeError, ConfigError
from bridge.progress_channel import Ended, ProgressChannel, parse_event
from engines.offline.song_batch import ProgressCallback, process_songs


@dataclass
class Done:
    song: Path
    status: str = "done"
    notes: list[str] = field(default_factory=list)
    error: str = ""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))


def batch(tmp_path: Path, act: Callable[[Path], None]) -> tuple[int, list[list[str]]]:
    """Work on a, b and c; the exit status, and the reports: each song's name and status, with its error."""
    songs = [tmp_path / f"{name}.wav" for name in "abc"]
    for song in songs:
        song.write_bytes(b"")
    reports: list[list[str]] = []

    def work(song: Path, _: ProgressCallback) -> Done:
        act(song)
        return Done(song)

    def record_failure(song: Path, error: BridgeError) -> Done:
        return Done(song, "failed", error=error.message)

    status = process_songs(
        songs, tmp_path / "out", work, record_failure,
        lambda done: reports.append([f"{one.song.stem} {one.status}" for one in done]), "stopped",
    )  # fmt: skip
    return status, reports


def make_raising(error: BaseException) -> Callable[[Path], None]:
    def act(song: Path) -> None:
        if song.stem == "b":
            raise error

    return act


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConfigError("b.wav: is empty", "give another"), "b.wav: is empty; give another"),
        (ValueError("odd"), "b.wav: a fault in Sideman (ValueError: odd, "),
        (RuntimeError(), "b.wav: a fault in Sideman (RuntimeError, "),
        (KeyError("x"), "b.wav: a fault in Sideman (KeyError: 'x', "),
        (RecursionError("deep"), "b.wav: a fault in Sideman (RecursionError: deep, "),
        (UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "bad"), "b.wav: a fault in Sideman (UnicodeDecodeError: "),
        (AssertionError(), "b.wav: a fault in Sideman (AssertionError, "),
        (MemoryError(), "b.wav: not enough memory; "),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "b.wav: No space left on device; check free space"),
        (OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), "b.csv"), "b.csv: File name too long; "),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), "b.wav: No such file or directory; it went away"),
        (EOFError(), "b.wav: a fault in Sideman (EOFError, "),
        (ExceptionGroup("several", [ValueError("odd")]), "b.wav: a fault in Sideman (ExceptionGroup: several"),
    ],
)
def test_whatever_a_song_fails_of_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    assert batch(tmp_path, make_raising(error)) == (1, [["a done", "b failed", "c done"]])
    output = capsys.readouterr().err
    assert said in output
    assert "Traceback" not in output
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "cause"), [(errno.ENOSPC, "disk full"), (errno.EDQUOT, "disk full"), (errno.EACCES, "")]
)
def test_a_full_disk_is_the_cause_that_the_channel_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, cause: str
) -> None:
    lines: list[bytes] = []
    monkeypatch.setattr("engines.offline.song_batch.open_channel", lambda: ProgressChannel(lines.append))
    refused = ConfigError("out: cannot be written", "check it")
    refused.__cause__ = OSError(number, os.strerror(number))
    assert batch(tmp_path, make_raising(refused))[0] == 1
    ends = [event for line in lines if isinstance(event := parse_event(line), Ended)]
    assert [(end.status, end.cause) for end in ends] == [("done", ""), ("failed", cause), ("done", "")]


def test_a_song_that_goes_away_meanwhile_is_its_own_failure(tmp_path: Path) -> None:
    def act(song: Path) -> None:
        (tmp_path / "c.wav").unlink(missing_ok=True)
        song.read_bytes()

    assert batch(tmp_path, act) == (1, [["a done", "b done", "c failed"]])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_stop_the_batch_and_the_report_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals, status: int
) -> None:
    def act(song: Path) -> None:
        if song.stem == "b":
            signal.raise_signal(number)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    handler = signal.getsignal(signal.SIGTERM)
    try:
        assert batch(tmp_path, act) == (status, [["a done"]])
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.getsignal(signal.SIGTERM) is handler
    assert capsys.readouterr().err == "stopped\n"


def test_what_is_meant_to_end_the_program_ends_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        batch(tmp_path, make_raising(SystemExit(3)))

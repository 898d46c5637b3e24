"""Progress as lines of JSON: what is written, read again, left out, and what follows when nobody reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.progress_channel import (
    UPDATE_S,
    Began,
    ChannelClosedError,
    Ended,
    Listed,
    ProgressChannel,
    Progressed,
    ProgressEvent,
    format_finished,
    parse_event,
    parse_finished,
)
from tests.offline_sidecar import write_song


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def make_channel() -> tuple[ProgressChannel, list[bytes], Clock]:
    lines, clock = list[bytes](), Clock()
    return ProgressChannel(lines.append, clock=clock), lines, clock


def parse_all(lines: list[bytes]) -> list[ProgressEvent | None]:
    return [parse_event(line) for line in lines]


def test_events_are_read_as_they_were_written() -> None:
    channel, lines, clock = make_channel()
    channel.list_files([Path("/a\udce9 ♫.wav"), "| Am7 |"])
    channel.begin(1)
    channel.update("separating", 0, 441000, 44100)
    clock.now_s = 1.0
    channel.update("separating", 220500, 441000, 44100)
    channel.end("failed", "a\udce9: odd")
    assert parse_all(lines) == [
        Listed(["/a\udce9 ♫.wav", "| Am7 |"]),
        Began(1),
        Progressed(1, "separating", 0.0),
        Progressed(1, "separating", 0.475, 5.0, 1.0),
        Ended(1, "failed", "a\udce9: odd"),
    ]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 and line.isascii() for line in lines)


def test_lines_about_a_step_are_few() -> None:
    channel, lines, clock = make_channel()
    for number in range(1000):
        clock.now_s = number / 1000
        channel.update("separating", number, 1000, 10)
    assert 1.0 / UPDATE_S <= len(lines) <= 1.0 / UPDATE_S + 1


def test_the_share_of_a_song_never_falls() -> None:
    channel, lines, clock = make_channel()
    steps = [("measuring", 5), ("analysing", 3), ("analysing", 10), ("odd", 5), ("separating", 0), ("writing", 10)]
    for step, done in steps:
        clock.now_s += 1.0
        channel.update(step, done, 10, 1)
    shares = [event.share for event in parse_all(lines) if isinstance(event, Progressed)]
    assert shares == sorted(shares)
    assert (len(shares), shares[-1]) == (6, 1.0)


def test_a_length_that_is_not_known_is_no_harm() -> None:
    channel, lines, _ = make_channel()
    channel.update("drawing", 0, 0, 0)
    channel.update("separating", 100, 0, 0)
    assert parse_all(lines)[1] == Progressed(0, "separating", 0.95)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: json.dumps(text).encode()))
def test_a_line_that_is_no_event_is_none(line: bytes) -> None:
    assert parse_event(line) is None


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b'{"type": "end"}', b'{"type": "begin", "file": "1"}', b'{"type": "progress", "share": NaN}'],
)
def test_half_an_event_is_none(line: bytes) -> None:
    assert parse_event(line) is None


def test_finished_songs_are_listed_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "finished"
    assert parse_finished(path) == frozenset()
    path.write_bytes(format_finished("/a\n.wav") + b'"/cut' + b"\n17\n" + format_finished("/b\udce9.wav"))
    assert parse_finished(path) == {"/a\n.wav", "/b\udce9.wav"}


def analyse(song: Path, out: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "bridge", "analyze", str(song), "--out", str(out)]
    return subprocess.run(command, capture_output=True, env=os.environ | variables, check=False)


def test_a_command_writes_events_alone_to_its_output_and_the_table_beside(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 1.0)
    done = analyse(song, tmp_path / "out", SIDEMAN_PROGRESS="stdout")
    events = parse_all(done.stdout.splitlines())
    assert events[0] == Listed([str(song)])
    assert None not in events
    assert events[-1] == Ended(1, "done")
    assert b"song.wav" in done.stderr
    assert parse_all(analyse(song, tmp_path / "out").stdout.splitlines())[0] is None


def test_a_command_leaves_out_what_is_finished(tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    first, second = write_song(songs / "a.wav", 1.0), write_song(songs / "b.wav", 1.0)
    (tmp_path / "finished").write_bytes(format_finished(str(first)))
    done = analyse(songs, tmp_path / "out", SIDEMAN_PROGRESS="stdout", SIDEMAN_FINISHED=str(tmp_path / "finished"))
    assert parse_event(done.stdout.splitlines()[0]) == Listed([str(second)])
    assert not (tmp_path / "out" / "a.json").exists()
    assert (tmp_path / "out" / "b.json").exists()


def test_a_command_that_nobody_reads_ends_as_after_ctrl_c(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 1.0)
    command = [sys.executable, "-P", "-m", "bridge", "analyze", str(song), "--out", str(tmp_path / "out")]
    read, write = os.pipe()
    os.close(read)
    try:
        environment = os.environ | {"SIDEMAN_PROGRESS": "stdout"}
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, check=False)
    finally:
        os.close(write)
    assert done.returncode == 130
    assert b"stopped; the songs before this one are finished" in done.stderr
    assert not (tmp_path / "out" / "song.json").exists()


def test_a_closed_channel_passes_what_outlives_a_song() -> None:
    def write(_line: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(ChannelClosedError):
        ProgressChannel(write).begin(1)
    assert not issubclass(ChannelClosedError, Exception)

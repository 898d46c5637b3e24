"""Job progress: shares, speed, time left and rows, from events and times."""

from __future__ import annotations

import pytest

from bridge.jobs.job_progress import MAX_FILES, JobProgress, make_names
from bridge.progress_channel import Began, Ended, Listed, Progressed


def make_progress(*files: str, finished: tuple[str, ...] = ()) -> JobProgress:
    progress = JobProgress(finished)
    progress.feed(Listed(list(files)), 0.0)
    return progress


def test_the_share_counts_songs_and_the_present_one() -> None:
    progress = make_progress("/a", "/b", "/c", finished=("/z",))
    progress.feed(Began(1), 0.0)
    progress.feed(Progressed(1, "separating", 0.5, 12.0, 3.0), 1.0)
    assert (progress.share, progress.done, progress.of, progress.speed) == (1.5 / 4, 1, 4, 12.0)
    assert progress.feed(Ended(1, "done"), 2.0) == "/a"
    assert progress.feed(Began(2), 2.0) == ""
    assert progress.feed(Ended(2, "failed", "/b: odd"), 2.0) == ""
    assert progress.feed(Began(3), 2.0) == ""
    assert progress.feed(Ended(3, "skipped"), 2.0) == "/c"
    assert (progress.share, progress.done, progress.failed, progress.first_failure) == (1.0, 3, 1, "/b: odd")
    assert progress.list_rows("runs") == [
        ("z", "done", 1.0, ""), ("a", "done", 1.0, ""), ("b", "failed", 0.0, "/b: odd"), ("c", "done", 1.0, "existed"),
    ]  # fmt: skip


def test_the_time_left_follows_the_speed_of_this_run() -> None:
    progress = make_progress("/a", "/b", finished=("/y", "/z"))
    progress.feed(Began(1), 0.0)
    assert progress.left_s == -1.0
    for second in range(1, 11):
        progress.feed(Progressed(1, "separating", second / 10, 10.0), float(second))
    assert progress.left_s == pytest.approx(10.0, rel=0.01)
    progress.stop()
    assert (progress.left_s, progress.speed) == (-1.0, 0.0)


def test_a_share_beyond_its_range_and_an_unknown_song_are_no_harm() -> None:
    progress = make_progress("/a")
    for event in (Progressed(0, "x", 0.5), Progressed(2, "x", 0.5), Began(-1), Ended(9, "done"), Progressed(1, "x", 7)):
        progress.feed(event, 0.0)
    assert (progress.share, progress.done) == (1.0, 0)


def test_names_are_paths_below_the_common_folder() -> None:
    assert make_names(["/m/album/cd1/01.wav", "/m/album/cd2/01.wav"]) == ["cd1/01.wav", "cd2/01.wav"]
    assert make_names(["/m/album/a.wav"]) == ["a.wav"]
    assert make_names(["/a.wav", "/m/a.wav"]) == ["a.wav", "m/a.wav"]
    assert make_names(["| Am7 D7 |"]) == ["| Am7 D7 |"]
    assert make_names(["/m/\udce9.wav", "/m/\\xe9.wav", "/m/a\nb"]) == ["\\xe9.wav", "\\xe9.wav (2)", "a\\nb"]
    assert make_names([]) == []


def test_of_thousands_of_songs_those_around_the_present_one_are_shown() -> None:
    progress = make_progress(*(f"/m/{number:05}.wav" for number in range(5000)))
    assert progress.list_rows("runs")[0][0] == "00000.wav"
    progress.feed(Began(3000), 0.0)
    rows = progress.list_rows("paused")
    assert len(rows) == MAX_FILES
    assert ("02999.wav", "paused", 0.0, "") in rows
    progress.feed(Began(5000), 0.0)
    assert progress.list_rows("runs")[-1][:2] == ("04999.wav", "runs")

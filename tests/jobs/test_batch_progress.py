"""Batch progress: shares, rows and failures from counts and songs; most of 100,000 songs are not kept."""

from __future__ import annotations

import pytest

from bridge.jobs.batch_progress import BatchProgress
from bridge.jobs.job_progress import MAX_FILES
from bridge.progress_channel import Counted, Reported


def test_the_share_is_of_the_counts_and_of_the_songs_that_run() -> None:
    progress = BatchProgress()
    assert (progress.share, progress.of) == (0.0, 0)
    progress.feed(Counted(10, 4, 1), 0.0)
    progress.feed(Reported("a/b.wav", "runs", 0.5, "separating"), 0.0)
    progress.feed(Reported("c.wav", "runs"), 0.0)
    assert (progress.share, progress.done, progress.failed, progress.of) == (0.55, 4, 1, 10)
    assert progress.detail == "a/b.wav: separating, c.wav"
    progress.feed(Counted(10, 4, 1), 0.0)
    progress.feed(Reported("a/b.wav", "done", 1.0), 10.0)
    progress.feed(Counted(10, 5, 1), 10.0)
    assert progress.left_s == pytest.approx(40.0, rel=0.01)  # a tenth in ten seconds
    assert progress.list_rows("paused") == [("c.wav", "paused", 0.0, ""), ("a/b.wav", "done", 1.0, "")]


def test_songs_that_run_wait_when_the_batch_ends_and_the_first_failure_is_kept() -> None:
    progress = BatchProgress()
    progress.feed(Reported("a.wav", "failed", 0.0, "/m/a.wav: odd; look"), 0.0)
    progress.feed(Reported("b.wav", "failed", 0.0, "/m/b.wav: odd; look"), 0.0)
    progress.feed(Reported("c\n.wav", "runs", 0.5), 0.0)
    progress.fail_present("cancelled")
    assert progress.list_rows("cancelled")[-1] == ("c\\n.wav", "waits", 0.5, "cancelled")
    assert progress.first_failure == "/m/a.wav: odd; look"


def test_of_many_songs_those_that_run_and_the_latest_are_kept() -> None:
    progress = BatchProgress()
    progress.feed(Reported("first.wav", "runs"), 0.0)
    for number in range(5000):
        progress.feed(Reported(f"{number}.wav", "failed" if number % 2 else "done"), 0.0)
    rows = progress.list_rows("runs")
    assert len(rows) <= MAX_FILES
    assert rows[0][0] == "first.wav"
    assert rows[-1][0] == "4999.wav"

"""File clock: what hangs is given up; what works, waits for a processor, or stood still is not."""

from __future__ import annotations

from batch.file_clock import FileClock
from batch.file_task import FileLimits

LIMITS = FileLimits(still_s=10.0, busy_s=100.0, total_s=1000.0)


def run_clock(clock: FileClock, seconds: int, work_a_second: float, share_a_second: float = 0.0) -> tuple[int, str]:
    """Second and reason of the end; no reason where it goes on."""
    for second in range(1, seconds + 1):
        if reason := clock.update(float(second), second * work_a_second, second * share_a_second):
            return second, reason
    return seconds, ""


def test_a_process_that_does_nothing_is_given_up() -> None:
    second, reason = run_clock(FileClock(LIMITS, 0.0), 1000, 0.01)
    assert (second, reason) == (12, "no progress and no processor time for 10 s")


def test_a_process_that_computes_without_progress_has_more_time() -> None:
    second, reason = run_clock(FileClock(LIMITS, 0.0), 1000, 0.9)
    assert (second, reason) == (102, "no progress for 100 s, although it computes")


def test_progress_alone_does_not_last_forever() -> None:
    second, reason = run_clock(FileClock(LIMITS, 0.0), 2000, 0.0, 1e-5)
    assert second == 1001
    assert "too long for its size" in reason


def test_time_in_which_nobody_looked_does_not_count() -> None:
    clock = FileClock(LIMITS, 0.0)
    assert clock.update(1.0, 0.0, 0.0) == clock.update(1e6, 0.0, 0.0) == ""
    assert clock.still_s < 10.0


def test_a_process_whose_children_end_is_not_still() -> None:
    clock = FileClock(LIMITS, 0.0)
    for second in range(1, 60):
        assert clock.update(float(second), 100.0 - second, 0.0) == ""

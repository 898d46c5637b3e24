"""Late watch: when jobs wait because the audio was late, and for how long."""

from __future__ import annotations

from bridge.jobs.late_watch import LONGEST_QUIET_S, QUIET_S, LateWatch

FIELDS = ("period", "skipped", "late_frames")


def test_jobs_wait_until_nothing_was_late_for_a_while() -> None:
    watch = LateWatch(FIELDS)
    assert not watch.update(None, 0.0)
    assert not watch.update((128, 5, 900), 1.0)  # what was late before is of no account
    assert watch.update((128, 6, 900), 2.0)
    assert watch.update((128, 6, 900), 1.9 + QUIET_S)
    assert not watch.update((128, 6, 900), 2.0 + QUIET_S)


def test_late_frames_count_too_and_a_reset_does_not() -> None:
    watch = LateWatch(FIELDS)
    watch.update((128, 5, 900), 0.0)
    assert not watch.update((128, 0, 0), 1.0)
    assert watch.update((128, 0, 64), 2.0)


def test_the_wait_doubles_where_it_is_late_again_as_soon_as_jobs_go_on() -> None:
    watch, now_s, waits = LateWatch(FIELDS), 0.0, []
    watch.update((128, 0, 0), now_s)
    for count in range(1, 8):
        began_s = now_s
        while watch.update((128, count, 0), now_s):
            now_s += 1.0
        waits.append(now_s - began_s)
        now_s += 1.0
    assert waits == [QUIET_S * 2**number for number in range(6)] + [LONGEST_QUIET_S]
    now_s += LONGEST_QUIET_S
    assert watch.update((128, 99, 0), now_s)
    assert not watch.update((128, 99, 0), now_s + QUIET_S)

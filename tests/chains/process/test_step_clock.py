"""Step clock: silence beyond the limit is a hang, busy or still; the wait for a processor is none."""

from __future__ import annotations

import pytest

from bridge.cpu_usage import Usage
from chains.process.step_clock import StepClock, UsageAt
from chains.process.verdict import HostVerdict

BUSY, STILL, OK = HostVerdict.HUNG_BUSY, HostVerdict.HUNG_STILL, HostVerdict.OK


@pytest.mark.parametrize(
    ("now_s", "cpu_s", "starved_s", "verdict"),
    [
        (2.9, 2.9, 0.0, OK),
        (3.1, 3.1, 0.0, BUSY),
        (3.1, 0.1, 0.0, STILL),
        (9.0, 2.5, 6.5, OK),  # it had a processor for 2.5 s only
        (9.5, 3.2, 6.3, BUSY),
        (9.5, 0.1, 6.3, STILL),
        (12.1, 0.1, 12.0, STILL),  # four limits, however busy the machine is
    ],
)
def test_silence_beyond_the_limit_is_a_hang(now_s: float, cpu_s: float, starved_s: float, verdict: HostVerdict) -> None:
    clock = StepClock(3.0, UsageAt(100.0, Usage(7.0, False, 1.0)))
    assert clock.judge(UsageAt(100.0 + now_s, Usage(7.0 + cpu_s, True, 1.0 + starved_s))) is verdict


def test_a_report_restarts_the_clock_with_the_limit_of_its_step() -> None:
    clock = StepClock(1.0, UsageAt(0.0, Usage(0.0, False)))
    clock.restart(5.0, UsageAt(0.9, Usage(0.5, False)))
    assert clock.judge(UsageAt(5.8, Usage(0.6, False))) is OK
    assert clock.judge(UsageAt(6.0, Usage(0.6, False))) is STILL


def test_without_the_systems_counts_a_hang_is_still_found() -> None:
    clock = StepClock(1.0, UsageAt(0.0, None))
    assert clock.judge(UsageAt(1.5, None)) is STILL

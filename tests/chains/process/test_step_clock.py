"""Step clock: silence beyond the limit is a hang, busy or still; the wait for a processor is none."""

from __future__ import annotations

import pytest

from bridge.cpu_usage import Usage
from chains.document.chain import Chain, Member
from chains.process.limits import Limits
from chains.process.messages import AudioSegment, LoadRequest, LoadResult, MemberFacts, RenderRequest, Step
from chains.process.step_clock import StepClock, UsageAt
from chains.process.step_limits import StepLimit, StepLimits
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
    clock = StepClock(StepLimit(3.0, 3.0), UsageAt(100.0, Usage(7.0, False, 1.0)))
    assert clock.judge(UsageAt(100.0 + now_s, Usage(7.0 + cpu_s, True, 1.0 + starved_s))) is verdict


def test_a_report_restarts_the_clock_with_the_limit_of_its_step() -> None:
    clock = StepClock(StepLimit(1.0, 1.0), UsageAt(0.0, Usage(0.0, False)))
    clock.restart(StepLimit(5.0, 5.0), UsageAt(0.9, Usage(0.5, False)))
    assert clock.judge(UsageAt(5.8, Usage(0.6, False))) is OK
    assert clock.judge(UsageAt(6.0, Usage(0.6, False))) is STILL


def test_without_the_systems_counts_a_hang_is_still_found() -> None:
    clock = StepClock(StepLimit(1.0, 2.0), UsageAt(0.0, None))
    assert clock.judge(UsageAt(1.5, None)) is OK
    assert clock.judge(UsageAt(2.5, None)) is STILL


@pytest.mark.parametrize(
    ("now_s", "cpu_s", "verdict"), [(3.5, 0.5, STILL), (3.5, 3.5, OK), (8.5, 8.5, BUSY), (8.5, 3.0, STILL)]
)
def test_a_step_that_computes_may_have_longer(now_s: float, cpu_s: float, verdict: HostVerdict) -> None:
    clock = StepClock(StepLimit(3.0, 8.0), UsageAt(0.0, Usage(0.0, False)))
    assert clock.judge(UsageAt(now_s, Usage(cpu_s, False))) is verdict
    assert clock.get_limit_s(BUSY) == 8.0
    assert clock.get_limit_s(STILL) == 3.0


CHAIN = Chain(members=(Member(plugin="Verb", load_limit_s=90.0), Member(plugin="Echo"), Member(effect="PitchShift")))
RENDER = RenderRequest(AudioSegment("", 2, 0), AudioSegment("", 2, 48000 * 60))


@pytest.mark.parametrize(
    ("step", "limit"),
    [
        (Step("start"), StepLimit(60.0, 60.0)),
        (Step("load", "Verb"), StepLimit(90.0, 90.0)),
        (Step("state", "Verb"), StepLimit(90.0, 90.0)),
        (Step("load", "Echo"), StepLimit(30.0, 30.0)),
        (Step("parameters", "Verb"), StepLimit(10.0, 10.0)),
        (Step("render", "Verb"), StepLimit(30.0, 30.0)),
        (Step("render", "Echo"), StepLimit(30.0, 150.0)),  # a minute in one call
        (Step("render", "PitchShift"), StepLimit(30.0, 150.0)),
        (Step("render"), StepLimit(30.0, 150.0)),
    ],
)
def test_each_step_has_the_limit_of_its_kind_and_member(step: Step, limit: StepLimit) -> None:
    limits = StepLimits(Limits())
    limits.open_chain(CHAIN, 48000)
    members = (MemberFacts("Verb", "pedalboard"), MemberFacts("Echo", "dawdreamer"))
    limits.note_hosts(LoadResult(members, 0))
    assert limits.find(step, RENDER if step.step == "render" else LoadRequest(CHAIN, 48000)) == limit

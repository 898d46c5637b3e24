"""Tests of the render pulse: it beats while a call computes, and no longer than its budget."""

from __future__ import annotations

from chains.hosts.render_pulse import LEAST_BUDGET_S, RenderPulse


class FakeUsage:
    """Processor time that the test sets."""

    def __init__(self) -> None:
        self.cpu_s = 100.0

    def read(self) -> float:
        return self.cpu_s


def test_it_beats_while_the_call_computes_and_not_while_it_stands_still() -> None:
    usage, reports = FakeUsage(), list[float]()
    pulse = RenderPulse(lambda: reports.append(usage.cpu_s), 60.0, usage.read)
    assert not pulse.beat()
    usage.cpu_s += 0.5
    assert pulse.beat()
    assert not pulse.beat()
    usage.cpu_s += 0.01
    assert not pulse.beat()
    assert reports == [100.5]


def test_a_call_that_computes_for_ever_is_out_of_budget_after_the_length_of_the_audio() -> None:
    for length_s in (1.0, 60.0):
        usage = FakeUsage()
        pulse = RenderPulse(lambda: None, length_s, usage.read)
        beats = 0
        for _ in range(200):
            usage.cpu_s += 1.0
            beats += pulse.beat()
        assert beats == max(length_s, LEAST_BUDGET_S) - 1


def test_the_thread_ends_with_the_call() -> None:
    with RenderPulse(lambda: None, 1.0) as pulse:
        pass
    assert not pulse._thread.is_alive()

"""List of checks, in the order in which they are done: what others build on first."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from chains.checks.block_checks import BLOCK_CHECKS
from chains.checks.check import Check
from chains.checks.comparison_checks import COMPARISON_CHECKS
from chains.checks.latency_checks import LATENCY_CHECKS
from chains.checks.loading_checks import LOADING_CHECKS
from chains.checks.outcome import CheckResult
from chains.checks.parameter_checks import PARAMETER_CHECKS
from chains.checks.repeat_checks import REPEAT_CHECKS
from chains.checks.signal_checks import SIGNAL_CHECKS
from chains.checks.state_checks import STATE_CHECKS
from chains.checks.subject import Subject
from chains.checks.tempo_check import TEMPO_CHECKS

CHECKS: tuple[Check, ...] = (
    *LOADING_CHECKS, *SIGNAL_CHECKS, *LATENCY_CHECKS, *REPEAT_CHECKS, *BLOCK_CHECKS, *PARAMETER_CHECKS, *STATE_CHECKS,
    *COMPARISON_CHECKS, *TEMPO_CHECKS,
)  # fmt: skip
"""Every check."""


def run_checks(
    subject: Subject,
    strictness: int,
    read_clock: Callable[[], float],
    report: Callable[[CheckResult], None] = lambda _: None,
) -> tuple[CheckResult, ...]:
    """The results of all checks up to ``strictness``; ``report`` gets each at once. ``read_clock``: seconds."""
    results = []
    for check in CHECKS:
        if check.level <= strictness:
            started_s = read_clock()
            result = check.run(subject)
            results.append(replace(result, duration_s=round(read_clock() - started_s, 3)))
            report(results[-1])
    return tuple(results)

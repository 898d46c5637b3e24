"""Outcome of a check: pass, warn, fail or skip, with what was found and what to do about it."""

from __future__ import annotations

from enum import Enum

import msgspec


class Outcome(Enum):
    """How a check ended."""

    PASS = "pass"
    WARN = "warn"
    """Nothing is broken, and you should know about it."""
    FAIL = "fail"
    SKIP = "skip"
    """It could not be done; the finding says why."""


Figure = float | int | str | None
"""A value that was measured; None: not measurable."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a check.

    Attributes:
        check: The check's id.
        outcome: How it ended.
        finding: A sentence: what was measured, or why nothing could be.
        fix: What to do about it; empty where nothing is to be done.
        figures: What was measured, by name; the name ends in its unit.
        duration_s: How long it took, with the renders that later checks use again.
    """

    check: str
    outcome: Outcome
    finding: str
    fix: str = ""
    figures: dict[str, Figure] = msgspec.field(default_factory=dict)
    duration_s: float = 0.0


class CheckFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: a `CheckResult` without the check's id."""

    outcome: Outcome
    text: str
    fix: str = ""
    figures: dict[str, Figure] = msgspec.field(default_factory=dict)


def make_pass(text: str, **figures: Figure) -> CheckFinding:
    """A finding without anything to do."""
    return CheckFinding(outcome=Outcome.PASS, text=text, figures=figures)


def make_warning(text: str, fix: str, **figures: Figure) -> CheckFinding:
    """A finding to know about."""
    return CheckFinding(outcome=Outcome.WARN, text=text, fix=fix, figures=figures)


def make_failure(text: str, fix: str, **figures: Figure) -> CheckFinding:
    """A finding that something is broken."""
    return CheckFinding(outcome=Outcome.FAIL, text=text, fix=fix, figures=figures)


class SkippedCheckError(Exception):
    """A check that cannot be done, and why."""

"""Check: one question to a chain, with an id, what its answer shows, and how strict one has to be to ask it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chains.checks.outcome import CheckFinding, CheckResult, Outcome, SkippedCheckError
from chains.checks.subject import Subject
from chains.process.verdict import HostVerdict, PluginError

QUICK, USUAL, THOROUGH = 1, 2, 3
"""Levels of strictness: seconds, some ten seconds, as long as it takes."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        id: Its name in reports.
        shows: A sentence: what it shows.
        level: From which strictness on it is done.
        examine: Does it. Raises SkippedCheckError where it cannot be done, PluginError where the plugin fails.
    """

    id: str
    shows: str
    level: int
    examine: Callable[[Subject], CheckFinding]

    def run(self, subject: Subject) -> CheckResult:
        """The result on ``subject``; a plugin that crashes, hangs or refuses fails the check."""
        try:
            found = self.examine(subject)
        except SkippedCheckError as reason:
            return CheckResult(check=self.id, outcome=Outcome.SKIP, finding=str(reason))
        except PluginError as error:
            about = {"verdict": error.verdict.value, "plugin": error.plugin, "step": error.step}
            return CheckResult(
                check=self.id,
                outcome=Outcome.SKIP if error.verdict is HostVerdict.CANCELLED else Outcome.FAIL,
                finding=error.message,
                fix=error.hint,
                figures={name: text for name, text in about.items() if text},
            )
        # JSON has no infinity
        figures = {n: None if isinstance(v, float) and not math.isfinite(v) else v for n, v in found.figures.items()}
        return CheckResult(check=self.id, outcome=found.outcome, finding=found.text, fix=found.fix, figures=figures)

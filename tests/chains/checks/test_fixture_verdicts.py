"""Checks on the fixture plugin in host processes: each mode is flagged by its check, and by no other."""

from __future__ import annotations

import pytest

from chains.checks.check_list import CHECKS, run_checks
from chains.checks.check_run import CheckTarget, find_target, make_factory
from chains.checks.outcome import CheckResult, Outcome
from chains.checks.subject import Subject
from chains.document.chain import Chain, Member
from tests.chains.plugins import FixturePlugin, require_hosts

FLAGGED = {
    "latency": set(),
    "wronglat": {"latency"},
    "nostate": {"state"},
    "forty_parameters": {"state"},
    "blockdep": {"blocks"},
    "grows": {"blocks"},
    "nondet": {"repeat", "silence"},
    "dc": {"dc"},
    "silence": {"output"},
    "nan": {"finite"},
    "denormal": {"denormals"},
    "gaps": {"dropouts", "repeat"},
    "crash_process": {"render"},
    "crash_ctor": {"load"},
}
"""By mode, at the quick level. The noise of `nondet` is audible in silence, the gaps of `gaps` move."""
FLAGGED_LATER = {"latparam": "latency-parameters", "leak": "growth", "ratedep": "rates", "tempo": "tempo"}
"""Check by mode, at the usual level."""


def check_mode(target: CheckTarget, *only: str) -> dict[str, CheckResult]:
    """The results by check; ``only``: of these checks alone, at the rate that `ratedep` works at."""
    subject = Subject(target.chain, make_factory(target), 44_100 if only else 48_000)
    try:
        checks = [check for check in CHECKS if check.id in only]
        results = [check.run(subject) for check in checks] if only else run_checks(subject, 1, lambda: 0.0)
    finally:
        subject.close()
    return {result.check: result for result in results}


@pytest.mark.parametrize("mode", FLAGGED)
def test_a_mode_is_flagged_by_its_check_and_by_no_other(fixture_plugin: FixturePlugin, mode: str) -> None:
    results = check_mode(find_target(str(fixture_plugin(mode))))
    flagged = {name for name, one in results.items() if one.outcome in (Outcome.WARN, Outcome.FAIL)}
    assert flagged == FLAGGED[mode], {name: one.finding for name, one in results.items()}
    if mode == "forty_parameters":
        assert "Parameter 17 0.0000 instead of 0.1000" in results["state"].finding
    if mode.startswith("crash"):
        (crash,) = flagged
        assert results[crash].figures["verdict"] == "crashed"
        assert "fixture_crash" in results[crash].finding


@pytest.mark.parametrize("mode", FLAGGED_LATER)
def test_a_mode_is_flagged_at_the_usual_level(fixture_plugin: FixturePlugin, mode: str) -> None:
    check = FLAGGED_LATER[mode]
    result = check_mode(find_target(str(fixture_plugin(mode))), check)[check]
    assert result.outcome is (Outcome.WARN if mode in ("latparam", "tempo") else Outcome.FAIL), result


def test_built_in_effects_are_not_compared_with_themselves_in_the_other_host() -> None:
    require_hosts()
    room = Member(effect="Reverb", parameters={"room_size": 0.9})
    results = check_mode(CheckTarget("room", Chain(members=(room,)), "."), "repeat", "hosts")
    assert results["repeat"].outcome is Outcome.PASS, results
    assert "in one host only" in results["hosts"].finding

"""Checks on a made-up plugin: each fault is flagged by the check that is made for it, and by no other."""

from __future__ import annotations

from functools import cache

import pytest

from chains.checks.check import THOROUGH
from chains.checks.check_list import CHECKS, run_checks
from chains.checks.differences import BIT_EQUAL_DB
from chains.checks.outcome import CheckResult, Outcome
from chains.checks.subject import FLOOR_MARGIN_DB, SETTLED_DB, Subject
from chains.document.chain import Branch, Chain, Member
from tests.chains.checks.made_up_session import NAME, MadeUpSession
from tests.chains.plugins import hyphenate_class_id

CHAIN = Chain(members=(Member(plugin=NAME, format="vst3"),))
FLAGGED = {
    "": set(),
    "latency": set(),
    "crash at load": {"load"},
    "crash at render": {"render"},
    "wrong latency": {"latency", "latency-parameters", "rates"},
    "latency follows a parameter": {"latency-parameters"},
    "nan": {"finite"},
    "not deterministic": {"repeat"},
    "differs by far": {"repeat"},
    "keeps audio in one host": {"repeat"},
    "depends on blocks": {"blocks"},
    "clears where blocks grow": {"blocks"},
    "ramp at the start": {"blocks"},
    "dc": {"dc"},
    "hiss": {"silence"},
    "silence": {"output"},
    "one channel": {"output"},
    "denormals": {"denormals"},
    "gaps": {"dropouts", "blocks", "automation"},
    "no recovery": {"nan-input"},
    "leak": {"growth"},
    "endless tail": {"tail"},
    "state is lost": {"state"},
    "stuck parameter": {"parameters"},
    "zipper": {"automation"},
    "hosts differ": {"hosts"},
    "follows the tempo": {"tempo"},
}


@cache
def check_fault(fault: str) -> dict[str, CheckResult]:
    """The results by check of a plugin with one fault."""
    return check_chain(fault, CHAIN)


def check_chain(fault: str, chain: Chain, rate: int = 48_000) -> dict[str, CheckResult]:
    subject = Subject(chain, lambda host: MadeUpSession(frozenset({fault}), host), rate, level=THOROUGH)
    results = run_checks(subject, THOROUGH, lambda: 0.0)
    subject.close()
    return {result.check: result for result in results}


def list_flagged(results: dict[str, CheckResult]) -> set[str]:
    return {name for name, result in results.items() if result.outcome in (Outcome.WARN, Outcome.FAIL)}


@pytest.mark.parametrize("fault", FLAGGED, ids=lambda fault: fault or "none")
def test_a_fault_is_flagged_by_its_check_and_by_no_other(fault: str) -> None:
    results = check_fault(fault)
    assert list_flagged(results) == FLAGGED[fault], {n: r.finding for n, r in results.items()}
    assert set(results) == {check.id for check in CHECKS}


@pytest.mark.parametrize(("rate", "flagged"), [(44_100, {"rates"}), (48_000, {"output"})])
def test_a_plugin_of_one_rate_fails_at_the_others(rate: int, flagged: set[str]) -> None:
    assert list_flagged(check_chain("one rate", CHAIN, rate)) == flagged


def test_after_a_crash_the_checks_that_need_no_render_go_on() -> None:
    results = check_fault("crash at render")
    assert results["parameters"].outcome is Outcome.PASS
    assert results["render"].figures["verdict"] == "crashed"
    assert results["render"].fix
    assert results["latency"].outcome is Outcome.SKIP


def test_a_chain_that_does_not_load_skips_the_rest() -> None:
    results = check_fault("crash at load")
    assert {result.outcome for name, result in results.items() if name != "load"} == {Outcome.SKIP}
    assert results["load"].figures["plugin"] == NAME


def test_what_a_file_expects_is_compared() -> None:
    expecting = Member(plugin=NAME, format="vst3", id="cd" * 16, version="0.9", latency_frames=0)
    wrong = check_chain("latency", Chain(members=(expecting,)))["identity"]
    assert wrong.outcome is Outcome.FAIL
    assert "id abab" in wrong.finding
    assert "latency 256 frames, expected 0" in wrong.finding
    older = Member(plugin=NAME, format="vst3", version="0.9")
    assert check_chain("", Chain(members=(older,)))["identity"].outcome is Outcome.WARN
    for class_id in ("AB" * 16, hyphenate_class_id("AB" * 16)):
        same = Member(plugin=NAME, format="vst3", id=class_id, version="1.0", latency_frames=256)
        assert check_chain("latency", Chain(members=(same,)))["identity"].outcome is Outcome.PASS


def test_a_plugin_that_is_marked_may_follow_the_tempo() -> None:
    marked = Member(plugin=NAME, format="vst3", follows_tempo=True)
    assert check_chain("follows the tempo", Chain(members=(marked,)))["tempo"].outcome is Outcome.SKIP
    both = Chain(members=(marked, Member(name="other", plugin=NAME, format="vst3")))
    assert "the sound of other depends on the tempo" in check_chain("follows the tempo", both)["tempo"].finding


def test_what_is_in_a_bypassed_branch_is_not_checked() -> None:
    inner = Member(name="inner", plugin=NAME, format="vst3")
    outer = Member(name="outer", bypass=True, branches=(Branch(members=(inner,)),))
    subject = Subject(Chain(members=(*CHAIN.members, outer)), lambda host: MadeUpSession(frozenset(), host))
    assert [member.label for member in subject.members] == [NAME]


def test_a_parameter_that_is_not_restored_is_named() -> None:
    result = check_fault("state is lost")["state"]
    assert "Gain 1 instead of 1.2" in result.finding


def test_a_difference_in_another_process_or_host_widens_what_counts_as_the_same() -> None:
    subject = Subject(CHAIN, lambda host: MadeUpSession(frozenset(), host))
    assert (subject.repeat_db, subject.same_db) == (BIT_EQUAL_DB, SETTLED_DB)
    subject.note_difference(-76.0)
    subject.note_difference(-90.0)
    assert subject.same_db == -76.0 + FLOOR_MARGIN_DB
    subject.close()


def test_every_failure_and_warning_says_what_to_do() -> None:
    for fault in FLAGGED:
        for result in check_fault(fault).values():
            assert bool(result.fix) == (result.outcome in (Outcome.WARN, Outcome.FAIL)), result


def test_a_ramp_over_the_first_block_is_a_warning_and_a_lasting_difference_a_failure() -> None:
    assert check_fault("ramp at the start")["blocks"].outcome is Outcome.WARN
    assert check_fault("depends on blocks")["blocks"].outcome is Outcome.FAIL
    growing = check_fault("clears where blocks grow")["blocks"]
    assert growing.outcome is Outcome.FAIL
    assert "blocks that grow (1, 64, 65, 512, 8192)" in growing.finding


def test_a_plugin_whose_repeats_differ_much_is_not_compared() -> None:
    results = check_fault("differs by far")
    assert {name for name, one in results.items() if "own repeats differ" in one.finding} >= {"blocks", "hosts"}

"""Exit verdict: each way in which a host process can end has its verdict, its words and its fix."""

from __future__ import annotations

import pytest

from chains.process.exit_verdict import (
    FIXES,
    HostEnd,
    Memory,
    judge_end,
    make_end_error,
    make_error,
    make_hang_error,
)
from chains.process.messages import Step
from chains.process.verdict import HostVerdict

GB = 10**9


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (HostEnd(-11), HostVerdict.CRASHED),
        (HostEnd(-7), HostVerdict.CRASHED),
        (HostEnd(-9), HostVerdict.OUT_OF_MEMORY),
        (HostEnd(-6), HostVerdict.ABORTED),
        (HostEnd(0), HostVerdict.EXITED),
        (HostEnd(3), HostVerdict.EXITED),
        (HostEnd(-6, "terminate called after throwing an instance of 'std::bad_alloc'"), HostVerdict.OUT_OF_MEMORY),
        (HostEnd(-11, "", 95 * GB // 100, GB), HostVerdict.OUT_OF_MEMORY),
        (HostEnd(-11, "", 5 * GB // 10, GB), HostVerdict.CRASHED),
        (HostEnd(-11, "", 5 * GB, 0), HostVerdict.CRASHED),
    ],
)
def test_an_end_without_a_result_has_a_verdict(end: HostEnd, verdict: HostVerdict) -> None:
    assert judge_end(end) is verdict
    error = make_end_error(end, Step("load", "ZamVerb"))
    assert (error.verdict, error.plugin, error.step) == (verdict, "ZamVerb", "load")
    assert error.message.startswith("ZamVerb: while it was loaded: ")
    assert error.hint == FIXES[verdict]


def test_the_signal_and_the_last_line_that_was_printed_are_named() -> None:
    error = make_end_error(HostEnd(-7, "loading samples\nno such file: piano.sf2\n"), Step("render", "Piano"))
    assert "SIGBUS" in error.message
    assert error.message.endswith("no such file: piano.sf2")


def test_where_no_plugin_is_known_the_members_of_the_chain_are_named() -> None:
    error = make_error(HostVerdict.SILENT, "its output is silent", Step("render"), ["Comp", "Verb"])
    assert error.message.startswith("the plugin host of Comp, Verb: while it rendered")
    assert error.plugin == ""


def test_every_failure_has_a_fix() -> None:
    assert set(FIXES) == set(HostVerdict) - {HostVerdict.OK, HostVerdict.REFUSED, HostVerdict.BLOCKED}


def test_a_process_that_hangs_with_much_memory_is_said_to_have_it() -> None:
    step = Step("load", "Sampler")
    plain = make_hang_error(HostVerdict.HUNG_BUSY, 30.0, step, (), Memory(350_000_000, 2_000_000_000))
    large = make_hang_error(HostVerdict.HUNG_BUSY, 30.0, step, (), Memory(1_500_000_000, 2_000_000_000))
    assert "GB" not in str(plain)
    assert "computed for more than 30 s and was ended; it had taken 1.5 GB of the 2.0 GB that it may have" in str(large)
    assert str(large).endswith("load fewer samples in it")
    assert "GB" not in str(make_hang_error(HostVerdict.HUNG_BUSY, 30.0, step, (), Memory(1_500_000_000, 0)))

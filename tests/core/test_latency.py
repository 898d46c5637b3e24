"""The latency arithmetic, against an oracle that counts frames, and the ledger."""

from __future__ import annotations

from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.latency import LOOP_SENDS, PATH_SENDS, UNMEASURED, Ledger, Path, buffering_frames


def counted(hop: int, period: int) -> int:
    """The longest that a frame waits, beyond its own period, for its hop to be whole: by trying them all."""
    longest = 0
    for frame in range(hop * period // gcd(hop, period)):
        whole = (frame // hop + 1) * hop  # the input that its hop needs
        arrives_in = (whole + period - 1) // period * period - period  # the callback that brings it starts here
        longest = max(longest, arrives_in - frame)
    return max(longest, 0)


@given(hop=st.integers(1, 60), period=st.integers(1, 60))
@settings(deadline=None)
def test_buffering_is_what_counting_frames_says(hop: int, period: int) -> None:
    assert buffering_frames(hop, period) == counted(hop, period)


@pytest.mark.parametrize(
    ("hop", "period", "frames"),
    [(512, 128, 384), (512, 512, 0), (512, 1024, 0), (512, 441, 511), (64, 65, 63), (512, 1, 511)],
)
def test_buffering_of_well_known_pairs(hop: int, period: int, frames: int) -> None:
    assert buffering_frames(hop, period) == frames


PATH = Path("mix", ("mix_1", "mix_2"), model=512, buffering=384, reserve=640, user_offset=10, period=128)


def test_what_is_declared_is_the_sum_without_the_feedback_period() -> None:
    assert PATH.declared == 512 + 384 + 640 + 10


def declared(*paths: Path) -> Ledger:
    ledger = Ledger(48000, 128)
    for path in paths:
        ledger.declare(path)
    return ledger


def test_a_new_row_and_a_changed_one_raise_the_revision_an_equal_one_does_not() -> None:
    ledger = declared(PATH)
    assert ledger.rev == 1
    ledger.declare(PATH)
    assert ledger.rev == 1
    ledger.declare(Path("mix", PATH.ports, 512, 384, 641, 10))
    assert ledger.rev == 2
    ledger.declare(Path("beats", ("beats",), 0, 0, 0))
    assert ledger.rev == 3


@pytest.mark.parametrize(("off_by", "agrees"), [(0, True), (1, True), (-1, True), (2, False), (-2, False)])
def test_a_measurement_agrees_within_one_frame_and_is_never_corrected(off_by: int, agrees: bool) -> None:
    ledger = declared(PATH)
    assert ledger.set_measured("mix", PATH.declared + off_by) is agrees
    assert ledger["mix"].measured == PATH.declared + off_by
    assert ledger["mix"].declared == PATH.declared


def test_a_measurement_lasts_while_what_is_declared_stays() -> None:
    ledger = declared(PATH)
    ledger.set_measured("mix", 1546)
    ledger.declare(PATH)
    assert ledger["mix"].measured == 1546
    ledger.declare(Path("mix", PATH.ports, 512, 384, 0))
    assert ledger["mix"].measured == UNMEASURED


def test_rows_are_found_by_name_and_listed_in_order() -> None:
    beats = Path("beats", ("beats",), 0, 0, 0)
    ledger = declared(PATH, beats)
    assert "beats" in ledger and "bass" not in ledger
    assert list(ledger) == [PATH, beats]


def test_late_frames_are_noted_without_a_new_revision() -> None:
    ledger = declared(PATH)
    ledger.set_late("mix", 7)
    assert (ledger["mix"].late, ledger.rev) == (7, 1)


def test_other_sends_are_a_new_revision_and_the_same_ones_are_none() -> None:
    ledger = declared(PATH)
    assert ledger.sends == LOOP_SENDS
    ledger.set_sends(LOOP_SENDS)
    assert ledger.rev == 1
    ledger.set_sends(PATH_SENDS)
    assert (ledger.sends, ledger.rev, ledger.to_dict()["sends"]) == (PATH_SENDS, 2, PATH_SENDS)


def test_the_ledger_for_machines_has_frames_and_milliseconds() -> None:
    report = declared(PATH).to_dict()
    assert (report["rate"], report["period"], report["rev"]) == (48000, 128, 1)
    assert isinstance(report["paths"], list)
    row = report["paths"][0]
    assert (row["name"], row["declared"], row["declared_ms"]) == ("mix", 1546, 32.208)

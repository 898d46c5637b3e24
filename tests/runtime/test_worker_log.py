"""Worker log: what a worker prints, as records with a level."""

from __future__ import annotations

import io
import logging

import pytest

from bridge.log import MarkedLines
from bridge.runtime.worker_log import KEPT_LINES, LONGEST_LINE, MOST_PRINTED, WorkerLog


def read_records(data: bytes, caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    caplog.set_level(logging.INFO)
    WorkerLog(io.BytesIO(data), "insert drums").close()
    return [(record.levelno, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR, logging.CRITICAL])
def test_each_line_of_a_record_arrives_with_its_level(level: int, caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("chains", level, "", 0, "late\nagain", None, None)
    data = MarkedLines("%(message)s").format(record).encode() + b"\n"
    assert read_records(data, caplog) == [(level, "insert drums: late"), (level, "insert drums: again")]


def test_what_a_plugin_prints_is_information_and_steers_no_terminal(caplog: pytest.LogCaptureFixture) -> None:
    records = read_records(b"JUCE v7\n\n\x1b[2Jcleared \xff\n[9] no level", caplog)
    assert [level for level, _ in records] == [logging.INFO] * 3
    assert "\x1b" not in caplog.text
    assert records[2] == (logging.INFO, "insert drums: [9] no level")


def test_a_plugin_that_goes_on_printing_is_cut_off_and_its_warnings_are_not(caplog: pytest.LogCaptureFixture) -> None:
    records = read_records(b"chatter\n" * (3 * MOST_PRINTED) + b"<4>late\n", caplog)
    assert len(records) == MOST_PRINTED + 2
    assert records[-2:] == [
        (logging.INFO, "insert drums: prints more; it is left out"),
        (logging.WARNING, "insert drums: late"),
    ]


def test_the_last_lines_are_kept_for_the_report_and_a_line_without_end_is_cut() -> None:
    data = b"first\n" + b"x" * (LONGEST_LINE + 5) + b"\n" + b"line\n" * (KEPT_LINES - 2) + b"<3>last\n"
    kept = WorkerLog(io.BytesIO(data), "mix").close().splitlines()
    assert len(kept) == KEPT_LINES
    assert kept[0] == "x" * 5
    assert kept[-1] == "last"

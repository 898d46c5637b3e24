"""Job store: what is kept of jobs on disk, and who may write it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from bridge.errors import ConfigError, ControlError
from bridge.jobs.job_store import LOG_LINES, JobRecord, JobStore
from tests.jobs.conftest import MakeRig

RECORD = JobRecord(schema=1, number=3, kind="analyze", arguments=("/ü/it's ♫.wav", "--out", "/x"), state="waits")


@pytest.fixture
def store() -> JobStore:
    made = JobStore()
    assert made.lock()
    return made


def test_a_job_comes_back_as_it_was(store: JobStore) -> None:
    store.save(RECORD)
    assert store.load() == [RECORD]
    assert store.find_free_number() == 4


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[" * 5000, "null", '{"schema": 1}', '{"number": "three"}', "\xff",
        json.dumps({"schema": 9, "number": 3, "kind": "analyze", "arguments": [], "state": "waits"}),
        json.dumps({"schema": 1, "number": 4, "kind": "analyze", "arguments": [], "state": "waits"}),
        json.dumps({"schema": 1, "number": 3, "kind": "analyze", "arguments": [1], "state": "waits"}),
        json.dumps({"schema": 1, "number": 3, "kind": "rm", "arguments": ["-r", "/"], "state": "runs"}),
        json.dumps({"schema": 1, "number": 3, "kind": "analyze", "arguments": ["a.wav"], "state": "waits"}),
        json.dumps({"schema": 1, "number": 3, "kind": "analyze", "arguments": ["/a", "--out", "/x"], "state": "odd"}),
    ],
)  # fmt: skip
def test_a_broken_file_is_left_alone_and_the_others_are_there(
    store: JobStore, text: str, make_rig: MakeRig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = store.folder / "3.json"
    path.write_text(text, encoding="latin-1")
    store.unlock()
    with caplog.at_level(logging.WARNING):
        rig = make_rig()
    assert "left out" in caplog.text
    assert rig.bus.get_rows("jobs") == ()
    assert rig.start("analyze", str(tmp_path / "a.wav"), "--out", str(tmp_path)) == 4
    assert path.read_text(encoding="latin-1") == text


def test_one_sidecar_alone_has_the_jobs_until_it_ends(make_rig: MakeRig, tmp_path: Path) -> None:
    first, second = make_rig(), make_rig()
    number = first.start("analyze", str(tmp_path / "a.wav"), "--out", str(tmp_path))
    with pytest.raises(ControlError, match=r"the jobs belong to process \d+") as caught:
        second.start("analyze", str(tmp_path / "a.wav"), "--out", str(tmp_path))
    assert caught.value.hint == "use that sidecar, or end it"
    assert second.bus.get_rows("jobs") == ()
    first.service.close()
    second.until(number, "done")


def test_songs_that_are_finished_survive_a_line_that_was_cut_short(store: JobStore) -> None:
    store.add_finished(3, "/a\udce9.wav")
    with store.get_finished_path(3).open("ab") as file:
        file.write(b'"/b')
    store.add_finished(3, "/c.wav")
    assert store.read_finished(3) == {"/a\udce9.wav", "/c.wav"}
    store.forget_finished(3)
    assert store.read_finished(3) == frozenset()


def test_of_a_log_the_last_lines_are_read(store: JobStore) -> None:
    assert store.read_log(3) == []
    store.get_log_path(3).write_bytes(b"x" * 100_000 + b"\n" + b"line \xe9\n" * 1000)
    assert store.read_log(3) == ["line \\xe9"] * LOG_LINES


def test_a_folder_that_cannot_be_made_is_named(home: Path) -> None:
    home.write_text("a file")
    with pytest.raises(ConfigError, match="cannot be made"):
        JobStore().lock()

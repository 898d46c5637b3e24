"""Result journal: what is finished is known again, in order, and what the user changed is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.results.result_journal import JOURNAL_FILE, ResultJournal, make_key


@pytest.fixture
def made(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "z.mid", tmp_path / "below" / "a.wav"]
    files[1].parent.mkdir()
    for file in files:
        file.write_text("content")
    ResultJournal(tmp_path).note_files("bands x", "key", files)
    return files


def test_a_result_is_found_with_its_files_in_order(tmp_path: Path, made: list[Path]) -> None:
    found = ResultJournal(tmp_path).find("bands x")
    assert found is not None
    assert (found.key, list(found.files), found.is_changed) == ("key", made, False)
    assert ResultJournal(tmp_path).list_files("bands") == made
    assert ResultJournal(tmp_path).find("bands y") is None


def test_a_file_that_was_changed_is_seen_and_one_that_is_gone(tmp_path: Path, made: list[Path]) -> None:
    made[1].write_text("edited")
    found = ResultJournal(tmp_path).find("bands x")
    assert found is not None and found.is_changed
    made[1].unlink()
    assert ResultJournal(tmp_path).find("bands x") is None
    assert ResultJournal(tmp_path).is_known("bands x")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 9, "results": {}}', '{"schema": 1, "results": 3}'])
def test_a_journal_that_cannot_be_read_knows_nothing(tmp_path: Path, made: list[Path], content: str) -> None:
    (tmp_path / JOURNAL_FILE).write_text(content)
    assert not ResultJournal(tmp_path).is_known("bands x")


def test_keys_differ_with_what_they_are_made_from() -> None:
    assert make_key(1, {"a": 2, "b": 3}) == make_key(1, {"b": 3, "a": 2}) != make_key(1, {"a": 2, "b": 4})

"""``make test`` says what its two rounds of tests gave, and fails where one did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.check import NOTHING_CHOSEN, SERVER_BYTES, plan_rounds, run_tests

PASSES = "def test_passes():\n    assert True\n"
FAILS = "def test_fails():\n    assert False\n"
LIVE = "import pytest\n\n@pytest.mark.live\ndef test_live():\n    {}\n"
SKIPPED = "import pytest\n\npytest.skip('not here', allow_module_level=True)\n"


def given(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    return ["--rootdir", str(folder), "-c", "/dev/null", "-o", "markers=live", "-p", "no:cacheprovider", str(folder)]


def test_both_rounds_are_counted_and_a_file_that_is_skipped_once(tmp_path: Path) -> None:
    status, total = run_tests(given(tmp_path, one=PASSES, two=LIVE.format("pass"), three=SKIPPED))
    assert status == 0
    assert total == {"passed": 2, "failed": 0, "skipped": 1}


@pytest.mark.parametrize("live", ["assert False", "import os; os.abort()"])
def test_a_round_that_fails_or_dies_fails_all(tmp_path: Path, live: str) -> None:
    status, total = run_tests(given(tmp_path, one=PASSES, two=LIVE.format(live)))
    assert status != 0
    assert (total["passed"], total["failed"]) == (1, 1)


def test_the_first_round_counts_as_much_and_one_round_may_be_empty(tmp_path: Path) -> None:
    status, total = run_tests(given(tmp_path, one=PASSES, two=FAILS))
    assert status == 1
    assert total == {"passed": 1, "failed": 1, "skipped": 0}
    assert run_tests([*given(tmp_path), "-k", "nothing_of_this_name"])[0] == NOTHING_CHOSEN


def test_two_files_have_servers_at_a_time_only_where_there_is_room_for_both() -> None:
    small, large = (plan_rounds(SERVER_BYTES * servers) for servers in (1, 4))
    assert small[0] == large[0]
    assert "-n" in small[0] and "-n" not in small[1] and "-n" in large[1]

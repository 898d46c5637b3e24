"""A batch: every file is done or named, and nothing is done twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from batch.batch_journal import WORK_FOLDER, BatchJournal
from batch.batch_request import BatchStop
from batch.batch_run import LOST_TIMES, make_key
from batch.content_hash import hash_content
from batch.file_task import FINISHED_MARK, OUT_FOLDER, FileReport
from batch.result_files import NAME_FILE
from bench.simulated.batch_client import make_request
from bench.simulated.instant_pool import InstantPool
from bridge.errors import ConfigError
from tests.batch.simulated_batch import list_results, open_run, write_files


def read_ledger(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def test_a_file_that_crashes_or_fails_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    names = ("a.wav", "b_crash.wav", "d_error.wav", "f/a.wav", "g_memory.wav", "k_changing.wav")
    songs = write_files(tmp_path / "songs", *names)
    (songs / "h.wav").mkdir()
    (songs / "i.wav").symlink_to("nowhere")
    os.mkfifo(songs / "j.wav")
    request = make_request(songs, tmp_path / "out", memory_bytes=1 << 30)
    with open_run(request) as run:
        run.run()
        failures = {row.path.name: row.error for row in run.journal.list_failures(request.recipe)}
    assert (run.counts.of, run.counts.done, run.counts.failed) == (8, 2, 6)
    assert list_results(request.out) == ["a.sum", "a.txt", "f/a.sum", "f/a.txt"]
    assert failures["b_crash.wav"].startswith("crashed (SIGSEGV) while separating (at 0 %)")
    assert failures["d_error.wav"] == f"{songs}/d_error.wav: cannot be read as audio; give another"
    assert "MemoryError" in failures["g_memory.wav"]
    assert "a link to nowhere" in failures["i.wav"]
    assert "no plain file" in failures["j.wav"]
    assert "changed while it was read" in failures["k_changing.wav"]


def test_a_file_that_hangs_is_given_up(tmp_path: Path) -> None:
    request = make_request(write_files(tmp_path / "songs", "a_hang.wav", "b_busy.wav"), tmp_path / "out", still_s=0.1)
    with open_run(request) as run:
        run.run()
        failures = [row.error for row in run.journal.list_failures(request.recipe)]
    assert all(error.startswith("no progress") and "--time-limit" in error for error in failures)
    assert run.counts.failed == 2


def test_finished_files_are_left_out_and_changed_and_removed_ones_are_done_again(tmp_path: Path) -> None:
    songs, ledger = write_files(tmp_path / "songs", "a.wav", "b.wav", "c.wav"), tmp_path / "ledger"
    request = make_request(songs, tmp_path / "out", ("--ledger", str(ledger)))
    with open_run(request) as run:
        run.run()
    assert sorted(read_ledger(ledger)) == ["a.wav", "b.wav", "c.wav"]
    (songs / "a.wav").write_bytes(b"another sound")
    before = (request.out / "a.txt").read_bytes()
    for name in ("b.txt", "b.sum"):
        (request.out / name).unlink()
    with open_run(request) as run:
        run.run()
    assert sorted(read_ledger(ledger)) == ["a.wav", "a.wav", "b.wav", "b.wav", "c.wav"]
    assert (run.counts.done, run.counts.before) == (2, 1)
    assert (request.out / "a.txt").read_bytes() != before
    assert len(list_results(request.out)) == 6


def test_the_same_content_is_done_once(tmp_path: Path) -> None:
    songs, ledger = write_files(tmp_path / "songs", "a.wav", "z.wav"), tmp_path / "ledger"
    (songs / "b.wav").write_bytes((songs / "a.wav").read_bytes())
    request = make_request(songs, tmp_path / "out", ("--ledger", str(ledger)))
    with open_run(request) as run:
        run.run()
        assert run.journal.count_copies(request.recipe) == 1
    assert sorted(read_ledger(ledger)) == ["a.wav", "z.wav"]
    assert (run.counts.done, run.counts.copies) == (2, 1)


def test_other_options_are_other_work_in_the_same_place(tmp_path: Path) -> None:
    songs = write_files(tmp_path / "songs", "a.wav")
    for ledger in ("one", "two", "one"):
        request = make_request(songs, tmp_path / "out", ("--ledger", str(tmp_path / ledger)))
        with open_run(request) as run:
            run.run()
        assert run.counts.done == 1  # the results of before are gone
    assert list_results(request.out) == ["a.sum", "a.txt"]


def test_songs_of_one_name_get_names_of_their_own_in_a_fixed_order(tmp_path: Path) -> None:
    songs = write_files(tmp_path / "songs", "a/x.wav", "a/X.wav", "a/x.y.wav", "b/x.wav")
    request = make_request(songs, tmp_path / "out")
    (request.out / "b").mkdir(parents=True)
    (request.out / "b" / "x.txt").write_text("mine", encoding="ascii")
    with open_run(request) as run:
        run.run()
    found = [name for name in list_results(request.out) if name.endswith(".txt")]
    assert found == ["a/X.txt", "a/x (2).txt", "a/x.y.txt", "b/x (2).txt", "b/x.txt"]
    assert (request.out / "b" / "x.txt").read_text(encoding="ascii") == "mine"


def test_failed_files_are_tried_again_only_where_asked(tmp_path: Path) -> None:
    songs = write_files(tmp_path / "songs", "a_error.wav", "b.wav")
    for retry, failed, before in ((False, 1, 0), (False, 0, 1), (True, 1, 0)):
        request = make_request(songs, tmp_path / "out", retry_failed=retry)
        with open_run(request) as run:
            run.run()
            (row,) = run.journal.list_failures(request.recipe)
        assert (run.counts.failed, run.counts.failed_before) == (failed, before)
    assert row.attempts == 2


@pytest.mark.parametrize(
    ("name", "sentence", "is_bad_input"),
    [("b_full.wav", "the disk is full", False), ("b_refuse.wav", "no such option", True)],
)
def test_what_every_file_would_fail_of_ends_the_batch(
    tmp_path: Path, name: str, sentence: str, is_bad_input: bool
) -> None:
    songs = write_files(tmp_path / "songs", "a.wav", name, *(f"c{number}.wav" for number in range(6)))
    request = make_request(songs, tmp_path / "out")
    with pytest.raises(BatchStop, match=sentence) as stop, open_run(request) as run:
        run.run()
    assert stop.value.is_bad_input == is_bad_input
    assert run.counts.failed == 0
    assert run.counts.done < 7
    write_files(songs, "d.wav")
    (songs / name).rename(songs / "b.wav")
    with open_run(request) as run:
        run.run()
    assert (run.counts.done + run.counts.before, run.counts.failed) == (9, 0)


def test_results_that_a_killed_run_had_finished_are_only_moved(tmp_path: Path) -> None:
    songs, ledger = write_files(tmp_path / "songs", "a.wav"), tmp_path / "ledger"
    request = make_request(songs, tmp_path / "out", ("--ledger", str(ledger)))
    with open_run(request) as run:
        run.run()
    whole = {name: (request.out / name).read_bytes() for name in list_results(request.out)}
    # as it is between the end of the command and the journal, after one of two results was moved
    key = make_key(hash_content(songs / "a.wav"), request.recipe)
    folder = request.out / WORK_FOLDER / key
    (folder / OUT_FOLDER).mkdir(parents=True)
    (folder / FINISHED_MARK).touch()
    (folder / NAME_FILE).write_bytes(b"a")
    (request.out / "a.txt").rename(folder / OUT_FOLDER / "a.txt")
    with BatchJournal(request.out, request.kind.name) as journal:
        journal.mark_running(hash_content(songs / "a.wav"), request.recipe)
    with open_run(request) as run:
        run.run()
    assert run.counts.done == 1
    assert read_ledger(ledger) == ["a.wav"]
    assert {name: (request.out / name).read_bytes() for name in list_results(request.out)} == whole
    assert not folder.exists()


class LosingPool(InstantPool):
    """A pool whose workers go away with the file of a name."""

    def wait(self, limit_s: float) -> Sequence[FileReport]:
        lost = [task for task in self._tasks if task.name == "b.wav"]
        self._tasks = [task for task in self._tasks if task.name != "b.wav"]
        return [*super().wait(limit_s), *(FileReport(task.key, "lost", "worker killed") for task in lost)]


def test_a_file_with_which_workers_go_away_has_failed_in_the_end(tmp_path: Path) -> None:
    request = make_request(write_files(tmp_path / "songs", "a.wav", "b.wav", "c.wav"), tmp_path / "out")
    with open_run(request, LosingPool()) as run:
        run.run()
        (row,) = run.journal.list_failures(request.recipe)
    assert (run.counts.done, run.counts.failed) == (2, 1)
    assert row.error == f"its worker went away {LOST_TIMES} times: worker killed"


def test_a_work_folder_that_is_finished_is_not_worked_on_again(tmp_path: Path) -> None:
    (tmp_path / FINISHED_MARK).touch()
    command = [sys.executable, "-P", "-m", "batch.file_main", "0", str(os.getpid()), str(tmp_path), "no.such.module"]
    assert subprocess.run(command, check=False).returncode == 0


def test_an_empty_folder_and_one_that_is_not_there_are_errors(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    for folder, sentence in (("songs", "no file for"), ("nothing", "no such file or folder")):
        with (
            pytest.raises(ConfigError, match=sentence),
            open_run(make_request(tmp_path / folder, tmp_path / "out")) as run,
        ):
            run.run()

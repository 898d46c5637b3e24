"""Drafts that killed runs left are removed; those of runs at work are not."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.config import write_atomic
from bridge.drafts import OLD_S, draft_for, longest_name, replace_synced, sweep_drafts

WRITES = """
import os, signal, sys
from pathlib import Path
from bridge.config import write_atomic
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_atomic(Path(sys.argv[1]), "half")
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_what_a_killed_write_left_is_removed_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "song.json"
    child = subprocess.run([sys.executable, "-c", WRITES, str(path)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 1
    assert names(tmp_path)[0].startswith(".song.json.")
    write_atomic(tmp_path / "other.json", "whole")
    assert names(tmp_path) == ["other.json"]


def test_the_drafts_of_a_process_that_is_gone_are_removed_in_the_form_of_older_versions_too(
    tmp_path: Path, gone: int
) -> None:
    (tmp_path / f".song.json.{gone}.0123abcd.tmp").write_text("")
    (tmp_path / f".a\nb.{gone}.0123abcd.tmp").write_text("")
    sweep_drafts(tmp_path)
    assert names(tmp_path) == []


def test_a_process_that_took_the_number_later_or_only_waits_to_be_counted_out_keeps_no_draft(tmp_path: Path) -> None:
    late = tmp_path / f".late.json.{os.getpid()}.0123abcd.tmp"
    late.write_text("")
    os.utime(late, (1.0, 1.0))
    sweep_drafts(tmp_path, 2.0)
    assert names(tmp_path) == []
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still counted
    (tmp_path / f".song.json.{child.pid}.0123abcd.tmp").write_text("")
    sweep_drafts(tmp_path)
    assert names(tmp_path) == []
    child.wait()


def test_drafts_of_runs_at_work_and_files_that_are_none_stay(tmp_path: Path, gone: int) -> None:
    kept = [
        f".song.json.{os.getpid()}.0123abcd.tmp",
        f".song.json.{gone}.0123abcd.tmp.bak",
        f"song.json.{gone}.0123abcd.tmp",
        f".song.json.{gone}.tmp",
        f".song.json.{gone}.0123abcg.tmp",
        ".song.json.1.0123abcd.tmp",
    ]
    for name in kept:
        (tmp_path / name).write_text("")
    sweep_drafts(tmp_path)
    assert names(tmp_path) == sorted(kept)


def test_on_a_drive_that_machines_share_another_one_s_drafts_stay_until_they_are_old(
    tmp_path: Path, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(platform, "node", lambda: "another")
        there.setattr(os, "getpid", lambda: gone)
        draft = draft_for(tmp_path / "song.json")
    draft.write_text("")
    now_s = draft.stat().st_mtime
    sweep_drafts(tmp_path, now_s + OLD_S - 1)
    assert names(tmp_path) == [draft.name]
    sweep_drafts(tmp_path, now_s + OLD_S + 1)
    assert names(tmp_path) == []


def test_an_old_draft_goes_though_its_number_is_another_process_s_by_now(tmp_path: Path) -> None:
    draft = draft_for(tmp_path / "song.json")
    draft.write_text("")
    now_s = draft.stat().st_mtime
    sweep_drafts(tmp_path, now_s)
    assert names(tmp_path) == [draft.name]
    sweep_drafts(tmp_path, now_s + OLD_S + 1)
    assert names(tmp_path) == []


def test_a_draft_that_cannot_be_removed_is_no_failure(tmp_path: Path, gone: int) -> None:
    (tmp_path / f".song.json.{gone}.0123abcd.tmp").mkdir()
    write_atomic(tmp_path / "song.json", "whole")
    assert "song.json" in names(tmp_path)
    sweep_drafts(tmp_path / "none")


@pytest.mark.parametrize("letter", ["b", "ü", "日", "🎵", os.fsdecode(b"\xe9")])
def test_a_file_with_the_longest_name_is_written(tmp_path: Path, letter: str) -> None:
    longest = longest_name(tmp_path)
    path = tmp_path / (letter * (longest // len(os.fsencode(letter))))
    write_atomic(path, "one")
    write_atomic(path, "two")
    assert path.read_text() == "two"
    assert names(tmp_path) == [path.name]


def test_a_link_to_itself_is_replaced_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "loop.json"
    path.symlink_to(path)
    write_atomic(path, "whole")
    assert path.read_text() == "whole"


def test_a_file_is_replaced_when_its_draft_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    with replace_synced(target) as draft:
        draft.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["a.wav"]


def test_after_an_error_the_file_is_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), replace_synced(target) as draft:
        draft.write_bytes(b"ne")
        raise OSError("full")
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.wav"]

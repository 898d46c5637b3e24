"""Compile lock: real processes; what they compile is a file that says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bridge.core import compile_lock
from bridge.core.compile_lock import lock_compiling

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from pathlib import Path
from bridge.core.compile_lock import lock_compiling
folder = Path(sys.argv[1])
with lock_compiling(folder, lambda pid: print("waits for", pid, flush=True)):
    if (folder / "code").exists():
        print("loads", flush=True)
    else:
        print("compiles", flush=True)
        sys.stdin.readline()
        (folder / "code").touch()
"""


def refuse_to_wait(pid: int) -> None:
    pytest.fail(f"it waits for {pid}")


@contextmanager
def start_child(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that compiles into ``folder`` what is not there, until it gets a line."""
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def read_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def go_on(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def test_of_processes_that_start_at_once_one_compiles_and_the_others_load(tmp_path: Path) -> None:
    with ExitStack() as opened:
        first = opened.enter_context(start_child(tmp_path))
        assert read_line(first) == "compiles"
        others = [opened.enter_context(start_child(tmp_path)) for _ in range(2)]
        assert [read_line(other) for other in others] == [f"waits for {first.pid}"] * 2
        go_on(first)
        assert [read_line(other) for other in others] == ["loads"] * 2
        assert [child.wait() for child in (first, *others)] == [0, 0, 0]


def test_a_process_that_is_killed_while_it_compiles_leaves_no_lock(tmp_path: Path) -> None:
    with start_child(tmp_path) as first:
        assert read_line(first) == "compiles"
        with start_child(tmp_path) as second:
            assert read_line(second) == f"waits for {first.pid}"
            first.kill()
            assert read_line(second) == "compiles"
            go_on(second)
            assert second.wait() == 0
    waited: list[int] = []
    with lock_compiling(tmp_path, waited.append):
        assert not waited


def test_without_a_folder_nobody_waits_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with lock_compiling(None, refuse_to_wait):
        assert list(tmp_path.iterdir()) == []


def refuse(*_: object) -> None:
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize("kind", ["no folder", "a file system without locks"])
def test_where_the_lock_cannot_be_had_it_compiles_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "no folder":
        folder = tmp_path / "missing"
    else:
        folder = tmp_path
        monkeypatch.setattr(compile_lock, "_try_to_lock", refuse)
    ran = False
    with lock_compiling(folder, refuse_to_wait):
        ran = True
    assert ran


def test_an_error_while_it_compiles_is_raised_and_unlocks(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk"), lock_compiling(tmp_path, refuse_to_wait):
        raise OSError("no room on the disk")
    with lock_compiling(tmp_path, refuse_to_wait):
        pass

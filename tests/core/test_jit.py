"""Cache folder of the JIT compiler: the user's cache, else a folder for this process, else nowhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import pytest

from bridge.core import jit

ROOT = Path(__file__).parents[2]
CHILD = """
import os, subprocess, sys, numpy as np
from bridge.core.jit import CACHE, njit
from bridge.runtime.shared.atomics import observe
print(CACHE.folder, CACHE.own, observe(np.array([7]), 0), flush=True)
if "again" in sys.argv:
    subprocess.run([sys.executable, *sys.orig_argv[1:-1]], check=True)
"""


def child(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Compile something as a user whose home is ``home``; with "again" from a child of it, too."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "NUMBA_"))}
    kept |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)} | env
    command = [sys.executable, "-c", CHILD, *arguments]
    return subprocess.run(command, env=kept, cwd=home, capture_output=True, text=True, timeout=600, check=True)


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    """A home whose cache cannot be written, by root neither: a file is in its place."""
    (tmp_path / ".cache").touch()
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="where a cache lies differs")
def test_code_lies_in_the_users_cache_and_nowhere_else(tmp_path: Path) -> None:
    result = child(tmp_path)
    assert result.stdout.startswith(f"{tmp_path}/.cache/sideman/native/")
    assert result.stdout.endswith("False 7\n")
    assert result.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == [".cache"]
    assert list(tmp_path.rglob("*.nbc"))


@pytest.mark.skipif(sys.platform != "linux", reason="where a cache lies differs")
def test_where_the_cache_cannot_be_written_the_code_goes_with_the_process(unwritable: Path) -> None:
    result = child(unwritable, "again")
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{unwritable}/{jit.TEMPORARY}") and first.endswith("True 7")
    assert second == first.replace("True", "False")  # a child takes what its parent compiled, and leaves the folder
    assert result.stderr.count("machine code cannot be stored") == len(result.stderr.splitlines()) == 1
    assert [path.name for path in unwritable.iterdir()] == [".cache"]


@pytest.mark.skipif(sys.platform != "linux", reason="where a cache lies differs")
def test_a_folder_of_the_users_own_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = child(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "file" / "below"))
    assert result.stdout.startswith(f"{tmp_path}/{jit.TEMPORARY}")
    assert "NUMBA_CACHE_DIR" in result.stderr


def test_code_of_other_versions_goes_once_nobody_used_it_for_a_day(tmp_path: Path) -> None:
    kept, now = tmp_path / "kept", time.time()
    folders = [tmp_path / str(i) for i in range(8)]
    for i, folder in enumerate((kept, *folders)):
        folder.mkdir()
        os.utime(folder, (now, now - i * jit.IN_USE_S / 5.5))
    jit._remove_old_versions(tmp_path, kept)
    assert sorted(tmp_path.iterdir()) == sorted([*folders[:5], kept])  # the newest four, and one of less than a day


def test_folders_of_processes_that_were_killed_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    left, others, living = (tmp_path / f"{jit.TEMPORARY}{name}" for name in (f"{gone.pid}-a", "x", f"{os.getpid()}-b"))
    for folder in (left, others, living):
        folder.mkdir()
    made = jit._open_temporary()
    assert sorted(tmp_path.iterdir()) == sorted([others, living, made])


def test_a_full_disk_is_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    monkeypatch.setenv(jit.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(OSError, match="MB are free"):
        jit._open_folder()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="MB are free"):
        jit._open_temporary()
    assert not list(tmp_path.iterdir())


def test_where_no_code_can_be_kept_all_compiles_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit.CACHE, "folder", None)

    @jit.njit()
    def twice(number: int) -> int:
        return 2 * number

    assert twice(21) == 42


def test_all_that_is_compiled_goes_through_here() -> None:
    """Else it would be kept beside the sources, or in numba's own folder."""
    sources = [path for package in ("bridge", "engines") for path in (ROOT / package).rglob("*.py")]
    wild = [path for path in sources if "numba import njit" in path.read_text() or "@numba." in path.read_text()]
    assert wild == []


def test_linear_algebra_is_not_loaded_and_can_be_later() -> None:
    pytest.importorskip("scipy")
    done = subprocess.run(
        [sys.executable, "-c", "import sys, bridge.runtime.worker; print('scipy.linalg' in sys.modules)\n"
         "from scipy.linalg import solve; print(solve([[2.0]], [4.0])[0])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "2.0"]

"""Shared memory: seen by both sides, and gone when nobody holds it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import BridgeError
from bridge.runtime.shared.arena import Arena, align
from tests.waiting import HANG_S

SHM = Path("/dev/shm")
needs_shm = pytest.mark.skipif(not SHM.is_dir(), reason="needs /dev/shm")
not_windows = pytest.mark.skipif(sys.platform == "win32", reason="hands over file descriptors")


def segments(pid: int) -> set[str]:
    return {path.name for path in SHM.glob(f"sideman-{pid}-*")}


def holders(inode: int) -> list[str]:
    """The processes that have the file mapped."""
    found = []
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            lines = maps.read_text().splitlines()
        except OSError:  # gone meanwhile, or another user's
            continue
        if any("/dev/shm/sideman-" in line and line.split()[4] == str(inode) for line in lines):
            found.append(maps.parent.name)
    return found


@not_windows
def test_two_processes_see_each_others_writes() -> None:
    child = (
        "import sys, numpy as np\n"
        "from bridge.runtime.shared.arena import Arena\n"
        "with Arena.attach(sys.argv[1], 4096) as arena:\n"
        "    words = arena.array(64, (4,), np.int64)\n"
        "    words[1] = words[0] + 1\n"
    )
    with Arena.create(4096) as arena:
        words = arena.array(64, (4,), np.int64)
        words[0] = 41
        command = [sys.executable, "-c", child, arena.handle]
        subprocess.run(command, pass_fds=arena.descriptors, check=True, timeout=HANG_S)
        assert words[1] == 42


def test_a_new_arena_is_zero() -> None:
    with Arena.create(4096) as arena:
        assert not arena.array(0, (4096,), np.uint8).any()


def test_a_closed_arena_gives_no_more_views_and_may_be_closed_again() -> None:
    arena = Arena.create(4096)
    arena.close()
    arena.close()
    with pytest.raises(ValueError, match="closed"):
        arena.array(0, (1,), np.uint8)


def test_a_view_outlives_the_arena() -> None:
    with Arena.create(4096) as arena:
        view = arena.array(0, (8,), np.int64)
    view[3] = 7
    assert view[3] == 7


@needs_shm
def test_an_arena_has_no_name_even_while_it_is_open() -> None:
    with Arena.create(4096):
        assert not segments(os.getpid())


@needs_shm
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_a_killed_owner_is_gone() -> None:
    child = (
        "import os, sys, time\n"
        "from bridge.runtime.shared.arena import Arena\n"
        "arena = Arena.create(4096)\n"
        "print(os.fstat(int(arena.handle)).st_ino, flush=True)\n"
        "time.sleep(3600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        inode = int(owner.stdout.readline())
        assert holders(inode) == [str(owner.pid)]
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    assert not holders(inode)
    assert not segments(owner.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not reserved")
def test_a_full_shared_memory_is_an_error_with_a_hint_and_leaves_no_descriptor_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def full(fd: int, offset: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    before = open_files()
    with pytest.raises(BridgeError, match=r"no 7 MB of shared memory: .*No space left") as caught:
        Arena.create(7_000_000)
    assert "--shm-size" in caught.value.hint
    assert open_files() == before


def test_sizes_are_rounded_up_to_cache_lines() -> None:
    assert [align(size) for size in (0, 1, 63, 64, 65)] == [0, 64, 64, 64, 128]


@not_windows
@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.EROFS, "writable"), (errno.EACCES, "writable"), (errno.ENOSPC, "--shm-size"), (errno.EMFILE, "ulimit")],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "",
)
def test_shared_memory_that_cannot_be_made_is_an_error_with_its_own_fix(
    number: int, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> tuple[int, str]:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(BridgeError, match=f"shared memory: .*{os.strerror(number)}.*{remedy}"):
        Arena.create(4096)

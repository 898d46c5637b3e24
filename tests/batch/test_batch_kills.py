"""A batch that is killed or stopped goes on with the same command; nothing is done twice or left in part."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.simulated.batch_client import make_request
from bridge.errors import ConfigError
from tests.batch.simulated_batch import list_results, open_run, write_files
from tests.waiting import until

NAMES = tuple(f"{number}_slow.wav" for number in range(6))


def start_client(songs: Path, out: Path, ledger: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "bench.simulated.batch_client",
        str(songs),
        str(out),
        "--ledger",
        str(ledger),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)


def list_children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_batch_that_is_ended_goes_on(tmp_path: Path, sign: signal.Signals, status: int) -> None:
    songs, out, ledger = write_files(tmp_path / "songs", *NAMES), tmp_path / "out", tmp_path / "ledger"
    client = start_client(songs, out, ledger)
    until("a file to be done", lambda: (out / "0_slow.txt").exists())
    until("the next to be begun", lambda: bool(list_children(client.pid)))
    children = list_children(client.pid)
    client.send_signal(sign)
    _, said = client.communicate()
    assert client.returncode == status, said
    assert (b"the same command again" in said) == (sign != signal.SIGKILL)
    until("what it had started to end", lambda: not any(psutil.pid_exists(child) for child in children))
    assert len(list_results(out)) < 12
    request = make_request(songs, out, ("--ledger", str(ledger)))
    with open_run(request) as run:
        run.run()
    assert (run.counts.done + run.counts.before, run.counts.failed) == (6, 0)
    finished = ledger.read_text(encoding="ascii").split()
    assert len(finished) == len(set(finished))
    assert len(list_results(out)) == 12
    assert [path.name for path in (out / ".batch").iterdir()] == ["lock"]


def test_what_hangs_does_not_outlive_a_batch_that_is_killed(tmp_path: Path) -> None:
    songs = write_files(tmp_path / "songs", "a_hang.wav")
    client = start_client(songs, tmp_path / "out", tmp_path / "ledger")
    until("the file to be begun", lambda: any((tmp_path / "out" / ".batch").glob("*/lock")))
    children = list_children(client.pid)
    client.kill()
    client.communicate()
    assert children
    until("its process to end", lambda: not any(psutil.pid_exists(child) for child in children))


def test_a_batch_that_is_stopped_lets_its_files_write_a_checkpoint(tmp_path: Path) -> None:
    songs, out = write_files(tmp_path / "songs", "a_patient.wav"), tmp_path / "out"
    client = start_client(songs, out, tmp_path / "ledger")
    until("the file to be begun", lambda: (songs / "a_patient.ready").exists())
    client.send_signal(signal.SIGINT)
    client.communicate()
    assert client.returncode == 130
    assert (songs / "a_patient.checkpoint").exists()


def test_a_second_batch_says_which_process_has_the_folder(tmp_path: Path) -> None:
    songs, out = write_files(tmp_path / "songs", "a.wav"), tmp_path / "out"
    with (
        open_run(make_request(songs, out)),
        pytest.raises(ConfigError, match=r"process \d+ runs a batch in it"),
        open_run(make_request(songs, out)),
    ):
        pass

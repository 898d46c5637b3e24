"""Cluster pool: work on Dask's workers, and on this machine where they are lost."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import psutil
import pytest

from batch.cluster_pool import ClusterPool
from bench.simulated.batch_client import make_request
from bridge.errors import ConfigError, DriverError
from tests.batch.simulated_batch import list_results, open_run, write_files

needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the extra cluster is missing")


@needs_dask
def test_a_cluster_does_the_work_and_this_machine_what_is_left_when_it_is_lost(tmp_path: Path) -> None:
    songs, ledger = write_files(tmp_path / "songs", "a.wav", "b_crash.wav", "c_error.wav"), tmp_path / "ledger"
    request = make_request(songs, tmp_path / "out", ("--ledger", str(ledger)))
    said: list[str] = []
    pool = ClusterPool("local", 1, said.append, wait_s=0.0)
    with open_run(request, pool) as run:
        run.run()
        assert (run.counts.done, run.counts.failed) == (1, 2)
        workers = {row[0] for row in run.journal._base.execute("SELECT worker FROM tasks WHERE state = 'done'")}
        here = {str(child.pid) for child in psutil.Process().children()}
        assert {str(worker).rpartition(":")[2] for worker in workers} <= here
        write_files(songs, *(f"d{number}_slow.wav" for number in range(4)))
        run.counts.done = run.counts.failed = 0
        assert pool._client is not None
        pool._client.close()
        run.run()
        assert (run.counts.done, run.counts.before, run.counts.failed_before) == (4, 1, 2)
    assert any("processes of this machine go on" in line for line in said)
    assert len(ledger.read_text(encoding="ascii").split()) == 5
    assert len(list_results(request.out)) == 10


@needs_dask
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batch.cluster_pool.CONNECT_S", 0.1)
    with pytest.raises(DriverError, match="no scheduler answers"), ClusterPool("tcp://127.0.0.1:9", 1, print):
        pass


def test_without_dask_the_command_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'sideman\[cluster\]'"), ClusterPool("local", 1, print):
        pass

"""Batches as jobs of a sidecar, with a real command."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import soundfile

from bridge.errors import ControlError
from bridge.jobs.job_process import COMMAND
from bridge.jobs.job_request import parse_request
from bridge.settings import JobSettings
from tests.jobs.conftest import MakeRig
from tests.offline_sidecar import write_song


def list_songs_at_work(batch_pid: int) -> list[psutil.Process]:
    """The processes that a batch has started."""
    try:
        return list(psutil.Process(batch_pid).children())
    except psutil.NoSuchProcess:
        return []


def test_a_batch_stands_still_with_its_songs_and_goes_on_and_tries_what_failed(
    make_rig: MakeRig, tmp_path: Path
) -> None:
    rig = make_rig(JobSettings(), COMMAND)
    album = tmp_path / "album"
    album.mkdir()
    write_song(album / "a.wav", 1.0)
    (album / "b.wav").write_bytes(b"this is no audio")
    number = rig.start("batch", "separate", str(album), "--out", str(tmp_path / "stems"), "--profile", "dsp")
    job = rig.service._get_queue().jobs[number]
    rig.wait("the batch runs", lambda: job.process is not None)
    assert job.process is not None
    batch_pid = job.process.pid
    rig.wait("a song runs", lambda: bool(list_songs_at_work(batch_pid)))
    at_work = list_songs_at_work(batch_pid)
    rig.call("pause", number)
    # b.wav may have ended, and is looked at when the batch goes on
    still = {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
    rig.wait("all stand still", lambda: all(one.status() in still for one in at_work))
    assert psutil.Process(batch_pid).status() == psutil.STATUS_STOPPED
    rig.call("resume", number)
    row = rig.until(number, "failed")
    assert (row["what"], row["done"], row["of"]) == ("separate album/ → stems, dsp", 1, 2)
    assert f"{album}/b.wav: cannot be read as audio" in str(row["detail"])
    assert "(1 of 2 songs failed)" in str(row["detail"])
    assert {name: row[0] for name, row in rig.get_files(number).items()} == {"a.wav": "done", "b.wav": "failed"}
    write_song(album / "b.wav", 2.0)
    rig.call("retry", number)
    assert "--retry-failed" in job.request.arguments
    row = rig.until(number, "done")
    assert (row["done"], row["of"]) == (2, 2)
    assert soundfile.info(tmp_path / "stems" / "b" / "drums.wav").frames == 88200


def test_a_batch_needs_a_command() -> None:
    request = parse_request("batch", ["analyze", "/m/a", "/m/b", "--out", "/x/maps", "--set", "a=1"])
    assert (request.sources, request.folder) == (("/m/a", "/m/b"), "/x/maps")
    assert request.title == "analyze a and 1 more → maps, a=1"
    again = request.make_retry()
    assert again.arguments == ("analyze", "/m/a", "/m/b", "--retry-failed", "--out", "/x/maps", "--set", "a=1")
    assert again.make_retry() is again
    with pytest.raises(ControlError, match="'analyse' is no command; did you mean analyze"):
        parse_request("batch", ["analyse", "/m/a", "--out", "/x"])
    with pytest.raises(ControlError, match="no source is given"):
        parse_request("batch", ["analyze", "--out", "/x"])

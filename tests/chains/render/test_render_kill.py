"""Renders that are killed, stopped, or meet a full disk: nothing half-written has a name, and the next run is whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chains.plugins import FixturePlugin, make_chain
from tests.chains.render.render_rig import RATE, make_sound, write_chain_file, write_sound_file, write_stems
from tests.waiting import until

KILLS = 12


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `kill_points` found with a folder of stems."""
    folder = tmp_path_factory.mktemp("kills")
    write_stems(folder / "song", RATE)
    command = [sys.executable, "-m", "tests.chains.render.kill_points", str(folder / "song"), str(folder), str(KILLS)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    assert report["status"] == 0
    assert len(report["whole"]) == 4
    return report


def test_a_kill_at_any_point_leaves_whole_files_or_none(found: dict[str, Any]) -> None:
    assert found["points"] > 5 * KILLS
    assert len(found["kills"]) == KILLS
    for killed, behind, *_ in found["kills"]:
        assert killed == -signal.SIGKILL
        assert behind.items() <= found["whole"].items()
    assert {} in [behind for _, behind, *_ in found["kills"]]


def test_the_run_behind_a_kill_gives_the_same_bytes_and_leaves_no_draft(found: dict[str, Any]) -> None:
    for _, _, again, results, drafts in found["kills"]:
        assert (again, results, drafts) == (0, found["whole"], [])


def test_a_full_disk_leaves_nothing_and_is_said_with_the_fix(found: dict[str, Any]) -> None:
    for full in found["full"]:
        assert full["status"] == 2
        assert "space" in full["said"]
        assert full["left"] == [{}, [], []]
        assert (full["again"], set(full["results"])) == (0, set(found["whole"]))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_of_a_mebibyte_is_left_without_a_file(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a disk")
    try:
        song = write_sound_file(tmp_path / "song.wav", make_sound(1, 5 * RATE))
        ended = run_command(tmp_path, str(song), "--out", str(disk))
        assert ended.returncode == 2
        assert "no space left" in ended.stderr
        assert [path.name for path in disk.iterdir() if path.name != ".render.json"] == []
        shutil.rmtree(disk, ignore_errors=True)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_ctrl_c_ends_a_plugin_that_hangs_and_leaves_no_draft(tmp_path: Path, fixture_plugin: FixturePlugin) -> None:
    song = write_sound_file(tmp_path / "song.wav", make_sound(1))
    chain = write_chain_file(tmp_path / "hangs.toml", make_chain(fixture_plugin("hang_process")))
    out = tmp_path / "out"
    options = ("--out", str(out), "--chain", chain, "--block", "256")  # it hangs behind some blocks
    with start_command(tmp_path, str(song), *options) as running:
        # the recording, and the plugin's output; a piece of noise, and what the plugin makes of it
        until("the plugin's start", lambda: len(list(out.glob(".*.tmp"))) == 4)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert running.returncode == 130
    assert "give the same command again to continue" in said
    assert not out.exists()  # no part was done: nothing to continue from, and the folder was its own


def start_command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start ``sideman render``."""
    command = [sys.executable, "-P", "-m", "bridge", "render", *arguments]
    environment = os.environ | {"SIDEMAN_CONFIG_HOME": str(home / "home")}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``sideman render`` to its end."""
    with start_command(home, *arguments) as running:
        printed, said = running.communicate()
    return subprocess.CompletedProcess(running.args, running.returncode, printed, said)

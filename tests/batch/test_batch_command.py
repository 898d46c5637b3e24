"""The command `sideman batch` with a real command, from the shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from batch.batch_command import run_batch, status
from bridge.errors import ConfigError
from tests.offline_sidecar import write_song


def run_sideman(folder: Path, *words: str) -> tuple[int, str, str]:
    environment = os.environ | {"SIDEMAN_CONFIG_HOME": str(folder / "home"), "COLUMNS": "80"}
    command = [sys.executable, "-P", "-m", "bridge", "batch", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_folder_is_separated_and_its_failures_are_listed(tmp_path: Path) -> None:
    (tmp_path / "songs" / "a").mkdir(parents=True)
    write_song(tmp_path / "songs" / "a" / "b\n♫.wav", 1.0)
    (tmp_path / "songs" / "c.wav").write_bytes(b"no audio")
    code, shown, said = run_sideman(tmp_path, "separate", "songs", "--out", "stems", "--profile", "dsp")
    assert code == 1
    assert soundfile.info(tmp_path / "stems" / "a" / "b_♫" / "drums.wav").frames == 44100
    assert "c.wav: failed: cannot be read as audio" in said
    header, row = (line.split() for line in shown.splitlines()[:2])
    assert dict(zip(header, row, strict=True)) | {"took": "", "files/h": ""} == {
        "files": "2", "done": "1", "before": "0", "copies": "0", "failed": "1", "left": "0", "took": "", "files/h": "",
    }  # fmt: skip
    assert "--retry-failed" in shown
    code, shown, _ = run_sideman(tmp_path, "status", "stems", "--json")
    found = json.loads(shown)
    assert code == 1
    assert (found["command"], found["options"], found["done"], found["failed"]) == ("separate", "--profile dsp", 1, 1)
    assert (found["running"], found["next"]) == (0, 0)
    assert found["failures"][0]["file"] == str(tmp_path / "songs" / "c.wav")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("separat", "songs"), "separat: no such command; did you mean separate"),
        (("separate",), "no folder is given"),
        (("separate", "songs", "--worker", "2"), "Unknown option: --worker"),
        (("separate", "songs"), "songs: no such file or folder"),
    ],
)
def test_wrong_use_is_said_before_anything_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=sentence):
        run_batch(words[0], *words[1:], out=tmp_path / "x")
    assert not (tmp_path / "x").exists()
    with pytest.raises(ConfigError, match="no batch has written into this folder"):
        status(tmp_path)

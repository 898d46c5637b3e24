"""``sideman analyze`` as a user types it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from cyclopts import App

from bridge.errors import BridgeError
from engines.mir.offline import analyze_command
from engines.mir.offline.analysis_job import AnalysisResult, analyse_song
from engines.mir.offline.song_map import from_json
from engines.offline import progress
from tests.engines.mir.signals import CADENCE, RATE, clicks, tones


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress comes by the clock: on a busy machine there would be some."""
    monkeypatch.setattr(progress, "LINE_S", float("inf"))


def analyze(*words: object) -> int:
    app = App(name="sideman", result_action="return_value")
    app.command(analyze_command.analyze)
    status: int = app(["analyze", *map(str, words), "--engine", "mir.chroma"], exit_on_error=False)
    return status


def song(path: Path) -> Path:
    soundfile.write(path, tones(CADENCE, 1.2).T, RATE)
    return path


def test_a_song_is_analysed_and_the_speed_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engines.offline.progress.LINE_S", math.inf)  # however slow the machine is
    assert analyze(song(tmp_path / "song.wav"), "--out", tmp_path / "out") == 0
    printed = capsys.readouterr()
    assert "C major" in printed.out
    assert " x " in printed.out
    assert all("analysing" in line for line in printed.err.splitlines())  # printed on slow machines
    assert (tmp_path / "out" / "song.json").is_file()


def test_one_failing_song_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "album").mkdir()
    song(tmp_path / "album" / "b.wav")
    (tmp_path / "album" / "a [live].wav").write_text("no song")
    assert analyze(tmp_path / "album", "--out", tmp_path / "out", "--json") == 1
    failed, done = json.loads(capsys.readouterr().out)
    assert (failed["status"], failed["files"]) == ("failed", {})
    assert "a [live].wav: cannot be read as audio" in failed["error"]
    assert failed["hint"]
    assert (done["status"], done["key"], done["chords"]) == ("done", "C major", 4)
    assert done["times_real_time"] > 0
    assert Path(done["files"]["mid"]).is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--set", "mir.tempo_prior_bpm=fast"), "a number from 60 to 200"), (("--set", "x=1"), "no control 'x'")],
)
def test_a_wrong_word_is_an_error_before_anything_is_written(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(BridgeError, match=message):
        analyze(song(tmp_path / "song.wav"), "--out", tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_ctrl_c_keeps_the_songs_that_are_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped_at_b(path: Path, *more: Any) -> AnalysisResult:
        if path.name == "b.wav":
            raise KeyboardInterrupt
        return analyse_song(path, *more)

    monkeypatch.setattr(analyze_command, "analyse_song", stopped_at_b)
    songs = [song(tmp_path / f"{name}.wav") for name in "abc"]
    assert analyze(*songs, "--out", tmp_path / "out", "--json") == 130
    printed = capsys.readouterr()
    assert [Path(outcome["song"]).name for outcome in json.loads(printed.out)] == ["a.wav"]
    assert "stopped" in printed.err
    assert (tmp_path / "out" / "a.mid").is_file()


def test_a_control_reaches_the_engine(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clicks.wav", clicks(np.arange(0.0, 12.0, 0.46).tolist(), 12.0).T, RATE)
    tempi = []
    for prior in (70, 140):
        analyze(tmp_path / "clicks.wav", "--out", tmp_path / "out", "--set", f"mir.tempo_prior_bpm={prior}")
        tempi.append(from_json((tmp_path / "out" / "clicks.json").read_bytes()).bpm)
    assert tempi[0] == pytest.approx(65.2, rel=0.02)
    assert tempi[1] == pytest.approx(130.4, rel=0.02)

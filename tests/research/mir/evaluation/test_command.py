"""`python -m research.mir.evaluation` as a user types it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.errors import BridgeError
from engines.weights import WEIGHTS
from research.mir.evaluation.__main__ import app
from research.mir.evaluation.reference_trackers import make_installed_trackers
from tests.engines.mir.signals import CADENCE, RATE, clicks, tones


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    pytest.importorskip("mir_eval")
    folder = tmp_path / "made"
    folder.mkdir()
    beats = np.arange(0.5, 12, 0.5)
    soundfile.write(folder / "clicks.wav", clicks(beats.tolist(), 11.8).T, RATE)
    (folder / "clicks.beats").write_text("".join(f"{t} {i % 4 + 1}\n" for i, t in enumerate(beats)))
    soundfile.write(folder / "cadence.wav", tones(CADENCE, 1.5).T, RATE)
    (folder / "cadence.key").write_text("C major\n")
    (folder / "cadence.chords").write_text("0 1.5 C\n1.5 3 F\n3 4.5 G\n4.5 6 C\n")
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    arguments = [str(word) for word in words]
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
    app([*arguments, "--beside", "aubio", "--engines", "mir.chroma"], result_action="return_value", exit_on_error=False)


def test_all_of_it_is_there_as_json(
    songs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--folder", songs, "--json")
    data = json.loads(capsys.readouterr().out)
    means = data["table"][0]["means"]
    assert (data["table"][0]["collection"], data["table"][0]["tracker"]) == ("made", "mir.chroma")
    assert means["beat_f"]["mean"] == 1.0
    assert means["key"]["mean"] == 1.0
    assert means["majmin"]["mean"] > 0.9
    assert {row["output"] for row in data["delays"]} >= {"beats: beat", "chords: chord"}


def test_the_tables_go_between_the_marks_of_a_page(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "mir.md"
    marks = "".join(f"<!-- {name}: begin -->\nstale\n<!-- {name}: end -->\n" for name in ("scores", "delays"))
    page.write_text(f"before\n{marks}after\n")
    run(monkeypatch, "--folder", songs, "--into", page, "--json", "--songs", "clicks")
    text = page.read_text()
    assert "`python -m research.mir.evaluation --folder DIR --songs clicks`" in text
    assert "| made | mir.chroma | online | 1 | 1.00 |" in text
    assert "| mir.chroma | beats: beat |" in text
    assert "stale" not in text
    assert str(songs) not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert json.loads(capsys.readouterr().out)["not_run"]


def test_other_weights_are_measured_in_a_row_of_their_own(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("mir-rhythm.onnx", "mir-harmony.onnx"):
        (other / name).write_bytes((WEIGHTS / name).read_bytes())
    run(monkeypatch, "--folder", songs, "--songs", "clicks", "--weights", other, "--json")
    rows = json.loads(capsys.readouterr().out)["table"]
    assert [row["tracker"] for row in rows] == ["mir.chroma", "mir.standard, other", "sideman analyze, other"]
    assert rows[1]["means"]["beat_f"]["mean"] > 0.9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "songs from where?"),
        (("--folder", "nowhere"), "nowhere: no such folder"),
        (("--songs", "click"), "did you mean clicks?"),
    ],
)
def test_a_wrong_word_is_said(songs: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(BridgeError) as raised:
        run(monkeypatch, *words, *(("--folder", songs) if "--songs" in words else ()))
    assert said in str(raised.value)


def test_without_mir_eval_the_fix_is_printed_before_any_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mir_eval.beat", None)
    with pytest.raises(BridgeError, match="sideman\\[bench\\]"):
        run(monkeypatch)


def test_a_tracker_that_is_not_installed_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("essentia.standard", "madmom.features.downbeats", "BeatNet.BeatNet", "aubio"):
        monkeypatch.setitem(sys.modules, module, None)
    names = ["essentia", "madmom", "beatnet", "aubio"]
    found, reasons = make_installed_trackers(names)
    assert found == []
    assert [reason.split()[0] for reason in reasons] == names
    assert all("was not run" in reason for reason in reasons)

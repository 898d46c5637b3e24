"""``sideman export`` as a user types it: from nothing to sessions, and what is wrong with the options."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cyclopts import App

from bridge.errors import BridgeError
from export.dawproject.dawproject_check import check_dawproject
from export.export_command import export, parse_start
from tests.engines.backing.songs import wave
from tests.engines.mir.signals import RATE, band
from tests.export.sample_results import write_song_files

BPM = 112


def run(*words: object) -> int:
    app = App(name="sideman", result_action="return_value")
    app.command(export)
    status: int = app(["export", *map(str, words)], exit_on_error=False)
    return status


def test_a_song_becomes_a_session_with_stems_band_chords_and_tempo_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song = wave(tmp_path / "song ♫.wav", band(lambda beat: beat * 60 * RATE / BPM, 21))
    out = tmp_path / "out"
    words = (song, "--to", "dawproject,reaper,live,logic", "--profile", "dsp", "--parts", "drums,bass", "--out", out)
    assert run(*words) == 0
    printed = capsys.readouterr().out.replace("\n", "")
    names = ["song ♫ Live", "song ♫ Logic", "song ♫ Reaper", "song ♫.dawproject"]
    assert all(name in printed for name in names)
    assert sorted(path.name for path in out.iterdir()) == [".export.json", "results", *names]
    assert check_dawproject(out / "song ♫.dawproject") == []
    with zipfile.ZipFile(out / "song ♫.dawproject") as archive:
        audio = {name.removeprefix("audio/"): archive.read(name) for name in archive.namelist() if "audio" in name}
    stems = ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]
    assert sorted(audio) == sorted([*stems, "band bass.wav", "band drums.wav", "mix.wav"])
    for name in names[:3]:
        folder = out / name / "Audio"
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == audio
    total = np.sum([soundfile.read(folder / stem)[0] for stem in stems], axis=0)
    assert np.abs(total - soundfile.read(folder / "mix.wav")[0]).max() <= 1e-6
    project = (out / "song ♫ Reaper" / "song ♫.RPP").read_text(encoding="utf-8")
    tempi = [float(line.split()[2]) for line in project.splitlines() if line.strip().startswith("PT ")]
    assert np.median(tempi) == pytest.approx(BPM, abs=0.5)
    assert run(*words, "--json") == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["status"] == "skipped" and len(entry["sessions"]) == 4
    assert run(out, "--to", "reaper", "--out", out) == 1  # no song is in it: what was made is none
    assert "no song" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "protools"], "--to protools: no such format"),
        (["--to", ","], "no format is named"),
        (["--to", "live", "--format", "mp3"], "--format mp3: no such format"),
        (["--to", "live", "--start", "25:00:00"], "--start 25:00:00: is not within a day"),
        (["--to", "live", "--style", "polka"], "polka"),
        (["--to", "live", "--profile", "best"], "--profile best"),
        (["--to", "live", "--stems", "nowhere"], "--stems nowhere: is not there"),
    ],
)
def test_what_is_wrong_with_an_option_is_said_first(tmp_path: Path, words: list[str], said: str) -> None:
    song = write_song_files(tmp_path).song
    with pytest.raises(BridgeError, match=said):
        run(song, "--out", tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_given_stems_belong_to_one_song(tmp_path: Path) -> None:
    files = write_song_files(tmp_path)
    with pytest.raises(BridgeError, match="--stems: belongs to one song"):
        run(files.song, files.song, "--to", "live", "--stems", files.stems, "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("90.5", 90.5), ("2:03", 123.0), ("1:00:00", 3600.0), ("23:59:59.5", 86399.5)]
)
def test_a_start_is_hours_minutes_and_seconds(text: str, seconds: float) -> None:
    assert parse_start(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:60", "1:60:00", "-1", "1:2:3:4", "24:00:00", "nan"])
def test_what_is_no_time_of_the_day_is_refused(text: str) -> None:
    with pytest.raises(BridgeError, match="--start"):
        parse_start(text)

"""A chord sheet by its number, laid from the song's first bar on."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ConfigError
from engines.accompaniment.live_sheet import LiveSheet, find_sheet

SONG = "[verse]\n| C Am | F |\n[chorus]\n| G/B |"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    sheets = tmp_path / "sheets"
    sheets.mkdir()
    (sheets / "3 autumn.txt").write_text(SONG)
    (sheets / "12.txt").write_text("| Dm |")
    (sheets / "04-broken.txt").write_text("| Xyz |")
    (sheets / "31 no sheet.md").write_text("| C |")
    return sheets


def labels(chart: LiveSheet, beats: range) -> list[str]:
    results = [chart.find_bar(beat) for beat in beats]
    return [one[1].label if one is not None else "-" for one in results]


def test_the_sheet_is_laid_from_beat_0_on_and_again_and_again(folder: Path) -> None:
    chart = LiveSheet()
    chart.select(3)
    once = ["C", "C", "Am", "Am", "F", "F", "F", "F", "G/B", "G/B", "G/B", "G/B"]
    assert labels(chart, range(24)) == once * 2
    assert labels(chart, range(-3, 1)) == ["-", "-", "-", "C"]
    due = chart.find_bar(20)
    assert due is not None
    assert (due[0].section, due[0].position) == ("chorus", 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_sheet_that_notepad_saved_is_played(encoding: str, folder: Path) -> None:
    (folder / "5.txt").write_bytes("| E(b9) |\r\n| B♭7 |\r\n".encode(encoding))
    chart = LiveSheet()
    chart.select(5)
    assert labels(chart, range(8)) == ["E7"] * 4 + ["Bb7"] * 4


def test_a_number_is_found_at_the_start_of_a_name_and_nowhere_else(folder: Path) -> None:
    assert find_sheet(3).name == "3 autumn.txt"
    assert find_sheet(12).name == "12.txt"
    assert find_sheet(4).name == "04-broken.txt"
    for missing in (1, 2, 31):
        with pytest.raises(ConfigError, match=f"no chord sheet {missing}"):
            find_sheet(missing)


@pytest.mark.parametrize(("number", "said"), [(4, "line 1, column 3"), (9, "save one there as '9 name.txt'")])
def test_what_cannot_be_read_is_none_and_is_logged(
    folder: Path, caplog: pytest.LogCaptureFixture, number: int, said: str
) -> None:
    chart = LiveSheet()
    chart.select(3)
    with caplog.at_level(logging.WARNING):
        chart.select(number)
    assert chart.find_bar(0) is None
    assert said in caplog.text


def test_a_file_is_read_when_its_number_is_chosen_and_its_state_needs_no_file(folder: Path) -> None:
    chart, other = LiveSheet(), LiveSheet()
    chart.select(3)
    (folder / "3 autumn.txt").write_text("| Bb |")
    chart.select(3)
    other.restore(chart.state())
    (folder / "3 autumn.txt").unlink()
    other.select(3)
    assert labels(chart, range(12)) == labels(other, range(12))
    assert labels(chart, range(1)) == ["C"]
    chart.select(0)
    assert labels(chart, range(1)) == ["-"]

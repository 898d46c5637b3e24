from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bridge.config import CONFIG_HOME_VARIABLE, user_dir
from engines.accompaniment.sheet import read_sheet
from research.accompaniment.evaluation.harmony import cut_notes, measure_in_chord, measure_roots_at_changes
from research.accompaniment.evaluation.sheets import format_sheet, install_sheet, play_from_sheet
from research.accompaniment.songs import make_segment
from tests.research.accompaniment.evaluation.made import song


def test_a_sheet_has_each_beats_chord() -> None:
    spans = (
        make_segment(0.0, 2.0, (48, 52, 55)),
        make_segment(2.0, 2.5, (40, 48, 55)),
        make_segment(5.0, 2.0, (42, 45, 49)),
    )
    sheet = read_sheet(format_sheet(replace(song(2), spans=spans)))
    labels = [chord.label for bar in sheet.sections[0].bars for chord in bar]
    assert labels == ["C", "C", "C/E", "C/E", "C/E", "Gbm", "Gbm", "N"]
    assert (sheet.beats, sheet.tempo) == (4, 120.0)


@pytest.mark.parametrize("before", [None, "/nowhere"])
def test_the_users_own_folder_is_back_when_the_song_is_over(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CONFIG_HOME_VARIABLE, raising=False)
    if before:
        monkeypatch.setenv(CONFIG_HOME_VARIABLE, before)
    with install_sheet(song(2)):
        (sheet,) = (user_dir() / "sheets").iterdir()
    assert not sheet.exists()
    assert os.environ.get(CONFIG_HOME_VARIABLE) == before


def test_from_its_sheet_the_band_plays_chords_that_were_not_reported() -> None:
    one = song(4)
    sounds = play_from_sheet(one, [], {})
    assert measure_in_chord(cut_notes(one, sounds)) > 0.95
    assert measure_roots_at_changes(one, sounds) == 1.0

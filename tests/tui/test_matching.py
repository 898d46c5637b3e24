"""Matching of typed words with names: any words of a name, and errors with the nearest."""

from __future__ import annotations

import pytest

from tests.tui.rig import sidecar_registry
from tui.text.matching import UnclearError, find_one

NAMES = [control.name for control in sidecar_registry().controls]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mute vocals", "stems.vocals.mute"),
        ("vocals mute", "stems.vocals.mute"),
        ("voc mut", "stems.vocals.mute"),
        ("band drums mute", "accompaniment.band.drums.mute"),
        ("drums mute", "stems.drums.mute"),
        ("style", "accompaniment.band.style"),
        ("stems.vocals.gain_db", "stems.vocals.gain_db"),
        ("GAIN Vocals", "stems.vocals.gain_db"),
    ],
)
def test_any_words_of_a_name_find_it(typed: str, name: str) -> None:
    assert find_one(typed.split(), NAMES, str, "control") == name


def test_words_that_fit_several_alike_name_them() -> None:
    with pytest.raises(UnclearError, match=r"may mean stems\.drums\.mute, stems\.bass\.mute.*add a word"):
        find_one(["mute"], NAMES, str, "control")


@pytest.mark.parametrize(
    ("typed", "near"), [("mute voclas", "vocals"), ("intensty", "intensity"), ("qqq", "called qqq$")]
)
def test_words_that_fit_nothing_name_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(UnclearError, match=near):
        find_one(typed.split(), NAMES, str, "control")

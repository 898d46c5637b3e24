"""Target search: the words that a producer would type find the control that is meant."""

from __future__ import annotations

import pytest

from bridge.app import make_registry
from bridge.controllers.learning.learn_target import parse_target
from bridge.controllers.learning.target_search import Learnable, find_targets
from bridge.core.control import Action, Control
from bridge.settings import Settings

REGISTRY = make_registry(Settings())
ITEMS = [
    Learnable(one.name, one.doc, one.choices if isinstance(one, Control) else (), getattr(one, "argument", ""))
    for one in REGISTRY
    if isinstance(one, Control | Action)
]


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("vocals", "stems.vocals.gain_db"),
        ("Vocals", "stems.vocals.gain_db"),
        ("vocal", "stems.vocals.gain_db"),
        ("vocls", "stems.vocals.gain_db"),
        ("vocals gain", "stems.vocals.gain_db"),
        ("fader 3 is vocals", "stems.vocals.gain_db"),
        ("volume of the vocals", "stems.vocals.gain_db"),
        ("stems.vocals.gain_db", "stems.vocals.gain_db"),
        ("/stems/vocals/gain_db", "stems.vocals.gain_db"),
        ("stems.vocals.gain_db -6", "stems.vocals.gain_db -6"),
        ("bass", "stems.bass.gain_db"),
        ("mute vocals", "stems.vocals.mute"),
        ("solo drums", "stems.drums.solo"),
        ("style", "accompaniment.band.style"),
        ("style funk", "accompaniment.band.style funk"),
        ("funk", "accompaniment.band.style funk"),
        ("verse", "accompaniment.band.section verse"),
        ("intensity", "accompaniment.band.intensity"),
        ("swing", "accompaniment.band.swing"),
        ("panic", "transport.panic"),
        ("fill", "accompaniment.band.fill"),
        ("drop out", "accompaniment.band.dropout"),
        ("preset Karaoke", "preset.load Karaoke"),
        ("mute keys", "accompaniment.band.keys.mute"),
        ("tempo mode", "mir.tempo.mode"),
    ],
)
def test_the_words_find_the_one_that_is_meant(words: str, target: str) -> None:
    assert find_targets(words, ITEMS) == [target]
    parse_target(REGISTRY, target)


def test_words_that_fit_several_find_them_all() -> None:
    assert find_targets("mute bass", ITEMS) == ["stems.bass.mute", "accompaniment.band.bass.mute"]


@pytest.mark.parametrize("words", ["harpsichord", "", "xyz vocals", "..."])
def test_words_that_fit_nothing_find_nothing(words: str) -> None:
    assert find_targets(words, ITEMS) == []


def test_every_name_finds_itself_alone() -> None:
    for item in ITEMS:
        assert find_targets(item.name, ITEMS) == [item.name]

"""Target search: the words that a producer would type find the control that is meant."""

from __future__ import annotations

import re

import pytest

from bridge.controllers.learning.learn_target import parse_target
from bridge.controllers.learning.target_search import Learnable, explain_miss, find_targets
from bridge.core.control import Action, Control
from bridge.installed_controls import make_registry
from bridge.settings import Settings

REGISTRY = make_registry(Settings())


def list_choices(item: Control | Action) -> tuple[str, ...]:
    if isinstance(item, Control):
        return item.choices
    return ("drumless", "karaoke") if item.name == "preset.load" else ()


ITEMS = [
    Learnable(one.name, one.doc, list_choices(one), getattr(one, "argument", ""))
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
        ("preset Karaoke", "preset.load karaoke"),
        ("mute keys", "accompaniment.band.keys.mute"),
        ("tempo mode", "mir.tempo.mode"),
        ("vocals -6", "stems.vocals.gain_db -6"),
        ("vocals gain -3.5 dB", "stems.vocals.gain_db -3.5"),
        ("intensity 0.8", "accompaniment.band.intensity 0.8"),
        ("vox", "stems.vocals.gain_db"),
        ("mute voice", "stems.vocals.mute"),
        ("style lofi", "accompaniment.band.style lo-fi"),
        ("lo-fi", "accompaniment.band.style lo-fi"),
        ("section vers", "accompaniment.band.section verse"),
        ("karaoke", "preset.load karaoke"),
        ("preset KARAOKE", "preset.load karaoke"),
        ("preset mine", "preset.load mine"),
        ("synth gain", "synth.gain_db"),
    ],
)
def test_the_words_find_the_one_that_is_meant(words: str, target: str) -> None:
    assert find_targets(words, ITEMS) == [target]
    parse_target(REGISTRY, target)


def test_words_that_fit_several_find_them_all() -> None:
    assert find_targets("mute bass", ITEMS) == ["stems.bass.mute", "accompaniment.band.bass.mute"]


@pytest.mark.parametrize("words", ["gain", "volume", "fader", "fadr", "level", "fader 3"])
def test_a_word_that_many_names_have_finds_them_all(words: str) -> None:
    gains = [one.name for one in ITEMS if one.name.endswith("gain_db")]
    assert len(gains) >= 5
    assert sorted(find_targets(words, ITEMS)) == sorted(gains)


@pytest.mark.parametrize(
    ("words", "problem", "fix"),
    [
        ("style polka", "style has no polka", "it has .*funk.*jazz"),
        ("polka style", "style has no polka", "it has .*funk.*jazz"),
        ("preset", "preset.load: which name?", "write it behind: drumless, karaoke"),
        ("harpsichord", "nothing is called 'harpsichord'", "sideman learn lists"),
        ("style polka waltz", "nothing is called", "sideman learn lists"),
        ("", "nothing is called ''", "sideman learn lists"),
    ],
)
def test_words_that_mean_nothing_are_answered_with_what_there_is(words: str, problem: str, fix: str) -> None:
    assert find_targets(words, ITEMS) == []
    said, hint = explain_miss(words, ITEMS)
    assert problem in said
    assert re.match(fix, hint)


@pytest.mark.parametrize("words", ["harpsichord", "", "xyz vocals", "..."])
def test_words_that_fit_nothing_find_nothing(words: str) -> None:
    assert find_targets(words, ITEMS) == []


def test_every_name_finds_itself_alone() -> None:
    for item in ITEMS:
        assert find_targets(item.name, ITEMS) == [item.name]

"""Mix of the shipped styles, as far as their messages say: pans that balance, kicks that carry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Bar, PartState
from engines.accompaniment.style import ROLES, load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
from engines.synth.channels import PAN_CENTRE
from tests.engines.accompaniment.playing import STRAIGHT, song

KICK_VELOCITY = 80
"""Least median velocity of a kick in a chorus: 8 dB below the loudest in a sound font."""


@pytest.mark.parametrize("name", SHIPPED_STYLES)
def test_low_parts_are_in_the_middle_and_keys_and_guitar_apart(name: str) -> None:
    pans = {part: style.pan - PAN_CENTRE for part, style in load_style(find_style(name)).parts.items()}
    assert pans["drums"] == 0
    assert abs(pans["bass"]) <= 8
    assert abs(pans["keys"] - pans["guitar"]) >= 10
    assert pans["keys"] * pans["guitar"] <= 0 or name == "orchestral"  # horns and harp sit on one side of a stage


@pytest.mark.parametrize("name", SHIPPED_STYLES)
def test_the_kick_is_hit_hard_in_a_chorus(name: str) -> None:
    style, kicks = load_style(find_style(name)), list[int]()
    for number in range(8):
        bar = Bar(number, song()[5].chords, intensity=0.8)
        notes, _ = PARTS["drums"](bar, style, replace(STRAIGHT, humanise=0.3), PartState())
        kicks += sorted(note.velocity for note in notes if note.pitch == ROLES["kick"])
    if kicks:
        assert sorted(kicks)[len(kicks) // 2] >= KICK_VELOCITY

"""Sounds drawn for the synthesiser."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from research.datasets.patches import BASSES, KEYS, Kind, draw_bass_patch, draw_keys_patch
from research.datasets.symbolic import TuneNote
from research.datasets.synths import SynthPatch


def assert_within(patch: SynthPatch, kind: Kind) -> None:
    drawn, usual = asdict(patch), asdict(SynthPatch(patch.name))
    for setting, value in kind.items():
        if isinstance(value, tuple):
            assert value[0] <= drawn[setting] <= value[1]
        else:
            assert drawn[setting] in (value if isinstance(value, list) else [value])
    assert all(drawn[setting] == usual[setting] for setting in usual.keys() - kind.keys())


@pytest.mark.parametrize("kind", KEYS)
def test_a_kind_of_keys_has_its_settings_within_their_bounds_and_else_the_usual(kind: str) -> None:
    for seed in range(20):
        patch = draw_keys_patch(np.random.default_rng(seed), kind)
        assert patch.name == f"synth-{kind}"
        assert_within(patch, KEYS[kind])


def test_every_kind_of_bass_is_drawn_within_its_bounds() -> None:
    patches = [draw_bass_patch(np.random.default_rng(seed)) for seed in range(100)]
    assert {patch.name for patch in patches} == {f"synth-{kind}" for kind in BASSES}
    for patch in patches:
        assert_within(patch, BASSES[patch.name.removeprefix("synth-")])


def test_a_seed_gives_one_sound() -> None:
    assert draw_bass_patch(np.random.default_rng(7)) == draw_bass_patch(np.random.default_rng(7))
    assert draw_bass_patch(np.random.default_rng(7)) != draw_bass_patch(np.random.default_rng(8))


def test_the_same_seed_gives_the_same_sound_even_of_noise() -> None:
    patch = SynthPatch("breath", noise=0.5)
    notes = [TuneNote(0.0, 1.0, 60, 0.8)]
    first, second = (patch.perform(notes, 0.5, 0.6, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.abs(first).max() > 0.01

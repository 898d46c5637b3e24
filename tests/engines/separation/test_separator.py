"""A live engine as a separator: in pieces as in one, and from its state."""

from __future__ import annotations

import numpy as np

from engines.separation.dsp import DspSeparation
from engines.separation.separator import EngineSeparator, ResumableSeparator, Separator, StreamableSeparator
from tests.engines.separation.offline.separators import RATE, noise


def test_an_engine_is_a_resumable_separator() -> None:
    separator = EngineSeparator(DspSeparation())
    assert isinstance(separator, Separator)
    assert isinstance(separator, StreamableSeparator)
    assert isinstance(separator, ResumableSeparator)


def test_in_pieces_it_is_the_whole_to_the_bit_and_sums_to_the_mix() -> None:
    mix, separator = noise(RATE // 2), EngineSeparator(DspSeparation())
    whole = separator.separate(mix, RATE)
    separator.begin(RATE)
    parts = [separator.push(mix[:, at : at + 1000]) for at in range(0, mix.shape[1], 1000)]
    assert np.array_equal(np.concatenate([*parts, separator.finish()], axis=2), whole)
    assert np.max(np.abs(whole.sum(axis=0) - mix)) < 1e-6


def test_it_goes_on_from_its_state_in_another_engine_to_the_bit() -> None:
    mix, cut = noise(RATE // 2), 10_001
    first, again = EngineSeparator(DspSeparation()), EngineSeparator(DspSeparation())
    first.begin(RATE)
    begun = first.push(mix[:, :cut])
    again.restore(RATE, first.state())
    ended = np.concatenate([begun, again.push(mix[:, cut:]), again.finish()], axis=2)
    assert np.array_equal(ended, first.separate(mix, RATE))

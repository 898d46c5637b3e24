"""Pieces with context on both sides: no seam is audible, no memory grows."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from engines.separation.offline.overlap_add import GRID, OverlapAddSeparator
from engines.separation.separator import ResumableSeparator
from tests.engines.separation.offline.separators import RATE, Filters, Loudness, db, noise


def small(separator: Filters | Loudness) -> OverlapAddSeparator:
    """Pieces of 24576 frames, context of 8192 and fades of 4096."""
    return OverlapAddSeparator(separator, piece_s=0.5, context_s=0.2, fade_s=0.1)


def in_blocks(separator: ResumableSeparator, mix: Audio, block: int) -> Audio:
    separator.begin(RATE)
    parts = [separator.push(mix[:, at : at + block]) for at in range(0, mix.shape[1], block)]
    return np.concatenate([*parts, separator.finish()], axis=2)


def test_the_seams_of_a_linear_separator_lie_below_minus_80_db() -> None:
    mix, filters = noise(5 * RATE), Filters(reach=4000)
    assert db(small(filters).separate(mix, RATE), filters.separate(mix, RATE)) < -100.0


def test_with_the_usual_lengths_the_seams_lie_below_minus_80_db() -> None:
    mix, filters = noise(80 * 8000), Filters()
    assert db(OverlapAddSeparator(filters).separate(mix, 8000), filters.separate(mix, 8000)) < -100.0


def test_what_sums_to_the_mix_in_pieces_sums_to_it_over_the_seams() -> None:
    swelling = noise(3 * RATE) * np.linspace(0.1, 5.0, 3 * RATE, dtype=np.float32)
    stems = small(Loudness()).separate(swelling, RATE)
    assert np.max(np.abs(stems.sum(axis=0) - swelling)) < 1e-6


def test_a_separator_that_hears_levels_changes_without_a_step() -> None:
    swelling = np.linspace(0.1, 1.0, 3 * RATE, dtype=np.float32) * np.ones((2, 1), np.float32)
    drums = small(Loudness()).separate(swelling, RATE)[0]
    assert np.max(np.abs(np.diff(drums))) < 2e-4


@pytest.mark.parametrize("frames", [1, 4096, 36863, 36864, 36865, 40960, 45056, 61440, 61441, 100_000])
def test_as_many_frames_come_out_as_went_in(frames: int) -> None:
    mix = noise(frames)
    stems = small(Filters(reach=100)).separate(mix, RATE)
    assert stems.shape == (len(STEMS), 2, frames)
    assert np.max(np.abs(stems.sum(axis=0) - mix)) < 1e-6


def test_nothing_gives_nothing() -> None:
    assert small(Filters()).separate(noise(0), RATE).shape == (len(STEMS), 2, 0)


def test_a_song_that_fits_in_a_piece_is_separated_as_a_whole() -> None:
    mix, loudness = noise(20_000), Loudness()
    assert np.array_equal(small(loudness).separate(mix, RATE), loudness.separate(mix, RATE))


def test_blocks_of_any_size_give_the_same_bits() -> None:
    mix, filters = noise(3 * RATE), Filters()
    whole = small(filters).separate(mix, RATE)
    for block in (4410, 50_001):
        assert np.array_equal(in_blocks(small(filters), mix, block), whole)


def test_it_goes_on_from_its_state_to_the_same_bits() -> None:
    mix, cut = noise(3 * RATE), 70_000
    first = small(Filters())
    first.begin(RATE)
    begun = first.push(mix[:, :cut])
    state = first.state()
    again = small(Filters())
    again.restore(RATE, state)
    ended = np.concatenate([begun, again.push(mix[:, cut:]), again.finish()], axis=2)
    assert np.array_equal(ended, small(Filters()).separate(mix, RATE))


def test_pieces_start_on_the_raster_of_transforms() -> None:
    starts: list[int] = []

    class Spy(Filters):
        def separate(self, mix: Audio, rate: int) -> Audio:
            starts.append(int(mix[0, 0]))
            return super().separate(mix, rate)

    counted = np.arange(3 * RATE, dtype=np.float32) * np.ones((2, 1), np.float32)
    small(Spy()).separate(counted, RATE)
    assert len(starts) > 4
    assert all(start % GRID == 0 for start in starts)


def test_all_pieces_but_those_at_the_start_have_one_length_within_a_raster() -> None:
    lengths: list[int] = []

    class Spy(Filters):
        def separate(self, mix: Audio, rate: int) -> Audio:
            lengths.append(mix.shape[1])
            return super().separate(mix, rate)

    small(Spy()).separate(noise(3 * RATE), RATE)
    assert max(lengths[1:]) - min(lengths[1:]) < GRID


def test_what_it_holds_does_not_grow_with_the_song() -> None:
    pieces = small(Filters(reach=100))
    pieces.begin(RATE)
    held = []
    for i in range(40):
        pieces.push(noise(RATE // 4, seed=i))
        held.append(pieces.state()["input"].nbytes)
    assert max(held[20:]) <= max(held[:20])


def test_a_separator_that_loses_frames_is_named() -> None:
    class Short(Filters):
        name = "short"

        def separate(self, mix: Audio, rate: int) -> Audio:
            return super().separate(mix, rate)[:, :, 1:]

    with pytest.raises(EngineError, match="short: gave stems of shape"):
        small(Short()).separate(noise(RATE), RATE)

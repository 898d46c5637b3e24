"""Any sampling rate: aligned to the frame, whole, and summing to the mix."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from bridge.core.engine import State
from engines.offline.rates import StreamResampler, choose_rate
from engines.separation.offline.resampled_separator import ResampledSeparator
from tests.engines.separation.offline.separators import Filters, Late, db, noise

RATES = (8000, 11025, 22050, 32000, 44056, 48000, 88200, 96000, 192_000)


def at_44100() -> ResampledSeparator:
    return ResampledSeparator(Late(rates=(44100,)))


@pytest.mark.parametrize("rate", RATES)
def test_an_impulse_comes_out_at_the_frame_where_it_went_in(rate: int) -> None:
    mix = np.zeros((2, round(2.3 * rate)), np.float32)
    at = round(1.1 * rate)
    mix[:, at] = 1.0
    drums = at_44100().separate(mix, rate)[0]
    assert drums.shape == mix.shape
    assert np.argmax(np.abs(drums[0])) == at
    around = np.abs(drums[0, at - 40 : at + 41])
    assert np.allclose(around, around[::-1], atol=1e-4 * around.max())  # a delay of a part of a frame would lean


@pytest.mark.parametrize("rate", RATES)
def test_the_stems_sum_to_the_mix_at_its_own_rate(rate: int) -> None:
    mix = noise(round(2.3 * rate) + 7)
    stems = at_44100().separate(mix, rate)
    assert stems.shape[1:] == mix.shape
    assert np.max(np.abs(stems.sum(axis=0) - mix)) < 1e-6


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 6, 10_007])
@pytest.mark.parametrize("rate", [8000, 96_000, 192_000])
def test_as_many_frames_come_out_as_went_in(rate: int, frames: int) -> None:
    mix = noise(frames)
    stems = at_44100().separate(mix, rate)
    assert stems.shape == (4, 2, frames)
    assert np.max(np.abs(stems.sum(axis=0) - mix), initial=0.0) < 1e-6


def test_what_lies_above_the_separator_s_treble_is_in_other_alone() -> None:
    high = np.tile(np.sin(2 * np.pi * 30_000 / 96_000 * np.arange(96_000)), (2, 1)).astype(np.float32)
    drums, _, _, other = at_44100().separate(high, 96_000)
    inner = slice(2000, -2000)
    assert np.max(np.abs(drums[:, inner])) < 1e-4
    assert np.max(np.abs(other[:, inner] - high[:, inner])) < 1e-4


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48000, 44100), (44100, 48000), (192_000, 44100), (8000, 48000)])
def test_the_seams_of_resampling_lie_below_minus_110_db(from_hz: int, to_hz: int) -> None:
    sound = noise(round(3.7 * from_hz))
    pieces = StreamResampler(from_hz, to_hz, 2)
    joined = np.concatenate([pieces.push(sound[:, :99_999]), pieces.push(sound[:, 99_999:]), pieces.finish()], axis=1)
    whole = soxr.resample(sound.T, from_hz, to_hz, quality="VHQ").T
    assert joined.shape == whole.shape
    assert db(joined, whole) < -110.0


def test_it_goes_on_from_its_state_to_the_same_bits() -> None:
    mix, cut = noise(48000 * 4), 100_000
    first, again = at_44100(), at_44100()
    first.begin(48000)
    begun = first.push(mix[:, :cut])
    state = first.state()
    assert state is not None
    again.restore(48000, {key: array.copy() for key, array in state.items()})
    ended = np.concatenate([begun, again.push(mix[:, cut:]), again.finish()], axis=2)
    assert np.array_equal(ended, at_44100().separate(mix, 48000))


def test_blocks_of_any_size_give_the_same_bits() -> None:
    mix = noise(96_000 * 3)
    blocks = at_44100()
    blocks.begin(96_000)
    parts = [blocks.push(mix[:, at : at + 12_345]) for at in range(0, mix.shape[1], 12_345)]
    assert np.array_equal(np.concatenate([*parts, blocks.finish()], axis=2), at_44100().separate(mix, 96_000))


def test_at_a_rate_that_the_separator_knows_nothing_is_touched() -> None:
    mix = noise(50_000)
    assert np.array_equal(at_44100().separate(mix, 44100), Late().separate(mix, 44100))


def test_a_state_that_cannot_be_read_is_none() -> None:
    class Secret(Late):
        def state(self) -> State | None:
            return None

    secret = ResampledSeparator(Secret(rates=(44100,)))
    secret.begin(48000)
    assert secret.state() is None


@pytest.mark.parametrize(
    ("rates", "rate", "own"),
    [
        ((44100, 48000), 44100, 44100),
        ((44100, 48000), 48000, 48000),
        ((44100, 48000), 96_000, 48000),
        ((44100, 48000), 88_200, 44100),
        ((44100, 48000), 192_000, 48000),
        ((44100, 48000), 8000, 48000),
        ((44100, 48000), 11025, 44100),
        ((44100,), 48000, 44100),
        ((16_000, 44100), 96_000, 44100),
        ((16_000, 44100), 8000, 16_000),
        ((), 44100, 44100),
        ((), 48000, 48000),
        ((), 8000, 48000),
        ((), 192_000, 48000),
    ],
)
def test_the_rate_inside_loses_no_treble_that_can_be_kept_and_is_a_simple_ratio(
    rates: tuple[int, ...], rate: int, own: int
) -> None:
    assert choose_rate(rates, rate) == own


def test_a_separator_without_other_is_resampled_as_well() -> None:
    class Voice(Late):
        stems = ("drums", "bass", "vocals", "rest")

    assert ResampledSeparator(Voice(rates=(44100,))).separate(noise(9600), 96_000).shape == (4, 2, 9600)
    assert Filters().stems[-1] == "other"

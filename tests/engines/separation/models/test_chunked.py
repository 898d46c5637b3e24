"""Any length through a network of one length: alignment, seams, stem order, rest, normalisation."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.errors import ModelError
from engines.separation.models.chunked import PieceSeparator, order_stems
from engines.separation.separator import Separator
from tests.engines.separation.models.graphs import noise, stem

GAINS = {"vocals": 0.5, "drums": 0.25}


class Gains:
    """Every stem is its gain times the mix; pieces are noted."""

    def __init__(self, gains: dict[str, float], piece_frames: int = 100, fixed: bool = True) -> None:
        self._gains, self._piece_frames, self._fixed = gains, piece_frames, fixed
        self.pieces: list[Audio] = []

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(self._gains)

    @property
    def piece_frames(self) -> int:
        return self._piece_frames

    @property
    def fixed(self) -> bool:
        return self._fixed

    def apply(self, mix: Audio) -> Audio:
        self.pieces.append(mix.copy())
        return np.stack([gain * mix for gain in self._gains.values()]).astype(np.float32)


class Offset(Gains):
    """As gains, with a slope over each piece, so that pieces differ where they overlap."""

    def apply(self, mix: Audio) -> Audio:
        return super().apply(mix) + np.linspace(0.0, 1.0, mix.shape[1], dtype=np.float32)


@pytest.mark.parametrize("frames", [1, 2, 99, 100, 101, 174, 175, 176, 1000])
def test_any_length_comes_back_aligned(frames: int) -> None:
    separator, mix = PieceSeparator("test", 44100, Gains(GAINS)), noise(frames)
    stems = separator.separate(mix, 44100)
    assert stems.shape == (3, 2, frames)
    np.testing.assert_allclose(stem(separator, stems, "vocals"), 0.5 * mix, atol=1e-7)
    np.testing.assert_allclose(stem(separator, stems, "drums"), 0.25 * mix, atol=1e-7)


def test_it_is_a_separator() -> None:
    separator = PieceSeparator("test", 48000, Gains(GAINS))
    assert isinstance(separator, Separator)
    assert (separator.name, separator.rates, separator.piece_frames, separator.context_frames) == (
        "test",
        (48000,),
        100,
        25,
    )


def test_every_piece_has_the_network_s_length_and_none_hears_padding() -> None:
    network = Gains(GAINS)
    PieceSeparator("test", 44100, network).separate(noise(333) + 1.0, 44100)
    assert {piece.shape for piece in network.pieces} == {(2, 100)}
    assert all((piece != 0.0).all() for piece in network.pieces)


@pytest.mark.parametrize(("at_end", "first"), [(False, 45), (True, 0)])
def test_a_short_mix_is_padded_on_both_sides_or_behind_it(at_end: bool, first: int) -> None:
    network = Gains(GAINS)
    separator = PieceSeparator("test", 44100, network, padded_at_end=at_end)
    stems = separator.separate(np.ones((2, 10), np.float32), 44100)
    assert np.flatnonzero(network.pieces[0][0]).tolist() == list(range(first, first + 10))
    np.testing.assert_allclose(stem(separator, stems, "vocals"), 0.5)


def test_a_network_that_takes_shorter_pieces_is_given_no_padding() -> None:
    network = Gains(GAINS, fixed=False)
    PieceSeparator("test", 44100, network).separate(noise(10), 44100)
    assert network.pieces[0].shape == (2, 10)


def test_pieces_blend_without_a_step() -> None:
    separator = PieceSeparator("test", 44100, Offset({"vocals": 0.0}))
    vocals = stem(separator, separator.separate(np.zeros((2, 1000), np.float32), 44100), "vocals")
    # the slope falls by 1 at each cut where pieces are only put side by side; blended over 25 frames it falls by 1/25
    assert np.abs(np.diff(vocals)).max() < 0.08


def test_stems_come_in_the_order_of_the_four_with_further_ones_after() -> None:
    gains = {"piano": 0.1, "vocals": 0.2, "other": 0.1, "bass": 0.2, "guitar": 0.1, "drums": 0.3}
    separator, mix = PieceSeparator("test", 44100, Gains(gains)), noise(300)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("drums", "bass", "vocals", "other", "piano", "guitar")
    for name, gain in gains.items():
        np.testing.assert_allclose(stem(separator, stems, name), gain * mix, atol=1e-7)


def test_the_rest_is_the_mix_minus_all_others() -> None:
    separator, mix = PieceSeparator("test", 44100, Gains(GAINS)), noise(300)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("drums", "vocals", "other")
    np.testing.assert_allclose(stem(separator, stems, "other"), 0.25 * mix, atol=1e-7)
    np.testing.assert_allclose(stems.sum(axis=0), mix, atol=1e-6)


def test_the_rest_may_be_another_stem_than_other() -> None:
    separator, mix = PieceSeparator("test", 44100, Gains({"other": 0.75}), rest="vocals"), noise(300)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("vocals", "other")
    np.testing.assert_allclose(stem(separator, stems, "vocals"), 0.25 * mix, atol=1e-7)


def test_a_normalised_network_hears_the_mono_mix_with_mean_0_and_deviation_1() -> None:
    network = Gains(dict.fromkeys(STEMS, 0.25))
    mix = 0.01 * noise(100) + 0.3
    stems = PieceSeparator("test", 44100, network, normalisation="mix").separate(mix, 44100)
    mono = network.pieces[0].mean(axis=0)
    assert abs(mono.mean()) < 1e-3
    assert abs(mono.std() - 1.0) < 1e-4
    np.testing.assert_allclose(stems.sum(axis=0), mix, atol=1e-6)
    np.testing.assert_allclose(stems[0], 0.25 * (mix - mix.mean()), atol=1e-6)


def test_a_normalised_silence_stays_silent() -> None:
    separator = PieceSeparator("test", 44100, Gains(GAINS), normalisation="mix")
    assert not separator.separate(np.zeros((2, 300), np.float32), 44100).any()


def test_mono_on_both_channels_comes_back_mono() -> None:
    mono = np.repeat(noise(300)[:1], 2, axis=0)
    stems = PieceSeparator("test", 44100, Gains(GAINS)).separate(mono, 44100)
    np.testing.assert_array_equal(stems[:, 0], stems[:, 1])


def test_what_is_not_finite_is_taken_for_silence() -> None:
    mix = noise(300)
    clean = mix.copy()
    clean[0, 7] = clean[1, 8] = 0.0
    mix[0, 7], mix[1, 8] = np.nan, np.inf
    separator = PieceSeparator("test", 44100, Gains(GAINS))
    np.testing.assert_array_equal(separator.separate(mix, 44100), separator.separate(clean, 44100))


def test_a_network_that_gives_nan_is_an_error() -> None:
    with pytest.raises(ModelError, match="test: gave numbers that are not finite"):
        PieceSeparator("test", 44100, Gains({"vocals": float("nan")})).separate(noise(300), 44100)


@pytest.mark.parametrize("shape", [(1, 100), (2, 0), (100,), (8, 100)])
def test_a_mix_that_is_no_stereo_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="a mix of shape"):
        PieceSeparator("test", 44100, Gains(GAINS)).separate(np.zeros(shape, np.float32), 44100)


def test_another_rate_is_refused() -> None:
    with pytest.raises(ModelError, match="the mix is at 48000 Hz, the model at 44100 Hz"):
        PieceSeparator("test", 44100, Gains(GAINS)).separate(noise(10), 48000)


def test_order_drops_what_is_named_twice() -> None:
    assert order_stems(("piano", "other", "drums", "other", "piano")) == ("drums", "other", "piano")

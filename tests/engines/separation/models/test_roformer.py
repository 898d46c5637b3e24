"""BS-RoFormer and Mel-RoFormer: spectra in two tensors or one, whole masks and masks of bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.errors import ModelError
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import noise, open_separator, stem

SMALL = {"window": 64, "hop": 16}
FOUR = ("drums", "bass", "other", "vocals")
BINS = 33


def without_offset(mix: Audio) -> Audio:
    """``mix`` with nothing in bin 0 of a window of 64: a tone far above it."""
    tone = np.sin(2 * np.pi * np.arange(mix.shape[1]) * 12 / 64)
    return np.stack([0.3 * tone, 0.1 * tone]).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 160, 777])
def test_two_tensors_give_each_stem_s_spectrum(tmp_path: Path, frames: int) -> None:
    path = graphs.pair(tmp_path / "m.onnx", (1, 2, BINS, 21), (0.1, 0.2, 0.3, 0.4))
    separator, mix = open_separator(path, "roformer", FOUR, **SMALL), noise(frames)
    assert separator.piece_frames == 320
    stems = separator.separate(mix, 44100)
    for name, gain in zip(FOUR, (0.1, 0.2, 0.3, 0.4), strict=True):
        np.testing.assert_allclose(stem(separator, stems, name), gain * mix, atol=1e-6)
    np.testing.assert_allclose(stems.sum(axis=0), mix, atol=1e-6)


def test_public_shapes_make_pieces_of_eight_seconds(tmp_path: Path) -> None:
    fixed = graphs.pair(tmp_path / "a.onnx", (1, 2, 1025, 801), (1.0,))
    free = graphs.pair(tmp_path / "b.onnx", (1, 2, 1025, "columns"), (1.0,))
    assert open_separator(fixed, "roformer", ["vocals"]).piece_frames == 352800
    assert open_separator(free, "roformer", ["vocals"]).piece_frames == 352800


def test_an_open_length_takes_short_pieces(tmp_path: Path) -> None:
    path = graphs.pair(tmp_path / "m.onnx", (1, 2, BINS, "columns"), (0.5,))
    separator, mix = open_separator(path, "roformer", ["vocals"], piece=400, **SMALL), noise(100)
    assert not separator._network.fixed
    np.testing.assert_allclose(stem(separator, separator.separate(mix, 44100), "vocals"), 0.5 * mix, atol=1e-6)


def test_a_vocal_model_leaves_the_rest_to_other(tmp_path: Path) -> None:
    path = graphs.pair(tmp_path / "m.onnx", (1, 2, BINS, 21), (0.25,))
    separator, mix = open_separator(path, "roformer", ["vocals"], **SMALL), noise(500)
    assert separator.stems == ("vocals", "other")
    np.testing.assert_allclose(separator.separate(mix, 44100)[1], 0.75 * mix, atol=1e-6)


def test_whole_masks_multiply_the_mix_and_take_out_its_offset(tmp_path: Path) -> None:
    masks = np.full((2, 2 * BINS), 0.5, np.complex64)
    masks[1] = 0.25
    path = graphs.write_masking_graph(tmp_path / "m.onnx", (1, 2 * BINS, 21, 2), masks)
    separator = open_separator(path, "roformer", ["vocals", "drums"], **SMALL)
    mix = without_offset(noise(320))
    stems = separator.separate(mix + 0.2, 44100)
    inside = slice(64, -64)
    # a Hann window spreads an offset over bins 0 and 1; without bin 0 a third of it is left
    for name, mask in (("vocals", 0.5), ("drums", 0.25)):
        expected = mask * (mix + 0.2 / 3)
        np.testing.assert_allclose(stem(separator, stems, name)[:, inside], expected[:, inside], atol=1e-4)


def test_a_mask_is_complex(tmp_path: Path) -> None:
    path = graphs.write_masking_graph(
        tmp_path / "m.onnx", (1, 2 * BINS, 21, 2), np.full((1, 2 * BINS), 0.5j, np.complex64)
    )
    mix = without_offset(noise(320))
    stems = open_separator(path, "roformer", ["vocals"], **SMALL).separate(mix, 44100)
    # a quarter turn: the sine has become a cosine
    turned = 0.3 * 0.5 * np.cos(2 * np.pi * np.arange(320) * 12 / 64)
    np.testing.assert_allclose(stems[0, 0, 64:-64], turned[64:-64], atol=1e-3)


def test_a_row_is_a_bin_s_left_then_its_right(tmp_path: Path) -> None:
    masks = np.zeros((1, 2 * BINS), np.complex64)
    masks[0, 2 * 12 - 4 : 2 * 12 + 6 : 2] = 1.0  # the left rows of bins 10 to 14
    path = graphs.write_masking_graph(tmp_path / "m.onnx", (1, 2 * BINS, 21, 2), masks)
    mix = without_offset(noise(320))
    vocals = open_separator(path, "roformer", ["vocals"], **SMALL).separate(mix, 44100)[0]
    np.testing.assert_allclose(vocals[0, 64:-64], mix[0, 64:-64], atol=1e-3)
    np.testing.assert_allclose(vocals[1], 0.0, atol=1e-6)


@pytest.mark.parametrize("gathered", [True, False])
def test_masks_of_bands_are_averaged_where_bands_overlap(tmp_path: Path, gathered: bool) -> None:
    # three bands: 0-19, 10-32, and 10-14 once more, with masks 0.9, 0.3 and 0.3: bin 12 hears their mean, 0.5
    bins = [*range(20), *range(10, BINS), *range(10, 15)]
    masks = np.repeat(np.asarray([0.9] * 20 + [0.3] * 23 + [0.3] * 5, np.complex64), 2)[np.newaxis]
    path = tmp_path / "m.onnx"
    if gathered:
        graphs.write_masking_graph(path, (1, 2 * len(bins), 21, 2), masks)
    else:
        builder = graphs.Builder()
        spec = builder.find_input("spec", (1, 2 * BINS, 21, 2))
        zero = builder.node(
            "ReduceSum", builder.node("Mul", spec, builder.constant(0.0)), builder.constant([1], np.int64)
        )
        pairs = np.stack([masks.real, masks.imag], axis=-1)[np.newaxis, :, :, np.newaxis]
        whole = builder.node("Add", builder.axis(zero, 1), builder.constant(pairs))
        builder.output("masks", whole, (1, 1, 2 * len(bins), 21, 2))
        builder.write(path)
    mix = without_offset(noise(320))
    vocals = open_separator(path, "roformer", ["vocals"], bins=tuple(bins), **SMALL).separate(mix, 44100)[0]
    np.testing.assert_allclose(vocals[:, 64:-64], 0.5 * mix[:, 64:-64], atol=5e-3)


def test_a_bin_beyond_the_window_is_refused(tmp_path: Path) -> None:
    path = graphs.write_masking_graph(tmp_path / "m.onnx", (1, 4, 21, 2), np.ones((1, 4), np.complex64))
    with pytest.raises(ModelError, match="bins: 33 is beyond the 33 bins"):
        open_separator(path, "roformer", ["vocals"], bins=(32, 33), **SMALL)


def test_bands_without_bins_in_the_manifest_are_an_error_that_shows_both_shapes(tmp_path: Path) -> None:
    path = graphs.write_masking_graph(tmp_path / "m.onnx", (1, 96, 21, 2), np.ones((1, 96), np.complex64))
    separator = open_separator(path, "roformer", ["vocals"], **SMALL)
    with pytest.raises(ModelError, match=r"input spec: expected \(1, 96, 21, 2\), found \(1, 66, 21, 2\)"):
        separator.separate(noise(320), 44100)


def test_stems_that_do_not_fit_are_an_error_that_shows_both_shapes(tmp_path: Path) -> None:
    path = graphs.pair(tmp_path / "m.onnx", (1, 2, BINS, 21), (0.1, 0.2))
    separator = open_separator(path, "roformer", FOUR, **SMALL)
    with pytest.raises(ModelError, match=r"expected \(1, 4, 2, 33, 21\), found \(1, 2, 2, 33, 21\)"):
        separator.separate(noise(320), 44100)

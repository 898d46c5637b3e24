"""MDX-Net: a complex spectrum as channels, one stem a graph, the rest by subtraction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ModelError
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import noise, open_separator

SMALL = {"window": 96, "hop": 16}


@pytest.mark.parametrize("batch", ["batch", 1, 3])
@pytest.mark.parametrize("frames", [1, 112, 1000])
def test_its_stem_is_its_gain_times_the_mix_and_the_rest_is_other(
    tmp_path: Path, batch: int | str, frames: int
) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", (batch, 4, 49, 16), 0.4)
    separator, mix = open_separator(path, "mdxnet", ["vocals"], **SMALL), noise(frames)
    assert separator.piece_frames == 240
    np.testing.assert_allclose(separator.separate(mix, 44100), np.stack([0.4 * mix, 0.6 * mix]), atol=1e-6)


def test_an_instrumental_model_leaves_the_vocals(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", (1, 4, 49, 16), 0.4)
    separator, mix = open_separator(path, "mdxnet", ["other"], rest="vocals", **SMALL), noise(500)
    assert separator.stems == ("vocals", "other")
    np.testing.assert_allclose(separator.separate(mix, 44100), np.stack([0.6 * mix, 0.4 * mix]), atol=1e-6)


def test_the_gain_makes_up_for_what_the_model_loses(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", (1, 4, 49, 16), 0.4)
    mix = noise(500)
    found = open_separator(path, "mdxnet", ["vocals"], gain=1.5, **SMALL).separate(mix, 44100)
    np.testing.assert_allclose(found, np.stack([0.6 * mix, 0.4 * mix]), atol=1e-6)


def test_what_lies_above_its_bins_goes_to_the_rest(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", (1, 4, 24, 16), 1.0)
    frames = np.arange(240)
    low, high = (0.2 * np.sin(2 * np.pi * frames * k / 96) for k in (8, 40))
    mix = np.stack([low + high, low - high]).astype(np.float32)
    vocals, other = open_separator(path, "mdxnet", ["vocals"], **SMALL).separate(mix, 44100)
    np.testing.assert_allclose(vocals[:, 96:-96], np.stack([low, low])[:, 96:-96], atol=2e-3)
    np.testing.assert_allclose(other[:, 96:-96], np.stack([high, -high])[:, 96:-96], atol=2e-3)


def test_channels_are_left_real_left_imaginary_right_real_right_imaginary(tmp_path: Path) -> None:
    builder = graphs.Builder()
    value = builder.find_input("input", (1, 4, 49, 16))
    picked = builder.node("Mul", value, builder.constant(np.reshape([1.0, 1.0, 0.0, 0.0], (1, 4, 1, 1))))
    builder.output("output", picked, (1, 4, 49, 16))
    mix = noise(240)
    vocals = open_separator(builder.write(tmp_path / "m.onnx"), "mdxnet", ["vocals"], **SMALL).separate(mix, 44100)[0]
    np.testing.assert_allclose(vocals[0], mix[0], atol=1e-6)
    assert not vocals[1].any()


def test_several_stems_stack_in_the_channels(tmp_path: Path) -> None:
    builder = graphs.Builder()
    value = builder.find_input("input", (1, 4, 49, 16))
    parts = [builder.node("Mul", value, builder.constant(gain)) for gain in (0.1, 0.2, 0.3, 0.4)]
    builder.output("output", builder.node("Concat", *parts, axis=1), (1, 16, 49, 16))
    path = builder.write(tmp_path / "m.onnx")
    separator, mix = open_separator(path, "mdxnet", ["bass", "drums", "other", "vocals"], **SMALL), noise(500)
    for sound, gain in zip(separator.separate(mix, 44100), (0.2, 0.1, 0.4, 0.3), strict=True):
        np.testing.assert_allclose(sound, gain * mix, atol=1e-6)


def test_a_window_is_required(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", (1, 4, 49, 16), 0.4)
    with pytest.raises(ModelError, match="window: missing in the manifest; give the model's n_fft: 6144"):
        open_separator(path, "mdxnet", ["vocals"])


def test_a_window_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", (1, 4, 2048, 256), 0.4)
    with pytest.raises(ModelError, match=r"input input \(1, 4, 2048, 256\) has more bins than a window of 2048"):
        open_separator(path, "mdxnet", ["vocals"], window=2048)


def test_public_shapes_make_pieces_of_their_length(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "input", ("batch", 4, 2048, 256), 0.4)
    assert open_separator(path, "mdxnet", ["vocals"], window=6144).piece_frames == 1024 * 255

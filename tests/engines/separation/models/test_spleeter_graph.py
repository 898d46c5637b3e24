"""Spleeter's network as ONNX, beside one written with NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from bridge.core.arrays import Float32Array
from bridge.errors import ModelError
from engines.separation.models.spleeter_graph import write_spleeter_graph
from tests.engines.separation.models.spleeter_weights import make_weights


def convolve(image: Float32Array, kernel: Float32Array, before: int, after: int, dilation: int = 1) -> Float32Array:
    """(inputs, rows, columns) and (outputs, inputs, rows, columns) to (outputs, rows, columns), at every place."""
    padded = np.pad(image, ((0, 0), (before, after), (before, after)))
    size = (kernel.shape[2] - 1) * dilation + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    result: Float32Array = np.einsum("irckl,oikl->orc", windows[..., ::dilation, ::dilation], kernel, optimize=True)
    return result


def compute_network(weights: Mapping[str, Float32Array], magnitude: Float32Array) -> Float32Array:
    """What the published network computes: TensorFlow's layers with padding "same", written out."""

    def normalise(image: Float32Array, key: str) -> Float32Array:
        scale, shift, mean, variance = (
            weights[f"{key}.{part}"][:, None, None] for part in ("weight", "bias", "running_mean", "running_var")
        )
        result: Float32Array = (image - mean) / np.sqrt(variance + 1e-3) * scale + shift
        return result

    def shift(image: Float32Array, key: str) -> Float32Array:
        return image + weights[f"{key}.bias"][:, None, None]

    halved: list[Float32Array] = []
    image = magnitude
    for level in range(1, 7):
        key = f"down{level}_conv.1"
        halved.append(shift(convolve(image, weights[f"{key}.weight"], 1, 2)[:, ::2, ::2], key))
        normal = normalise(halved[-1], f"down{level}_act.0")
        image = np.asarray(np.where(normal > 0, normal, 0.2 * normal), np.float32)
    image = halved[5]
    for level in range(1, 7):
        if level > 1:
            image = np.concatenate([halved[6 - level], image])
        spread = np.zeros((len(image), 2 * image.shape[1] - 1, 2 * image.shape[2] - 1), np.float32)
        spread[:, ::2, ::2] = image
        key = f"up{level}.0"
        kernel = np.swapaxes(weights[f"{key}.weight"], 0, 1)[:, :, ::-1, ::-1]
        doubled = shift(convolve(spread, kernel, 4, 4)[:, 1:-2, 1:-2], key)
        image = normalise(np.maximum(doubled, np.float32(0)), f"up{level}.3")
    mask = 1 / (1 + np.exp(-shift(convolve(image, weights["up7.0.weight"], 3, 3, dilation=2), "up7.0")))
    return np.asarray(mask * magnitude, np.float32)


def test_the_graph_computes_what_the_layers_do(tmp_path: Path) -> None:
    weights = make_weights(5)
    write_spleeter_graph(weights, tmp_path / "vocals.onnx", "some.ckpt")
    magnitude = np.random.default_rng(1).gamma(0.5, 5.0, (2, 512, 1024)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "vocals.onnx")
    (estimate,) = session.run(None, {"magnitude": magnitude[np.newaxis]})
    expected = compute_network(weights, magnitude)
    assert np.ptp(expected / np.maximum(magnitude, 1e-9)) > 0.2, "a network whose mask hardly varies shows nothing"
    np.testing.assert_allclose(estimate[0], expected, atol=2e-4)


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_spleeter_graph(make_weights(5), tmp_path / name, "some.ckpt")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_missing_weight_is_named(tmp_path: Path) -> None:
    weights = make_weights(5)
    lacking = {key: value for key, value in weights.items() if key != "up3.0.bias"}
    with pytest.raises(ModelError, match=r"some\.ckpt: lacks the weight up3\.0\.bias"):
        write_spleeter_graph(lacking, tmp_path / "a.onnx", "some.ckpt")
    assert list(tmp_path.iterdir()) == []

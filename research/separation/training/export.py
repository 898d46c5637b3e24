"""From a run's averaged weights to the file that ships: ONNX, of a causal network a step a call with its state
explicit, of a bidirectional one a whole piece."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor

from bridge.config import write_atomic
from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from engines.onnx import write_checksum
from engines.separation.frequency_grid import POINTS, WINDOW
from engines.separation.lookahead_separator import BLOCK_STEPS
from research.separation.training.batches import SeparationBatch
from research.separation.training.network import NetworkShape, SeparationNetwork
from research.separation.training.step import StreamingStep
from research.separation.training.targets import STRIDE
from research.separation.training.train import CHECKPOINT, judge
from research.separation.training.whole_pass import WholePass

EXPORT_TOLERANCE = 1e-4
"""Largest distance of a mask from torch's own after many steps: an export further away counts as wrong."""


def load_average(run: Path) -> tuple[SeparationNetwork, dict[str, str]]:
    """The averaged network of the run and what to say about it."""
    path = run / CHECKPOINT
    if not path.is_file():
        raise ConfigError(f"{path}: not there", "train first")
    kept = torch.load(path, map_location="cpu", weights_only=True)
    network = SeparationNetwork(NetworkShape(**kept["shape"]))
    network.load_state_dict(kept["average"])
    about = {
        "stems": ",".join(STEMS), "window": str(WINDOW), "stride": str(STRIDE), "points": str(POINTS),
        "training_steps": str(int(kept["step"])), "training_hours": f"{float(kept['seen_s']) / 3600:.1f}",
    }  # fmt: skip
    return network.eval(), about


def blend(run: Path, other: Path, share: float) -> None:
    """Make the run's averaged weights the mean of its own and those of the checkpoint ``other``, which has ``share``.

    Both have to be of one run, a stage apart: what they have learned since then lies on a line (Wortsman et al., "Model
    soups", 2022). The run does not go on from there as it was: the optimizer's memory is left out.
    """
    mine, its = (torch.load(path, map_location="cpu", weights_only=True) for path in (run / CHECKPOINT, other))
    if mine["shape"] != its["shape"]:
        raise ConfigError(f"{other}: a network of {its['shape']}, not {mine['shape']}", "blend stages of one run")
    for name, weights in mine["average"].items():
        weights.lerp_(its["average"][name], share)
    mine["network"] = mine["average"]
    mine.pop("optimizer", None)
    draft = run / f"{CHECKPOINT}.tmp"
    torch.save(mine, draft)
    draft.replace(run / CHECKPOINT)


def export(run: Path, out: Path) -> str:
    """Write the ONNX file and its line in SHA256SUMS, and return its SHA-256.

    Raises FloatingPointError where the file does not do what torch does.
    """
    network, about = load_average(run)
    made = io.BytesIO()
    if network.shape.bidirectional:
        power = torch.rand(1, 2 * BLOCK_STEPS, 3, POINTS)
        torch.onnx.export(
            WholePass(network), (power,), made, input_names=["power"], output_names=["masks"],
            dynamic_axes={"power": {1: "steps"}, "masks": {1: "steps"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
    else:
        torch.onnx.export(
            StreamingStep(network), (torch.rand(1, 1, 3, POINTS), network.start(1)), made,
            input_names=["power", "state"], output_names=["masks", "after"], opset_version=17, dynamo=False,
        )  # fmt: skip
    model = onnx.load_from_string(made.getvalue())
    onnx.helper.set_model_props(model, about)
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    difference = _measure_difference(network, data)
    if difference > EXPORT_TOLERANCE:
        raise FloatingPointError(f"ONNX Runtime's masks are {difference:.2g} from torch's after 200 steps")
    write_atomic(out, data)
    return write_checksum(out.parent, out.name)


class ExportedNetwork:
    """An exported file with the manners of a network, so that the same songs can judge it."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._size = self._session.get_inputs()[1].shape
        self.spent_s = 0.0
        self.steps = 0

    def start(self, _batch: int) -> Tensor:
        return torch.zeros(self._size)

    def __call__(self, power: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        memory, masks = state.numpy(), []
        began = time.thread_time()
        for step in range(power.shape[1]):
            output, memory = self._session.run(None, {"power": power[:, step : step + 1].numpy(), "state": memory})
            masks.append(torch.from_numpy(output))
        self.spent_s += time.thread_time() - began
        self.steps += power.shape[1]
        return torch.cat(masks, 1), torch.from_numpy(memory)


@dataclass(frozen=True)
class QuantizationGate:
    """What 8-bit weights cost and gain: mean SDR over songs and stems in dB, and ms of processor time a step."""

    sdr_db: float
    sdr_8bit_db: float
    step_ms: float
    step_8bit_ms: float

    MOST_DB = 0.1
    """Loss that nobody hears."""
    LEAST_GAIN = 0.2
    """Share of a step's time that makes a second file, and stems that differ from machine to machine, worth it."""

    @property
    def passed(self) -> bool:
        return (
            self.sdr_db - self.sdr_8bit_db <= self.MOST_DB and self.step_8bit_ms <= (1 - self.LEAST_GAIN) * self.step_ms
        )

    def __str__(self) -> str:
        return (
            f"8-bit weights: {self.sdr_8bit_db:.2f} dB against {self.sdr_db:.2f}, {self.step_8bit_ms:.3f} ms a step "
            f"against {self.step_ms:.3f}: {'used' if self.passed else 'not used'}"
        )


def quantize(model: Path, out: Path, songs: dict[str, SeparationBatch]) -> QuantizationGate:
    """The same with 8-bit weights in its matrix products, written to ``out`` only where it passes the gate.

    One scale a matrix: ONNX Runtime 1.31 refuses the bands' batched products with a scale a channel.
    """
    with TemporaryDirectory() as folder:
        draft = Path(folder) / out.name
        quantize_dynamic(model, draft, weight_type=QuantType.QInt8, per_channel=False)
        plain, small = ExportedNetwork(model), ExportedNetwork(draft)
        sdr_db, small_db = _compute_mean(judge(plain, songs)), _compute_mean(judge(small, songs))
        gate = QuantizationGate(sdr_db, small_db, 1e3 * plain.spent_s / plain.steps, 1e3 * small.spent_s / small.steps)
        if gate.passed:
            write_atomic(out, draft.read_bytes())
    return gate


def _compute_mean(output: dict[str, dict[str, float]]) -> float:
    return float(np.mean([value for stems in output.values() for value in stems.values()]))


def _measure_difference(network: SeparationNetwork, data: bytes, steps: int = 200) -> float:
    """The greatest difference of a mask over ``steps`` steps of noise."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    powers = (10.0 ** random.uniform(-8, 0, (steps, 3, POINTS))).astype(np.float32)
    state = network.start(1)
    mine, worst = state.numpy(), 0.0
    if network.shape.bidirectional:
        whole = powers[None, : steps // BLOCK_STEPS * BLOCK_STEPS]
        with torch.no_grad():
            expected = network(torch.from_numpy(whole), state)[0].numpy()
        return float(np.abs(session.run(None, {"power": whole})[0] - expected).max())
    with torch.no_grad():
        for power in powers:
            masks, state = network(torch.from_numpy(power)[None, None], state)
            theirs, mine = session.run(None, {"power": power[None, None], "state": mine})
            worst = max(worst, float(np.abs(masks.numpy() - theirs).max()))
    return worst

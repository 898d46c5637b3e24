"""From a run's averaged weights to the file that ships: ONNX, one step a call, the memory explicit."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from bridge.config import write_atomic
from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from engines.onnx import SUMS
from engines.separation.grid import POINTS, WINDOW
from engines.separation.training.network import Network, Shape
from engines.separation.training.step import Step
from engines.separation.training.targets import STRIDE
from engines.separation.training.train import CHECKPOINT

CLOSE = 1e-4
"""How far a mask may be from torch's own after many steps, before an export counts as wrong."""


def averaged(run: Path) -> tuple[Network, dict[str, str]]:
    """The averaged network of the run and what to say about it."""
    path = run / CHECKPOINT
    if not path.is_file():
        raise ConfigError(f"{path}: not there", "train first")
    kept = torch.load(path, weights_only=True)
    network = Network(Shape(**kept["shape"]))
    network.load_state_dict(kept["average"])
    about = {
        "stems": ",".join(STEMS), "window": str(WINDOW), "stride": str(STRIDE), "points": str(POINTS),
        "training_steps": str(int(kept["step"])), "training_hours": f"{float(kept['seen_s']) / 3600:.1f}",
    }  # fmt: skip
    return network.eval(), about


def export(run: Path, out: Path) -> str:
    """Write the ONNX file and its line in SHA256SUMS, and return its SHA-256.

    Raises FloatingPointError where the file does not do what torch does.
    """
    network, about = averaged(run)
    power = torch.rand(1, 1, 3, POINTS)
    made = io.BytesIO()
    torch.onnx.export(
        Step(network), (power, network.start(1)), made, input_names=["power", "state"], output_names=["masks", "after"],
        opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load_from_string(made.getvalue())
    onnx.helper.set_model_props(model, about)
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    apart = _apart(network, data)
    if apart > CLOSE:
        raise FloatingPointError(f"ONNX Runtime's masks are {apart:.2g} from torch's after 200 steps")
    write_atomic(out, data)
    digest = hashlib.sha256(data).hexdigest()
    write_atomic(out.with_name(SUMS), f"{digest}  {out.name}\n")
    return digest


def quantized(model: Path, out: Path) -> None:
    """The same with 8-bit weights in its matrix products.

    One scale a matrix: ONNX Runtime 1.31 refuses the bands' batched products with a scale a channel.
    """
    quantize_dynamic(model, out, weight_type=QuantType.QInt8, per_channel=False)


def _apart(network: Network, data: bytes, steps: int = 200) -> float:
    """The greatest difference of a mask over ``steps`` steps of noise."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    powers = (10.0 ** random.uniform(-8, 0, (steps, 3, POINTS))).astype(np.float32)
    state = network.start(1)
    mine, worst = state.numpy(), 0.0
    with torch.no_grad():
        for power in powers:
            masks, state = network(torch.from_numpy(power)[None, None], state)
            theirs, mine = session.run(None, {"power": power[None, None], "state": mine})
            worst = max(worst, float(np.abs(masks.numpy() - theirs).max()))
    return worst

"""From a run's averages to the files that ship: ONNX, one step a call, the memory explicit."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from bridge.config import write_atomic
from bridge.errors import ConfigError
from engines.mir.learned.features import HARMONY_BANDS, RHYTHM_BANDS
from engines.onnx import write_checksum
from research.mir.training.network import HarmonyNetwork, RhythmNetwork, split_heads
from research.mir.training.train import CHECKPOINT

EXPORT_TOLERANCE = 1e-3
"""How far a chance may be from torch's own after many steps, before an export counts as wrong."""


class _WithProbabilities(nn.Module):
    """A network with its logits turned into chances."""

    def __init__(self, network: nn.Module, harmony: bool) -> None:
        super().__init__()
        self.network, self.harmony = network, harmony

    def forward(self, levels: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        logits, after = self.network(levels, state)
        if not self.harmony:
            return torch.sigmoid(logits), after
        probabilities = [torch.softmax(output, -1) for output in split_heads(logits).values()]
        return torch.cat([output.flatten(2) for output in probabilities], -1), after


def export(run: Path, folder: Path) -> dict[str, str]:
    """Write ``mir-rhythm.onnx`` and ``mir-harmony.onnx`` into ``folder`` and their lines into SHA256SUMS there.

    Returns the SHA-256 by name. Raises FloatingPointError where a file does not do what torch does.
    """
    path = run / CHECKPOINT
    if not path.is_file():
        raise ConfigError(f"{path}: not there", "train first")
    kept = torch.load(path, weights_only=True)
    networks = nn.ModuleDict({"rhythm": RhythmNetwork(), "harmony": HarmonyNetwork()})
    networks.load_state_dict(kept["averages"])
    about = {"training_steps": str(int(kept["step"]))}
    digests = {}
    for name, bands, steps in (("rhythm", RHYTHM_BANDS, 2), ("harmony", HARMONY_BANDS, 1)):
        network = _WithProbabilities(networks[name], name == "harmony").eval()
        start = networks[name].start(1)
        made = io.BytesIO()
        torch.onnx.export(
            network, (torch.rand(1, steps, bands), start), made, input_names=["levels", "state"],
            output_names=["chances", "after"], opset_version=17, dynamo=False,
        )  # fmt: skip
        model = onnx.load_from_string(made.getvalue())
        onnx.helper.set_model_props(model, about)
        onnx.checker.check_model(model)
        data = model.SerializeToString()
        if (difference := _measure_difference(network, data, bands, steps, start)) > EXPORT_TOLERANCE:
            raise FloatingPointError(f"{name}: ONNX Runtime is {difference:.2g} from torch after 100 steps")
        file = folder / f"mir-{name}.onnx"
        write_atomic(file, data)
        digests[file.name] = write_checksum(folder, file.name)
    return digests


@torch.no_grad()
def _measure_difference(network: nn.Module, data: bytes, bands: int, steps: int, start: Tensor) -> float:
    """The largest difference of a probability over 100 steps of random levels."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    levels = torch.rand(100, 1, steps, bands, generator=torch.Generator().manual_seed(1))
    ours, theirs, worst = start, start.numpy(), 0.0
    for level in levels:
        output, ours = network(level, ours)
        answer, theirs = session.run(None, {"levels": level.numpy(), "state": theirs})
        worst = max(worst, float(np.abs(output.numpy() - answer).max()))
    return worst

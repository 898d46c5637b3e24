"""Network of `engines.accompaniment.harmony.predictor` in PyTorch, and its export to the file that ships."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from bridge.config import write_atomic
from engines.accompaniment.harmony.predictor import CONTEXT, FILE, KINDS, PREDICTORS
from engines.accompaniment.harmony.repetition import FEATURES, HORIZON, LAGS, RAISED, SPANS
from engines.onnx import write_checksum

HIDDEN, HABITS = 48, 96
LEFT_OUT = 0.2
"""Of the units that know habits, while learning: there are many of them and few songs."""
BESTS = slice(1, len(SPANS))
"""Of the likenesses over spans: those whose best, over all lags, habit's weight hangs on."""
IMPOSSIBLE_LOGIT = -1e9
EXPORT_TOLERANCE = 1e-5
"""How far a weight may be from torch's own before an export counts as wrong."""


class ForesightNetwork(nn.Module):
    """``lags`` (batch, RAISED, LAGS, FEATURES), ``context`` (batch, CONTEXT) and ``there`` (batch, LAGS, HORIZON) to
    the weight of each lag's word (batch, PREDICTORS, HORIZON) and habit's probabilities (batch, HORIZON, KINDS)."""

    def __init__(self) -> None:
        super().__init__()
        self.song, self.lag = nn.Linear(CONTEXT, HIDDEN), nn.Linear(FEATURES, HIDDEN)
        self.middle, self.ahead = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, HORIZON)
        self.share = nn.Sequential(
            nn.Linear(CONTEXT + BESTS.stop - BESTS.start, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HORIZON)
        )
        self.habit = nn.Sequential(
            nn.Linear(CONTEXT, HABITS), nn.ReLU(), nn.Dropout(LEFT_OUT),
            nn.Linear(HABITS, HABITS), nn.ReLU(), nn.Dropout(LEFT_OUT),
            nn.Linear(HABITS, HORIZON * KINDS),
        )  # fmt: skip

    def forward(self, lags: Tensor, context: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        seen = torch.relu(self.lag(lags) + self.song(context)[:, None, None])
        scores = self.ahead(torch.relu(self.middle(seen)))
        scores = torch.where(there[:, None] > 0, scores, IMPOSSIBLE_LOGIT).reshape(-1, PREDICTORS, HORIZON)
        share = self.share(torch.cat([context, lags[..., BESTS].amax((1, 2))], 1))
        words = torch.softmax(torch.cat([scores, share[:, None]], 1), 1)
        habit = torch.softmax(self.habit(context).reshape(-1, HORIZON, KINDS), 2)
        return words[:, :-1], words[:, -1, :, None] * habit


class _SingleBeat(nn.Module):
    """The network for one beat."""

    def __init__(self, network: ForesightNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, lags: Tensor, context: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        words, habit = self.network(lags[None], context[None], there[None])
        return words[0], habit[0]


def export(network: ForesightNetwork, folder: Path) -> str:
    """Write the file that ships into ``folder``, and its line into SHA256SUMS there; returns the hash.

    Raises FloatingPointError where the file does not do what torch does.
    """
    one = _SingleBeat(network).eval()
    random = torch.Generator().manual_seed(1)
    given = (
        torch.rand(len(RAISED), len(LAGS), FEATURES, generator=random),
        torch.rand(CONTEXT, generator=random),
        torch.randint(2, (len(LAGS), HORIZON), generator=random).float(),
    )
    made, names = io.BytesIO(), ["lags", "context", "there"]
    torch.onnx.export(
        one, given, made, input_names=names, output_names=["words", "habit"], opset_version=17, dynamo=False
    )
    model = onnx.load_from_string(made.getvalue())
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    answers = session.run(None, {name: part.numpy() for name, part in zip(names, given, strict=True)})
    with torch.no_grad():
        outputs = one(*given)
    difference = max(float(np.abs(ours.numpy() - theirs).max()) for ours, theirs in zip(outputs, answers, strict=True))
    if difference > EXPORT_TOLERANCE:
        raise FloatingPointError(f"ONNX Runtime is {difference:.2g} from torch")
    write_atomic(folder / FILE, data)
    return write_checksum(folder, FILE)

"""The exported step equals the network."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from engines.separation.frequency_grid import POINTS  # noqa: E402
from research.separation.training.network import NetworkShape, SeparationNetwork  # noqa: E402
from research.separation.training.step import StreamingStep  # noqa: E402


def test_a_step_gives_the_masks_and_the_memory_that_the_network_gives() -> None:
    torch.manual_seed(1)
    network = SeparationNetwork(NetworkShape(width=16, layers=2, hidden=24)).eval()
    step, theirs = StreamingStep(network), network.start(1)
    mine = theirs
    with torch.no_grad():
        for _ in range(50):
            power = 10.0 ** (8.0 * torch.rand(1, 1, 3, POINTS) - 8.0)
            expected, theirs = network(power, theirs)
            masks, mine = step(power, mine)
            torch.testing.assert_close(masks, expected, atol=1e-5, rtol=0)
            torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-5)

"""Low-latency STFT of the learned separator: its windows add up to the input."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import EngineError
from engines.separation.stft import make_windows


@pytest.mark.parametrize(("hop", "overlap"), [(512, 256), (256, 128), (128, 64), (128, 128), (256, 1)])
def test_hops_add_up_to_the_input(hop: int, overlap: int) -> None:
    analysis, synthesis = make_windows(2048, hop, overlap)
    output = np.zeros(2048 + 8 * hop)
    for end in range(2048, len(output) + 1, hop):
        output[end - hop - overlap : end] += analysis[-hop - overlap :] * synthesis
    np.testing.assert_allclose(output[2048 : len(output) - overlap], 1.0, atol=1e-6)


def test_the_newest_frame_counts_for_little_and_the_synthesis_stays_small() -> None:
    analysis, synthesis = make_windows(2048, 128, 64)
    assert analysis[-1] < 0.05
    assert synthesis.max() < 1.1


@pytest.mark.parametrize(("hop", "overlap"), [(512, 0), (128, 129), (1536, 1024)])
def test_an_impossible_overlap_is_refused(hop: int, overlap: int) -> None:
    with pytest.raises(EngineError, match="overlap"):
        make_windows(2048, hop, overlap)

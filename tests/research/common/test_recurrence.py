"""The gated linear recurrence: in parallel as in a loop."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from research.common.recurrence import _Scan, scan_in_parallel  # noqa: E402


@pytest.mark.parametrize("steps", [1, 2, 7, 64, 129])
def test_the_parallel_scan_is_the_loop(steps: int) -> None:
    source = torch.Generator().manual_seed(steps)
    keep = torch.rand(2, steps, 3, 5, generator=source)
    new, first = torch.randn(2, steps, 3, 5, generator=source), torch.randn(2, 3, 5, generator=source)
    torch.testing.assert_close(scan_in_parallel(keep, new, first), _Scan.apply(keep, new, first))
    assert torch.equal(keep, torch.rand(2, steps, 3, 5, generator=torch.Generator().manual_seed(steps)))

"""A server at a rate that the engine does not run at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.measure import find_disagreements, measure
from bridge.settings import EngineSettings
from tests.live.conftest import private_server
from tests.live.rig import delay_error, make_fake_daw, music, sidecar_on, sum_error
from tests.runtime.toys import Halves
from tests.waiting import HANG_S

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("rate", "period"), [(96000, 256), (32000, 64)])
def test_a_resampled_engine_is_delayed_by_what_is_declared_and_its_stems_sum_to_the_mix(
    rate: int, period: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sideman.engines]\ntoy.halves = tests.runtime.toys:Halves\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    engines = EngineSettings(separation="toy.halves", mir="", accompaniment="")
    assert rate not in Halves.spec.rates
    with private_server(rate, period) as server, sidecar_on(server, engines) as sidecar:
        assert find_disagreements(sidecar.signal_path.graph, measure(sidecar, freewheel=True)) == []
        sent = music(rate, 1.0)
        with make_fake_daw(sidecar, sent, 2 * rate) as daw:
            daw.run_freewheeling(HANG_S)
        assert delay_error(daw, sent, sidecar.signal_path.graph.ledger["mix"].declared) <= 1e-6
        assert sum_error(daw) <= 1e-6
        assert abs(daw.read_audio("drums")).max() > 0.1

"""Analyser with stem inputs, on a real server."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bridge.core.audio import CHANNELS
from bridge.core.latency import MIDI_PORTS
from bridge.drivers.libjack import CAPTURE, port_latency
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.settings import EngineSettings
from tests.live.conftest import private_server
from tests.live.rig import get_driver, make_fake_daw, sidecar_on, some_cycles
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
RATE, IMPULSES = 48000, (5000, 5048, 20_011, 40_777)


@pytest.mark.parametrize("period", [64, 1024])
def test_an_analyser_hears_the_stem_at_its_own_frame_and_the_ports_say_what_that_delays(
    period: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    toys = "[sideman.engines]\ntoy.halves = tests.runtime.toys:Halves\ntoy.peaks = tests.runtime.toys:Peaks\n"
    (metadata / "entry_points.txt").write_text(toys)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    engines = EngineSettings(separation="toy.halves", mir="toy.peaks", accompaniment="")
    sent = np.zeros((CHANNELS, RATE), np.float32)
    sent[:, IMPULSES] = 0.8
    onsets: list[tuple[int, float, float]] = []
    with private_server(RATE, period) as server, sidecar_on(server, engines) as sidecar:
        graph, driver = sidecar.signal_path.graph, get_driver(sidecar)
        sidecar.bus.subscribe(lambda name, row, _source: onsets.append(row) if name == "mir.onset" else None)  # type: ignore[arg-type]
        before = graph.ledger["beats"].declared
        sidecar.bus.set("mir.beat.source", "drums", "test")
        declared = graph.ledger["beats"].declared
        assert declared == before + graph.ledger["beats"].upstream > before
        beats = MIDI_PORTS.index("beats")
        until(
            "the ports' new latency",
            lambda: port_latency(driver.client.midi_outports[beats], CAPTURE)[1] == declared,
        )
        with make_fake_daw(sidecar, sent, 2 * RATE) as daw:
            daw.start(margin_frames=RATE // 4)
            daw.player.client.set_freewheel(True)
            until("freewheeling", lambda: observe(graph.arrays.state, w.FREEWHEEL) == 1)
            some_cycles(sidecar)
            stems_missing = graph.arrays.stems_missing.copy()  # in real time they are, beside a busy machine
            daw.wait(HANG_S)
            assert (graph.arrays.stems_missing == stems_missing).all()
            daw.player.client.set_freewheel(False)
            until("the onsets", lambda: len(onsets) >= len(IMPULSES))
    frames = np.array([frame for frame, _, _ in onsets])
    assert (frames - frames[0] == np.array(IMPULSES) - IMPULSES[0]).all()
    assert [(round(stem, 4), round(mix, 4)) for _, stem, mix in onsets] == [(0.4, 0.8)] * len(IMPULSES)

"""Music actions on a JACK server: its transport starts and stops, and a running sidecar is measured."""

from __future__ import annotations

import pytest

from bridge.drivers.dummy_server import DummyServer
from bridge.errors import ControlError, DriverError
from bridge.latency_report import LatencySource, report_declared, report_measured
from bridge.runtime.shared import slots as w
from bridge.settings import EngineSettings
from tests.live.rig import get_driver, sidecar_on
from tests.waiting import until

pytestmark = pytest.mark.live

ENGINES = EngineSettings(separation="separation.dsp", mir="mir.chroma", accompaniment="", synth="")


def test_the_transport_starts_and_stops_and_the_paths_are_measured_while_it_stands(module_server: DummyServer) -> None:
    with sidecar_on(module_server, ENGINES, client="actor") as sidecar:
        bus, client = sidecar.bus, get_driver(sidecar).client

        def read_rolling() -> object:
            return (bus.get_latest("clock") or (0, 0, None))[2]

        bus.trigger("transport.start")
        until("JACK's transport rolls", lambda: str(client.transport_state) == "jack.ROLLING")
        until("the clock says so", lambda: read_rolling() == 1)
        with pytest.raises(ControlError, match="the music plays"):
            bus.trigger("latency.measure")
        bus.trigger("transport.stop")
        until("the clock stands", lambda: read_rolling() == 0)
        own = sidecar.signal_path.graph.context.callback_state
        until("the callback has seen it", lambda: own[w.ROLLING] == 0)

        ledger = sidecar.signal_path.graph.ledger
        rows = bus.trigger("latency.measure")
        assert {row[0] for row in rows} == {path.name for path in ledger if path.ports}
        assert {row[0]: row[2] for row in rows} == {row[0]: row[1] for row in rows}

        assert sidecar.osc is not None
        found = report_measured(LatencySource(sidecar.settings, module_server.name, sidecar.osc.port))
        assert found.problems == []
        assert {path.name: path.measured for path in found.ledger if path.ports} == {row[0]: row[2] for row in rows}
        for report in (report_declared, report_measured):  # at the usual port nobody answers
            with pytest.raises(
                DriverError, match=f"the sidecar actor runs on {module_server.name} and cannot be asked"
            ):
                report(LatencySource(sidecar.settings, module_server.name))
        until("the reading", lambda: {row[2] for row in bus.get_rows("latency") if row[0] in ("mix", "chords")} != {-1})
        assert all(bus.get(f"latency.{path.name}.ping") == 0 for path in ledger if path.ports)

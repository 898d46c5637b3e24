"""A whole sidecar that follows the model of AbletonOSC, by OSC alone."""

from __future__ import annotations

from pathlib import Path

from tests.daw.ableton.udp_live import UdpLive
from tests.offline_sidecar import NO_ENGINES, open_offline_sidecar
from tests.ports import free_port
from tests.waiting import until


def test_a_sidecar_follows_live_wires_it_and_leaves_no_listener(tmp_path: Path) -> None:
    reply_port = free_port()
    with UdpLive(reply_port, tick_s=0.005) as live:
        settings = (
            f"{NO_ENGINES}[ableton]\nenabled = true\nport = {live.port}\nreply_port = {reply_port}\nhub_port = 0\n"
        )
        with open_offline_sidecar(tmp_path, settings=settings) as sidecar, sidecar.open_client() as client:
            until("connected", lambda: client.request("/ableton/state")[:2] == ("connected", "12.1"))
            rows = client.call("/ableton/wire", timeout_s=60.0)
            assert ("Sideman drums", "channel", "1/2") in [tuple(row) for row in rows]
            assert live.model.tracks[3].name == "Sideman drums"
        until("no listener is left", lambda: not live.model.listeners and not live.model.beat_listening)

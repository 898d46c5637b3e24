"""A DAW that is driven: the transport's actions go to it over OSC too; what clocks do does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from bridge.control.clock_controls import CLOCK_TEMPO
from bridge.core.clock import CLOCK_SOURCE
from bridge.daw.osc_surfaces.surface_service import OscSurfaceService
from bridge.errors import ControlError, DriverError
from bridge.runtime.graph import Graph
from bridge.settings import DawSettings
from tests.clocks.clock_rig import RATE, START, ClockRig, make_ticks, open_rig
from tests.daw.osc_surfaces.surface_peer import SurfacePeer
from tests.waiting import until


def make_daw(port: int, kind: str = "ardour", transport: bool = True) -> OscSurfaceService:
    service = OscSurfaceService(msgspec.convert({"kind": kind, "port": port, "transport": transport}, DawSettings))
    service.attach(cast("Graph", SimpleNamespace(plan=SimpleNamespace(rate=RATE))))
    return service


@pytest.fixture
def peer() -> Iterator[SurfacePeer]:
    with SurfacePeer() as running:
        yield running


@pytest.fixture
def rig(peer: SurfacePeer) -> Iterator[ClockRig]:
    with open_rig(daw=make_daw(peer.port)) as opened:
        opened.has_bars = False
        yield opened


def expect(peer: SurfacePeer, *addresses: str) -> None:
    until(f"{addresses}", lambda: [address for address, _ in peer.messages] == list(addresses))


def test_our_clock_and_the_daw_start_move_and_stop_together(rig: ClockRig, peer: SurfacePeer) -> None:
    rig.bus.set(CLOCK_SOURCE, "internal", "test")
    rig.bus.set(CLOCK_TEMPO, 90, "test")
    rig.run(RATE)
    actions = rig.service.actions
    actions.locate("6")
    actions.start()
    at = rig.run(RATE)
    assert at.rolling
    assert at.beat == pytest.approx(7.5, abs=0.1)
    actions.stop()
    assert not rig.run(RATE).rolling
    expect(peer, "/locate", "/transport_play", "/transport_stop")
    assert peer.messages[0] == ("/locate", (4 * RATE, 0))


def test_a_clock_that_comes_from_the_daw_is_started_there_and_its_start_is_not_sent_back(
    rig: ClockRig, peer: SurfacePeer
) -> None:
    rig.bus.set(CLOCK_SOURCE, "midi", "test")
    first = rig.now + RATE
    rig.run(8 * RATE, [(first - 100, START), *make_ticks(first, 20)])
    assert rig.graph.clock_status.lock == "locked"
    assert peer.messages == []
    rig.service.actions.locate("8")
    rig.service.actions.start()
    expect(peer, "/locate", "/transport_play")
    assert peer.messages[0][1][0] == pytest.approx(4 * RATE, abs=20)


def test_jack_s_transport_and_the_daw_are_both_asked_and_a_locate_goes_to_the_daw(
    rig: ClockRig, peer: SurfacePeer
) -> None:
    rig.has_bars = True
    rig.service.actions.start()
    rig.run(RATE)
    assert rig.host.asked == [True]
    rig.service.actions.locate("4")
    expect(peer, "/transport_play", "/locate")


def test_where_the_daw_cannot_be_reached_nothing_starts() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open_rig(daw=make_daw(port)) as rig:
        rig.bus.set(CLOCK_SOURCE, "internal", "test")
        rig.run(RATE)
        with pytest.raises(DriverError, match=r"Ardour at 127\.0\.0\.1"):
            rig.service.actions.locate("4")
        assert rig.run(RATE).beat == 0.0


@pytest.mark.usefixtures("peer")
def test_a_daw_that_is_not_to_be_driven_gets_nothing(peer: SurfacePeer) -> None:
    with open_rig(daw=make_daw(peer.port, transport=False)) as rig:
        rig.bus.set(CLOCK_SOURCE, "internal", "test")
        rig.run(RATE)
        rig.service.actions.start()
        assert rig.run(RATE).rolling
        rig.bus.set(CLOCK_SOURCE, "midi", "test")
        with pytest.raises(ControlError, match="cannot be asked"):
            rig.service.actions.start()
    assert peer.messages == []


def test_a_transport_without_a_daw_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="no DAW is set up"):
        msgspec.convert({"transport": True}, DawSettings)

"""Sockets of a link: against the real OSC server, one that is restarted, and none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from bridge.control.bus import Bus
from bridge.osc.server import OscServer
from tests.tui.rig import sidecar_registry
from tests.waiting import HANG_S
from tui.core.session import Session
from tui.wire.connection import LinkConnection
from tui.wire.link import Link
from tui.wire.udp import AddressError, UdpChannels, format_address, open_sockets, parse_address


@pytest.fixture
def bus() -> Bus:
    return Bus(sidecar_registry())


@pytest.fixture
def server(bus: Bus) -> Iterator[OscServer]:
    with OscServer(bus, port=0) as opened:
        yield opened


def make_link(port: int) -> Link:
    return Link(Session(f"127.0.0.1:{port}"))


def is_up_to_date(link: Link) -> bool:
    return link.is_attached and not link.is_busy


def deadline_s() -> float:
    return time.monotonic() + HANG_S


def test_a_real_server_attaches_and_takes_a_change(bus: Bus, server: OscServer) -> None:
    link = make_link(server.port)
    with UdpChannels(link, "127.0.0.1", server.port) as channels:
        assert channels.run(deadline_s(), lambda: is_up_to_date(link))
        assert set(link.session.registry.controls) == {one.name for one in bus.registry.controls}
        answers: list[str] = []
        assert link.set("stems.bass.mute", True, time.monotonic(), lambda error, _rows: answers.append(error))
        assert channels.run(deadline_s(), lambda: answers == [""])
        assert bus.get("stems.bass.mute") == 1.0
        bus.set("stems.drums.gain_db", -7.0, "hand")
        assert channels.run(deadline_s(), lambda: link.session.get("stems.drums.gain_db") == -7.0)


def test_a_server_that_ends_is_lost_and_the_next_one_on_the_port_is_attached(bus: Bus) -> None:
    with OscServer(bus, port=0) as first:
        port = first.port
        link = make_link(port)
        channels = UdpChannels(link, "127.0.0.1", port)
        channels.__enter__()
        assert channels.run(deadline_s(), lambda: is_up_to_date(link))
        bus.set("stems.bass.mute", True, "hand")
        assert channels.run(deadline_s(), lambda: link.session.is_on("stems.bass.mute"))
    try:
        assert channels.run(deadline_s(), lambda: link.session.state == "lost")
        assert not link.set("stems.drums.mute", True, time.monotonic(), lambda _error, _rows: None)
        other = Bus(sidecar_registry())
        with OscServer(other, port=port):
            assert channels.run(deadline_s(), lambda: is_up_to_date(link))
            assert not link.session.is_on("stems.bass.mute")
            assert not other.get("stems.drums.mute")
    finally:
        channels.__exit__(None, None, None)


def test_where_nobody_listens_it_is_lost_soon(server: OscServer) -> None:
    port = server.port
    server.__exit__(None, None, None)
    link = make_link(port)
    with UdpChannels(link, "127.0.0.1", port) as channels:
        assert channels.run(deadline_s(), lambda: link.session.state == "lost")
    server.__enter__()


def test_the_event_loop_serves_the_same_link(bus: Bus, server: OscServer) -> None:
    link = make_link(server.port)

    async def attach() -> int:
        turns = 0
        attached = asyncio.Event()

        def on_change() -> None:
            nonlocal turns
            turns += 1
            if is_up_to_date(link):
                attached.set()

        with UdpChannels(link, "127.0.0.1", server.port) as channels:
            served = LinkConnection(link, channels)
            served.start(asyncio.get_running_loop(), on_change)
            await asyncio.wait_for(attached.wait(), HANG_S)
            link.set("stems.bass.mute", True, time.monotonic(), lambda _error, _rows: None)
            served.flush()
            attached.clear()
            await asyncio.wait_for(attached.wait(), HANG_S)
            served.stop()
        return turns

    assert asyncio.run(attach()) > 0
    assert bus.get("stems.bass.mute") == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("127.0.0.1", 9123)),
        ("host", ("host", 9123)),
        (":9000", ("127.0.0.1", 9000)),
        ("192.168.1.2:9000", ("192.168.1.2", 9000)),
        ("[::1]:9000", ("::1", 9000)),
        ("::1", ("::1", 9123)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert parse_address(text) == expected
    assert parse_address(format_address(*expected)) == expected


@pytest.mark.parametrize("text", ["host:port", "host:0", "host:70000", "host:-1"])
def test_a_wrong_port_is_an_address_error(text: str) -> None:
    with pytest.raises(AddressError, match="HOST:PORT"):
        parse_address(text)


def test_a_host_that_cannot_be_is_an_address_error() -> None:
    with pytest.raises(AddressError, match="check the host"):
        open_sockets("x" * 300, 9123)

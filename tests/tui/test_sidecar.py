"""Link to real sidecar processes: one that is killed and started again, and one that asks for a token."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.osc.server import OscServer
from tests.offline_sidecar import NO_ENGINES, open_offline_sidecar
from tests.tui.rig import sidecar_registry
from tests.waiting import HANG_S
from tui.core.session import Session
from tui.wire.link import Link
from tui.wire.remote import LinkRemote
from tui.wire.udp import UdpChannels

TOKEN = "a long random word"


def serve(channels: UdpChannels, holds: Callable[[], bool]) -> None:
    """Serve a link until ``holds``."""
    assert channels.run(time.monotonic() + HANG_S, holds)


def is_up_to_date(link: Link) -> bool:
    return link.is_attached and not link.is_busy


def test_a_killed_sidecar_is_lost_and_its_successor_is_attached_without_what_was_pressed(tmp_path: Path) -> None:
    notices: list[str] = []
    with open_offline_sidecar(tmp_path, settings=NO_ENGINES) as first:
        port = first.port
        link = Link(Session(f"127.0.0.1:{port}"))
        remote = LinkRemote(link, time.monotonic, lambda text, _role: notices.append(text))
        link.notice = lambda text, _role: notices.append(text)
        with UdpChannels(link, "127.0.0.1", port) as channels:
            serve(channels, lambda: is_up_to_date(link))
            remote.toggle("stems.bass.mute")
            serve(channels, lambda: not link.is_busy)
            serve(channels, lambda: link.session.read("clock") != {})
            instance = link.instance
            assert instance
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
            serve(channels, lambda: link.session.state == "lost")
            remote.toggle("stems.drums.mute")
            assert notices[-1].startswith("not sent: drums mute on")
            with open_offline_sidecar(tmp_path, settings=NO_ENGINES, port=port):
                serve(channels, lambda: is_up_to_date(link))
                assert link.instance != instance
                assert any("another sidecar" in text for text in notices)
                assert not link.session.is_on("stems.bass.mute")
                assert not link.session.is_on("stems.drums.mute")
                remote.toggle("stems.drums.mute")
                serve(channels, lambda: not link.is_busy)
                assert link.session.is_on("stems.drums.mute")


@pytest.mark.parametrize(("token", "is_admitted"), [(TOKEN, True), ("wrong", False)])
def test_a_token_admits_both_channels(token: str, is_admitted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus(sidecar_registry())
    saved: list[str] = []
    bus.add_handler("preset.save", lambda name, *_: saved.append(name))
    notices: list[str] = []
    with OscServer(bus, "0.0.0.0", 0, ["127.0.0.1"], TOKEN) as server:
        link = Link(Session(), token)
        link.notice = lambda text, _role: notices.append(text)
        with UdpChannels(link, "127.0.0.1", server.port) as channels:
            if not is_admitted:
                serve(channels, lambda: bool(notices))
                assert "the token is wrong" in notices[0] and not link.is_attached
                return
            serve(channels, lambda: is_up_to_date(link))
            errors: list[str] = []
            link.call("preset.save", ["mine"], time.monotonic(), lambda error, _rows: errors.append(error))
            serve(channels, lambda: bool(errors))
            assert errors == [""] and saved == ["mine"]

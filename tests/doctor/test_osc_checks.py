"""OSC check: a port that is free or taken, by whom, and an address that cannot be served."""

from __future__ import annotations

import os
import socket

import pytest

from bridge.doctor.osc_checks import check_osc
from bridge.settings import LanSettings, OscSettings, Settings
from tests.ports import free_port

LAN = LanSettings(("192.168.1.0/24", "10.0.0.5"), "sesame")


def test_a_free_port_says_for_whom_and_is_free_afterwards() -> None:
    settings = Settings(osc=OscSettings(port=free_port()))
    for _ in range(2):
        assert check_osc(settings).detail == f"127.0.0.1:{settings.osc.port} is free, for programs of this machine"
    open_to_all = check_osc(Settings(osc=OscSettings("0.0.0.0", free_port()), lan=LAN))
    assert (open_to_all.state, "192.168.1.0/24, 10.0.0.5, with the token" in open_to_all.detail) == ("ok", True)
    assert "sesame" not in open_to_all.detail


@pytest.mark.parametrize(("host", "lan"), [("127.0.0.1", LanSettings()), ("::1", LanSettings()), ("0.0.0.0", LAN)])
def test_a_taken_port_is_a_warning_that_names_it_and_its_owner(host: str, lan: LanSettings) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as other:
        other.bind((host, 0))
        port = int(other.getsockname()[1])
        found = check_osc(Settings(osc=OscSettings(host, port), lan=lan))
    assert found.state == "warn"
    assert f"{host}:{port} cannot be bound" in found.detail
    assert f"(process {os.getpid()}) has the port" in found.detail
    assert "[osc]" in found.fix


@pytest.mark.parametrize(
    ("host", "lan", "state", "words"),
    [
        ("0.0.0.0", LanSettings(), "missing", "without an allow-list and a token"),
        ("studio", LanSettings(), "missing", "no IP address"),
        ("203.0.113.9", LanSettings(("203.0.113.0/24",), "sesame"), "warn", "does not have that address now"),
    ],
)
def test_an_address_that_cannot_be_served_says_why(host: str, lan: LanSettings, state: str, words: str) -> None:
    found = check_osc(Settings(osc=OscSettings(host, free_port()), lan=lan))
    assert (found.state, words in found.detail) == (state, True), found
    assert found.fix

"""OSCQuery check of the doctor: off, free, taken by whom, open to whom, and not to be advertised, each with its fix."""

from __future__ import annotations

import os
import socket

import msgspec
import pytest

from bridge.doctor.oscquery_checks import check_oscquery
from bridge.settings import LanSettings, OscQuerySettings, OscSettings, Settings

LAN = LanSettings(("192.168.1.0/24", "10.0.0.5"), "sesame")


def free_port() -> int:
    """A TCP port that nobody had a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def make_settings(osc_port: int, lan: LanSettings | None = None, **oscquery: object) -> Settings:
    own = msgspec.convert(oscquery, OscQuerySettings)
    return Settings(osc=OscSettings(port=osc_port), oscquery=own, lan=lan or LanSettings())


def test_a_free_port_says_where_and_for_whom() -> None:
    port = free_port()
    found = check_oscquery(make_settings(port))
    assert (found.state, found.detail) == ("ok", f"http://127.0.0.1:{port} for programs of this machine")
    other = free_port()
    assert f":{other} for" in check_oscquery(make_settings(port, port=other)).detail


def test_a_taken_port_is_named_with_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = check_oscquery(make_settings(port))
    assert found.state == "warn"
    assert f"TCP port {port} belongs to" in found.detail
    assert found.detail.endswith(f"(process {os.getpid()})")
    assert "set [oscquery] port" in found.fix


def test_the_addresses_that_are_allowed_are_listed() -> None:
    found = check_oscquery(make_settings(free_port(), LAN, host="0.0.0.0"))
    assert found.state == "ok"
    assert "192.168.1.0/24, 10.0.0.5, with the token" in found.detail
    assert "sesame" not in found.detail


def test_a_host_that_needs_the_access_list_is_missing_it() -> None:
    found = check_oscquery(make_settings(free_port(), host="0.0.0.0"))
    assert (found.state, found.fix) == ("missing", "give both, or bind 127.0.0.1")
    assert "oscquery: 0.0.0.0 can be reached" in found.detail


def test_an_address_of_another_machine_says_what_the_system_says() -> None:
    found = check_oscquery(make_settings(free_port(), LAN, host="203.0.113.9"))
    assert (found.state, "host" in found.fix) == ("warn", True), found
    assert "203.0.113.9" in found.detail and "while attempting" not in found.detail


def test_off_is_said_with_how_to_switch_it_on() -> None:
    found = check_oscquery(make_settings(free_port(), enabled=False))
    assert (found.state, found.detail) == ("ok", "off")
    assert "enabled = true" in found.fix


def test_without_zeroconf_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> object:
        raise ImportError(name)

    port = free_port()
    monkeypatch.setattr("importlib.import_module", fail)
    found = check_oscquery(make_settings(port, advertise=True))
    assert (found.state, found.fix) == ("warn", "pip install 'sideman[discovery]'")

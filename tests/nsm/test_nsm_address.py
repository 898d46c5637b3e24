"""NSM address: what NSM_URL may be, and that no name is looked up."""

from __future__ import annotations

import socket

import pytest

from bridge.errors import ConfigError
from bridge.nsm.nsm_address import find_session_manager


@pytest.mark.parametrize("environment", [{}, {"NSM_URL": ""}, {"NSM_URL": " "}])
def test_without_the_variable_there_is_no_session_manager(environment: dict[str, str]) -> None:
    assert find_session_manager(environment) is None


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("osc.udp://vm:19999/", ("127.0.0.1", 19999)),
        ("osc.udp://no-such-host.invalid:1/", ("127.0.0.1", 1)),
        ("osc.udp://studio.local:65535", ("127.0.0.1", 65535)),
        ("osc.udp://127.0.1.1:16187/", ("127.0.1.1", 16187)),
        ("osc.udp://192.168.1.7:16187/", ("192.168.1.7", 16187)),
    ],
)
def test_a_name_means_this_machine_and_is_never_looked_up(
    url: str, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a name was looked up")

    for name in ("getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    assert find_session_manager({"NSM_URL": url}) == address


@pytest.mark.parametrize(
    "url",
    [
        "x",
        "osc.tcp://vm:1/",
        "osc.unix:///tmp/x",
        "osc.udp://vm:0/",
        "osc.udp://vm:65536/",
        "osc.udp://vm:99999999999/",
        "osc.udp://vm/",
        "osc.udp://vm:1/more",
        "osc.udp://:1/",
        "osc.udp://[::1]:9/",
    ],
)
def test_another_address_is_refused_with_its_form(url: str) -> None:
    with pytest.raises(ConfigError, match=r"NSM_URL: .*unset NSM_URL.*osc\.udp://HOST:PORT/"):
        find_session_manager({"NSM_URL": url})

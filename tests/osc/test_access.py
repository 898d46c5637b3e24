"""The LAN rule."""

from __future__ import annotations

import pytest

from bridge.errors import ConfigError
from bridge.osc.access import ATTEMPTS_BURST, MAX_PEERS, Access
from bridge.osc.wire import Peer

LAN: Peer = ("192.168.1.7", 5000)
STRANGER: Peer = ("192.168.2.7", 5000)


def lan(token: str = "secret") -> Access:
    access = Access("0.0.0.0", ["192.168.1.0/24", "10.0.0.9", "fe80::/10"], token)
    access.check()
    return access


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    access = Access(host, [], "")
    access.check()
    assert access.admits(("127.0.0.1", 1))
    assert access.knows(("127.0.0.1", 1))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "8.8.8.8"])
@pytest.mark.parametrize(("allow", "token"), [([], ""), (["10.0.0.0/8"], ""), ([], "secret")])
def test_anything_else_needs_an_allow_list_and_a_token(host: str, allow: list[str], token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Access(host, allow, token).check()
    assert ("an allow-list" in caught.value.message) == (not allow)
    assert ("a token" in caught.value.message) == (not token)


@pytest.mark.parametrize("host", ["", "studio", "300.1.1.1", "127.0.0.1:9123"])
def test_a_host_that_is_no_address_is_an_error(host: str) -> None:
    with pytest.raises(ConfigError, match="no IP address"):
        Access(host, ["10.0.0.0/8"], "secret").check()


def test_an_allow_list_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ConfigError, match="allow-list"):
        Access("0.0.0.0", ["everyone"], "secret").check()


def test_only_the_listed_are_admitted() -> None:
    access = lan()
    assert access.admits(LAN)
    assert access.admits(("10.0.0.9", 1))
    assert access.admits(("fe80::1%eth0", 1, 0, 2))
    assert not access.admits(STRANGER)
    assert not access.admits(("127.0.0.1", 1))


def test_a_peer_is_known_once_it_has_shown_the_token() -> None:
    access = lan("schlüssel")
    assert not access.knows(LAN)
    assert not access.authenticate(LAN, "wrong", 0.0)
    assert not access.authenticate(LAN, None, 0.0)
    assert not access.knows(LAN)
    assert access.authenticate(LAN, "schlüssel", 0.0)
    assert access.knows(LAN)
    assert not access.knows(("192.168.1.7", 5001))


def test_guesses_are_rationed() -> None:
    access = lan()
    for _ in range(ATTEMPTS_BURST):
        assert not access.authenticate(LAN, "wrong", 0.0)
    assert not access.authenticate(LAN, "secret", 0.0)
    assert access.authenticate(LAN, "secret", 1.5)


def test_known_peers_are_bounded_and_the_quiet_go_first() -> None:
    access = lan()
    for port in range(MAX_PEERS):
        assert access.authenticate(("192.168.1.7", port), "secret", port * 10.0)
    assert access.knows(("192.168.1.7", 0))
    assert access.authenticate(("192.168.1.7", 999), "secret", 1e6)
    assert access.knows(("192.168.1.7", 0))
    assert not access.knows(("192.168.1.7", 1))

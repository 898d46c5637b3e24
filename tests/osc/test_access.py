"""Access rule for the LAN: allow-list and token."""

from __future__ import annotations

import pytest

from bridge.errors import ConfigError
from bridge.osc.access import (
    ATTEMPTS_BURST,
    GUESSES,
    HOST_ATTEMPTS,
    MAX_HOSTS,
    MAX_PEERS,
    Access,
    Verdict,
    choose_lan_host,
)
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
    assert access.is_admitted(("127.0.0.1", 1))
    assert access.is_authenticated(("127.0.0.1", 1))


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
    assert access.is_admitted(LAN)
    assert access.is_admitted(("10.0.0.9", 1))
    assert access.is_admitted(("fe80::1%eth0", 1, 0, 2))
    assert not access.is_admitted(STRANGER)
    assert not access.is_admitted(("127.0.0.1", 1))


def test_a_peer_is_known_once_it_has_shown_the_token() -> None:
    access = lan("schlüssel")
    assert not access.is_authenticated(LAN)
    assert not access.authenticate(LAN, "wrong", 0.0)
    assert not access.authenticate(LAN, None, 0.0)
    assert not access.is_authenticated(LAN)
    assert access.authenticate(LAN, "schlüssel", 0.0)
    assert access.is_authenticated(LAN)
    assert not access.is_authenticated(("192.168.1.7", 5001))


def test_guesses_are_rate_limited() -> None:
    access = lan()
    for _ in range(ATTEMPTS_BURST):
        assert access.authenticate(LAN, "wrong", 0.0) is Verdict.WRONG
    assert access.authenticate(LAN, "secret", 0.0) is Verdict.TOO_MANY
    assert not access.is_authenticated(LAN)
    assert access.authenticate(LAN, "secret", 1.5) is Verdict.RIGHT


def guess(access: Access, peers: list[Peer], seconds: float, each_s: float = 0.2) -> list[tuple[float, Verdict]]:
    """The ``peers`` guess one after another, every ``each_s``."""
    times = [each_s * number for number in range(round(seconds / each_s))]
    return [(at, access.authenticate(peers[number % len(peers)], "wrong", at)) for number, at in enumerate(times)]


GUESSERS: dict[str, list[Peer]] = {
    "one peer": [("192.168.1.66", 5000)],
    "another port of the same host": [("192.168.1.7", 6000)],
    "a port after another": [("192.168.1.66", port) for port in range(2000, 4000)],
    "all other hosts": [(f"192.168.1.{host}", 5000) for host in range(8, 255)],
}


@pytest.mark.parametrize("peers", GUESSERS.values(), ids=GUESSERS)
def test_a_peer_with_the_token_gets_in_while_others_guess(peers: list[Peer]) -> None:
    access = lan()
    for at_s in (0.0, 20.0, 600.0):
        guess(access, peers, 100.0)
        assert access.authenticate(("192.168.1.7", 5000 + round(at_s)), "secret", 100.0 + at_s) is Verdict.RIGHT


def test_a_peer_that_mistyped_the_token_gets_in_while_another_guesses() -> None:
    access = lan()
    guess(access, GUESSERS["one peer"], 100.0)
    assert access.authenticate(LAN, "sceret", 100.0) is Verdict.WRONG
    assert access.authenticate(LAN, "secret", 100.1) is Verdict.RIGHT


@pytest.mark.parametrize("peers", GUESSERS.values(), ids=GUESSERS)
def test_guesses_are_few_however_many_guess(peers: list[Peer]) -> None:
    seconds = 200.0
    looked_at = [at for at, verdict in guess(lan(), peers, seconds, 0.01) if verdict is not Verdict.TOO_MANY]
    hosts = len({peer[0] for peer in peers})
    assert len(looked_at) <= GUESSES[1] + GUESSES[0] * seconds + hosts
    if hosts == 1:
        assert len(looked_at) <= HOST_ATTEMPTS[1] + HOST_ATTEMPTS[0] * seconds + 1


def test_an_ipv6_host_cannot_take_another_address_for_each_guess() -> None:
    access = lan()
    peers: list[Peer] = [(f"fe80::{number:x}", 5000, 0, 2) for number in range(1, 2000)]
    found = [verdict for _, verdict in guess(access, peers, 20.0, 0.01) if verdict is not Verdict.TOO_MANY]
    assert len(found) <= HOST_ATTEMPTS[1] + HOST_ATTEMPTS[0] * 20 + 1


def test_memory_for_guessers_is_bounded() -> None:
    access = Access("::", ["::/0"], "secret")
    access.check()
    for number in range(3 * MAX_HOSTS):
        peer: Peer = (f"2001:db8:{number:x}::1", 5000, 0, 0)
        assert access.is_admitted(peer)
        access.authenticate(peer, "wrong", 0.0)
    sizes = [len(access._listed), len(access._guessers), len(access._tries._known), len(access._tries_of_hosts._known)]
    assert max(sizes) <= MAX_HOSTS


@pytest.mark.parametrize(
    "token", ["", "s", "secret ", "secre", "SECRET", "secret" * 1000, 0, None, b"secret", ["secret"]]
)
def test_nothing_but_the_token_is_the_token(token: object) -> None:
    assert lan().authenticate(LAN, token, 0.0) is Verdict.WRONG


def test_known_peers_are_bounded_and_the_least_active_go_first() -> None:
    access = lan()
    for port in range(MAX_PEERS):
        assert access.authenticate(("192.168.1.7", port), "secret", port * 10.0)
    assert access.is_authenticated(("192.168.1.7", 0))
    assert access.authenticate(("192.168.1.7", 999), "secret", 1e6)
    assert access.is_authenticated(("192.168.1.7", 0))
    assert not access.is_authenticated(("192.168.1.7", 1))


@pytest.mark.parametrize(
    ("host", "allow", "chosen"),
    [
        ("127.0.0.1", ["192.168.1.0/24"], "0.0.0.0"),
        ("127.0.0.5", ["192.168.1.0/24"], "0.0.0.0"),
        ("localhost", ["192.168.1.0/24"], "0.0.0.0"),
        ("localhost", ["fd00::/8"], "::"),
        ("::1", ["fd00::/8"], "::"),
        ("::1", ["fd00::/8", "192.168.1.0/24"], "::"),
        ("::1", ["192.168.1.0/24"], "0.0.0.0"),
        ("::1", [], "::"),
        ("127.0.0.1", [], "0.0.0.0"),
        ("192.168.1.2", ["192.168.1.0/24"], "192.168.1.2"),
        ("fd00::2", ["fd00::/8"], "fd00::2"),
        ("0.0.0.0", [], "0.0.0.0"),
        ("studio", [], "studio"),
    ],
)
def test_beyond_this_machine_it_never_stays_on_loopback(host: str, allow: list[str], chosen: str) -> None:
    assert choose_lan_host(host, allow) == chosen


@pytest.mark.parametrize(("host", "allow"), [("0.0.0.0", ["fd00::/8"]), ("::", ["192.168.1.0/24", "10.0.0.9"])])
def test_an_allow_list_whose_peers_cannot_reach_the_host_is_an_error(host: str, allow: list[str]) -> None:
    with pytest.raises(ConfigError, match="nobody on the allow-list can reach"):
        Access(host, allow, "secret").check()

"""Access rule: who may speak to the server. Everyone on this machine; beyond it, the listed who know the token."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from enum import Enum

from bridge.errors import ConfigError
from bridge.osc.limits import Allowance, Allowances, Recent
from bridge.osc.wire import Peer

MAX_PEERS = 64
"""Authenticated peers remembered; the one that has been quiet longest goes first."""
ATTEMPTS_PER_S, ATTEMPTS_BURST = 1.0, 10
"""Tokens that a peer may try, an address and a port; others are not held up by it."""
HOST_ATTEMPTS = (2.0, 40.0)
"""The same for all ports of one host, a second and at once: it could try each token from another port."""
GUESSES = (4.0, 80.0)
"""The same for all hosts of which a token was wrong: guessing a word of a dictionary takes hours. A host that has
guessed nothing yet is not held up by them."""
MAX_HOSTS = 1024
"""Hosts remembered, for what they tried and whether they are listed."""
_HOST_BITS = 64
"""Of an IPv6 address: the rest is the host's own to choose, and to change."""


class Verdict(Enum):
    """What became of a token; true where it was right."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too many"

    def __bool__(self) -> bool:
        return self is Verdict.RIGHT


def beyond(host: str, allow: Sequence[str]) -> str:
    """Where to listen so that those of ``allow`` reach us: ``host``, or where that is loopback every address of this
    machine, of IPv6 where ``host`` or all of those are of that. What is no address is left to `Access.check`."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        versions = {ipaddress.ip_network(entry, strict=False).version for entry in allow}
    except ValueError:
        return host
    if not address.is_loopback:
        return host
    version = address.version if not versions or address.version in versions else versions.pop()
    return "0.0.0.0" if version == 4 else "::"


class Access:
    """The rule for one server. Impossible combinations are a `ConfigError` from `check`."""

    def __init__(self, host: str, allow: Sequence[str], token: str) -> None:
        self.host = "127.0.0.1" if host == "localhost" else host
        self._allow = tuple(allow)
        self._token = _digest(token)
        self._has_token = bool(token.strip())
        self._networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
        self._open = False
        self._known: Recent[Peer, bool] = Recent(MAX_PEERS)
        self._listed: Recent[str, bool] = Recent(MAX_HOSTS)
        self._tries = Allowances((ATTEMPTS_PER_S, ATTEMPTS_BURST), None, MAX_HOSTS)
        self._tries_of_hosts = Allowances(HOST_ATTEMPTS, None, MAX_HOSTS)
        self._guessers: Recent[str, bool] = Recent(MAX_HOSTS)
        self._guesses = Allowance(*GUESSES)

    def check(self) -> None:
        """Refuse a host that others can reach without an allow-list and a token."""
        try:
            self._open = ipaddress.ip_address(self.host).is_loopback
        except ValueError as error:
            raise ConfigError(f"osc: host {self.host!r} is no IP address", "use 127.0.0.1") from error
        if not self._open and not (self._allow and self._has_token):
            raise ConfigError(
                f"osc: {self.host} can be reached from the network, without "
                + " and ".join(
                    name for name, given in (("an allow-list", self._allow), ("a token", self._has_token)) if not given
                ),
                "give both, or bind 127.0.0.1",
            )
        try:
            self._networks = tuple(ipaddress.ip_network(entry, strict=False) for entry in self._allow)
        except ValueError as error:
            raise ConfigError(
                f"osc: allow-list: {error}", "give addresses or networks such as 192.168.1.0/24"
            ) from error
        version = ipaddress.ip_address(self.host).version
        if not self._open and not any(network.version == version for network in self._networks):
            raise ConfigError(
                f"osc: nobody on the allow-list can reach {self.host}: all of them have IPv{10 - version} addresses",
                f"list their IPv{version} addresses, or bind an address of IPv{10 - version}",
            )

    def admits(self, peer: Peer) -> bool:
        """Whether datagrams from ``peer`` are looked at, at all."""
        if self._open:
            return True
        host = str(peer[0]).partition("%")[0]
        listed = self._listed.use(host)
        if listed is None:
            address = ipaddress.ip_address(host)
            listed = self._listed.keep(host, any(address in network for network in self._networks))
        return listed

    def knows(self, peer: Peer) -> bool:
        """Whether ``peer`` has shown the token, where one is asked for."""
        return self._open or bool(self._known.use(peer))

    def authenticate(self, peer: Peer, token: object, now_s: float) -> Verdict:
        """Take ``token`` from ``peer``, or say that it was not even looked at, because too many were tried."""
        if self._open:
            return Verdict.RIGHT
        host = _host_of(peer)
        if not self._may_try(peer, host, now_s):
            return Verdict.TOO_MANY
        if not isinstance(token, str) or not hmac.compare_digest(_digest(token), self._token):
            self._guessers.keep(host, True)
            return Verdict.WRONG
        self._guessers.pop(host, None)
        self._known.keep(peer, True)
        return Verdict.RIGHT

    def _may_try(self, peer: Peer, host: str, now_s: float) -> bool:
        limits = [self._tries.of(peer), self._tries_of_hosts.of(host)]
        if self._guessers.use(host):
            limits.append(self._guesses)
        if not all(limit.grants(now_s) for limit in limits):
            return False
        for limit in limits:
            limit.take(now_s)
        return True


def _digest(token: str) -> bytes:
    """Of one length for all tokens, so that comparing two takes the same time for all."""
    return hashlib.sha256(token.encode()).digest()


def _host_of(peer: Peer) -> str:
    """The host that ``peer`` is on: for IPv6 the network, within which a host chooses its address."""
    address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    if address.version == 4:
        return str(address)
    return str(ipaddress.IPv6Network((int(address), _HOST_BITS), strict=False))

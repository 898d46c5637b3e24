"""Access rule of the OSC server: everyone on this machine; on the network, listed peers with the token."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from enum import Enum

from bridge.errors import ConfigError
from bridge.osc.limits import LruCache, RateLimit, RateLimits
from bridge.osc.wire import Peer

MAX_PEERS = 64
"""Authenticated peers remembered; the least recently active is evicted first."""
ATTEMPTS_PER_S, ATTEMPTS_BURST = 1.0, 10
"""Rate limit of token attempts per peer (address and port); it does not affect others."""
HOST_ATTEMPTS = (2.0, 40.0)
"""Rate limit per host, over all its ports, per second and at once: each token could come from another port."""
GUESSES = (4.0, 80.0)
"""Rate limit over all hosts that sent a wrong token: a dictionary attack takes hours. Other hosts are not affected."""
MAX_HOSTS = 1024
"""Hosts remembered, with their attempts and whether they are on the allow-list."""
_HOST_BITS = 64
"""Network prefix of an IPv6 address: a host can choose and change the rest."""


class Verdict(Enum):
    """Result of an authentication attempt; true where the token was right."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too many"

    def __bool__(self) -> bool:
        return self is Verdict.RIGHT


def choose_lan_host(host: str, allow: Sequence[str]) -> str:
    """Choose the address to bind so that peers of ``allow`` can connect.

    It is ``host``, or all addresses of this machine where ``host`` is loopback; IPv6 where ``host`` or all of ``allow``
    are IPv6. Invalid addresses are left to `Access.check`.
    """
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
    """The access rule of one server. `check` raises `ConfigError` for invalid settings, which names ``server``."""

    def __init__(self, host: str, allow: Sequence[str], token: str, server: str = "osc") -> None:
        self.host = "127.0.0.1" if host == "localhost" else host
        self._server = server
        self._allow = tuple(allow)
        self._token = _hash_token(token)
        self._has_token = bool(token.strip())
        self._networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
        self._open = False
        self._known: LruCache[Peer, bool] = LruCache(MAX_PEERS)
        self._listed: LruCache[str, bool] = LruCache(MAX_HOSTS)
        self._tries = RateLimits((ATTEMPTS_PER_S, ATTEMPTS_BURST), None, MAX_HOSTS)
        self._tries_of_hosts = RateLimits(HOST_ATTEMPTS, None, MAX_HOSTS)
        self._guessers: LruCache[str, bool] = LruCache(MAX_HOSTS)
        self._guesses = RateLimit(*GUESSES)

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine can connect; known after `check`."""
        return self._open

    def check(self) -> None:
        """Refuse a host that is reachable from the network without an allow-list and a token."""
        try:
            self._open = ipaddress.ip_address(self.host).is_loopback
        except ValueError as error:
            raise ConfigError(f"{self._server}: host {self.host!r} is no IP address", "use 127.0.0.1") from error
        if not self._open and not (self._allow and self._has_token):
            raise ConfigError(
                f"{self._server}: {self.host} can be reached from the network, without "
                + " and ".join(
                    name for name, given in (("an allow-list", self._allow), ("a token", self._has_token)) if not given
                ),
                "give both, or bind 127.0.0.1",
            )
        try:
            self._networks = tuple(ipaddress.ip_network(entry, strict=False) for entry in self._allow)
        except ValueError as error:
            raise ConfigError(
                f"{self._server}: allow-list: {error}", "give addresses or networks such as 192.168.1.0/24"
            ) from error
        version = ipaddress.ip_address(self.host).version
        if not self._open and not any(network.version == version for network in self._networks):
            raise ConfigError(
                f"{self._server}: nobody on the allow-list can reach {self.host}: "
                f"all of them have IPv{10 - version} addresses",
                f"list their IPv{version} addresses, or bind an address of IPv{10 - version}",
            )

    def is_admitted(self, peer: Peer) -> bool:
        """Whether datagrams from ``peer`` are processed at all."""
        if self._open:
            return True
        host = str(peer[0]).partition("%")[0]
        listed = self._listed.touch(host)
        if listed is None:
            address = ipaddress.ip_address(host)
            listed = self._listed.put(host, any(address in network for network in self._networks))
        return listed

    def is_authenticated(self, peer: Peer) -> bool:
        """Whether ``peer`` has sent the token, where one is needed."""
        return self._open or bool(self._known.touch(peer))

    def authenticate(self, peer: Peer, token: object, now_s: float) -> Verdict:
        """Check ``token`` from ``peer``; after too many attempts it is not compared."""
        if self._open:
            return Verdict.RIGHT
        host = _find_host(peer)
        if not self._try_attempt(peer, host, now_s):
            return Verdict.TOO_MANY
        if not isinstance(token, str) or not hmac.compare_digest(_hash_token(token), self._token):
            self._guessers.put(host, True)
            return Verdict.WRONG
        self._guessers.pop(host, None)
        self._known.put(peer, True)
        return Verdict.RIGHT

    def _try_attempt(self, peer: Peer, host: str, now_s: float) -> bool:
        limits = [self._tries.get(peer), self._tries_of_hosts.get(host)]
        if self._guessers.touch(host):
            limits.append(self._guesses)
        if not all(limit.is_available(now_s) for limit in limits):
            return False
        for limit in limits:
            limit.try_acquire(now_s)
        return True


def _hash_token(token: str) -> bytes:
    """Hash to a constant length, for comparison in constant time."""
    return hashlib.sha256(token.encode()).digest()


def _find_host(peer: Peer) -> str:
    """The host of ``peer``; for IPv6 its network prefix, as a host chooses its address within it."""
    address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    if address.version == 4:
        return str(address)
    return str(ipaddress.IPv6Network((int(address), _HOST_BITS), strict=False))

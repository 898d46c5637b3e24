"""Who may speak to the server: everyone on this machine; beyond it, the listed who know the token."""

from __future__ import annotations

import hmac
import ipaddress
from collections import OrderedDict
from collections.abc import Sequence

from bridge.errors import ConfigError
from bridge.osc.limits import Allowance
from bridge.osc.wire import Peer

MAX_PEERS = 64
"""Authenticated peers remembered; the one that has been quiet longest goes first."""
ATTEMPTS_PER_S, ATTEMPTS_BURST = 1.0, 10
"""Tokens tried, from all peers together: guessing a word of a dictionary takes days."""


class Access:
    """The rule for one server. Impossible combinations are a `ConfigError` from `check`."""

    def __init__(self, host: str, allow: Sequence[str], token: str) -> None:
        self.host = "127.0.0.1" if host == "localhost" else host
        self._allow = tuple(allow)
        self._token = token
        self._networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
        self._open = False
        self._known: OrderedDict[Peer, None] = OrderedDict()
        self._attempts = Allowance(ATTEMPTS_PER_S, ATTEMPTS_BURST)

    def check(self) -> None:
        """Refuse a host that others can reach without an allow-list and a token."""
        try:
            self._open = ipaddress.ip_address(self.host).is_loopback
        except ValueError as error:
            raise ConfigError(f"osc: host {self.host!r} is no IP address", "use 127.0.0.1") from error
        if not self._open and not (self._allow and self._token):
            raise ConfigError(
                f"osc: {self.host} can be reached from the network, without "
                + " and ".join(
                    name for name, given in (("an allow-list", self._allow), ("a token", self._token)) if not given
                ),
                "give both, or bind 127.0.0.1",
            )
        try:
            self._networks = tuple(ipaddress.ip_network(entry, strict=False) for entry in self._allow)
        except ValueError as error:
            raise ConfigError(
                f"osc: allow-list: {error}", "give addresses or networks such as 192.168.1.0/24"
            ) from error

    def admits(self, peer: Peer) -> bool:
        """Whether datagrams from ``peer`` are looked at, at all."""
        if self._open:
            return True
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
        return any(address in network for network in self._networks)

    def knows(self, peer: Peer) -> bool:
        """Whether ``peer`` has shown the token, where one is asked for."""
        if self._open:
            return True
        if peer not in self._known:
            return False
        self._known.move_to_end(peer)
        return True

    def authenticate(self, peer: Peer, token: object, now_s: float) -> bool:
        """Take ``token`` from ``peer``; False where it is wrong or too many were tried."""
        if self._open:
            return True
        if not isinstance(token, str) or not self._attempts.take(now_s):
            return False
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return False
        self._known[peer] = None
        while len(self._known) > MAX_PEERS:
            self._known.popitem(last=False)
        return True

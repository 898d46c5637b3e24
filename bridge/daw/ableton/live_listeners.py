"""Live listeners: which properties of Live are listened to, and for whom.

AbletonOSC keeps one listener for each property and object, whoever asked. It forgets them when it starts again, and a
reload can leave an old one beside the new one, which then answers twice (AbletonOSC issue 104). So each is stopped
before it is started, and those of the song are renewed at times, because the message of a start can be lost.
"""

from __future__ import annotations

from collections.abc import Hashable

from bridge.daw.ableton.live_client import LiveClient
from bridge.daw.ableton.live_protocol import QueryKey

RENEW_S = 5.0
"""Time between two renewals of a listener of the song."""
MOST_LISTENERS = 2048
"""Listeners kept: 20 properties of 100 tracks."""


def make_listener_key(address: str, ids: tuple[int, ...]) -> tuple[QueryKey, str] | None:
    """The key of the replies that `start_listen` or `stop_listen` is about, and which of the two; None for others."""
    parts = address.split("/", 4)
    if len(parts) < 5 or parts[3] not in ("start_listen", "stop_listen"):
        return None
    return (f"/live/{parts[2]}/get/{parts[4]}", ids), parts[3]


class LiveListeners:
    """The owners of each listener. Not thread-safe; the time is an argument."""

    def __init__(self, client: LiveClient) -> None:
        self._client = client
        self._owners: dict[QueryKey, set[Hashable]] = {}
        self._due_s: dict[QueryKey, float] = {}
        self._restarts = client.restarts

    def add(self, owner: Hashable, key: QueryKey) -> None:
        """Listen for ``owner``. Live sends the present value again, also where somebody listens already."""
        if key not in self._owners and len(self._owners) >= MOST_LISTENERS:
            return
        self._owners.setdefault(key, set()).add(owner)
        self._due_s[key] = float("-inf")

    def remove(self, owner: Hashable, key: QueryKey) -> None:
        """Do not listen for ``owner`` any more; Live goes on for the others."""
        owners = self._owners.get(key)
        if owners is None or owner not in owners:
            return
        owners.discard(owner)
        if not owners:
            del self._owners[key]
            del self._due_s[key]
            self._client.post(_make_message("stop_listen", key))

    def remove_owner(self, owner: Hashable) -> None:
        """Remove everything of ``owner``."""
        for key in list(self._owners):
            self.remove(owner, key)

    def get_owners(self, key: QueryKey) -> frozenset[Hashable]:
        """Who listens."""
        return frozenset(self._owners.get(key, ()))

    def update(self, now_s: float) -> None:
        """Start what is new, what a restart of AbletonOSC ended, and at times one of the song again."""
        if self._restarts != self._client.restarts:
            self._restarts = self._client.restarts
            self._due_s = dict.fromkeys(self._due_s, float("-inf"))
        for key, due_s in self._due_s.items():
            if due_s <= now_s:
                self._client.post(_make_message("stop_listen", key), _make_message("start_listen", key))
                self._due_s[key] = float("inf") if key[1] else now_s + RENEW_S


def _make_message(verb: str, key: QueryKey) -> tuple[str, tuple[int, ...]]:
    address, ids = key
    return address.replace("/get/", f"/{verb}/", 1), ids

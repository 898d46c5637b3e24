"""Live hub: several programs use AbletonOSC, which answers at one port alone.

A client sends to the hub what it would send to AbletonOSC, and gets its replies where it sent from. Each datagram is
parsed and encoded anew: what is malformed never reaches Live. Replies go to who asked, events to who listens, and what
is no reply (starts, errors) to everybody. Programs that send to Live directly are listed in the settings: whatever
Live sends, they get too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bridge.daw.ableton.clip_notes import is_within
from bridge.daw.ableton.live_client import LiveClient, LiveQuery, LiveReply, Outcome, accept_all
from bridge.daw.ableton.live_listeners import LiveListeners, make_listener_key
from bridge.daw.ableton.live_protocol import make_datagram, make_key, read_datagram
from bridge.errors import ControlError
from bridge.osc.guard import GuardError
from bridge.osc.wire import Args, Message, Peer

MOST_CLIENTS = 32
"""Clients that the hub remembers; the one that has been silent longest goes first."""
QUERY_ATTEMPTS = 3
"""Tries of a question of a client; after them the client itself may ask again."""
EQUAL_TICKS = 1.0
"""Ticks within which an equal event for the same client is that of a doubled listener."""
UNMATCHED_TICKS = 20.0
"""Ticks within which a reply comes to questions that no reply can be matched with: of all tracks at once, by an address
with a star, or beside another question in the datagram."""
MOST_UNMATCHED = 256
"""Such questions that are remembered; the oldest go first."""


@dataclass(slots=True)
class HubClient:
    """A program that uses the hub: messages that came from it and went to it, and when it sent last."""

    received: int = 0
    sent: int = 0
    seen_s: float = float("-inf")


class LiveHub:
    """The clients of one `LiveClient`. Not thread-safe; the time is an argument.

    ``send``: sends a datagram to a client. ``fixed``: the programs that get whatever Live sends.
    """

    def __init__(
        self,
        client: LiveClient,
        listeners: LiveListeners,
        send: Callable[[bytes, Peer], object],
        fixed: Sequence[Peer] = (),
    ) -> None:
        self._client, self._listeners, self._send = client, listeners, send
        self._fixed = frozenset(fixed)
        self.clients: dict[Peer, HubClient] = {peer: HubClient() for peer in fixed}
        self.malformed = 0
        self._events: dict[tuple[Peer, str, Args], float] = {}
        """When an event went to a client last; of the last tick alone."""
        self._unmatched: dict[tuple[Peer, str], float] = {}
        """When a client asked something last that no reply can be matched with, by its address."""
        self._asked: set[tuple[Peer, tuple[Message, ...]]] = set()
        """What is under way: if a client repeats it meanwhile, replies would come late for all that follows."""

    def receive(self, datagram: bytes, peer: Peer, now_s: float) -> None:
        """Take a datagram of a client. One that is malformed is counted and dropped."""
        try:
            messages = read_datagram(datagram)
        except (GuardError, ValueError):
            self.malformed += 1
            return
        self._register(peer, now_s)
        self.clients[peer].received += len(messages)
        rest = [message for message in messages if not self._listen(peer, message)]
        try:
            self._forward(peer, tuple(rest), now_s)
        except ControlError:
            self.malformed += 1  # of a type that can be read and not written

    def distribute(self, message: Message, answered: bool, now_s: float) -> None:
        """Give a message from Live to the clients that it is for. ``answered``: it was the reply to a query."""
        address, args = message
        key = make_key(address, args)
        owners = self._listeners.get_owners(key) if key is not None else frozenset()
        for_all = not answered and not owners and not is_question(address)
        # a reply that is late, or comes twice because the question was repeated, is for nobody
        askers = frozenset[Peer]() if answered or owners else self._find_askers(address, now_s)
        self._events = {one: at for one, at in self._events.items() if now_s - at < EQUAL_TICKS * self._client.tick_s}
        for peer in self.clients:
            if peer in self._fixed or for_all or peer in askers:
                self._reply(peer, message)
            elif peer in owners and (peer, address, args) not in self._events:
                self._events[(peer, address, args)] = now_s
                self._reply(peer, message)

    def remove(self, peer: Peer) -> None:
        """Forget a client."""
        self.clients.pop(peer, None)
        self._listeners.remove_owner(peer)

    def _register(self, peer: Peer, now_s: float) -> None:
        if peer not in self.clients:
            while len(self.clients) - len(self._fixed) >= MOST_CLIENTS:
                quiet = (one for one in self.clients if one not in self._fixed)
                self.remove(min(quiet, key=lambda one: self.clients[one].seen_s))
            self.clients[peer] = HubClient()
        self.clients[peer].seen_s = now_s

    def _listen(self, peer: Peer, message: Message) -> bool:
        """Whether ``message`` began or ended a listener."""
        address, args = message
        ids = make_key(address, args)
        found = None if ids is None else make_listener_key(address, ids[1])
        if found is None:
            return False
        key, verb = found
        if verb == "start_listen":
            self._listeners.add(peer, key)
        else:
            self._listeners.remove(peer, key)
        return True

    def _find_askers(self, address: str, now_s: float) -> frozenset[Peer]:
        """Who may have asked what is answered at ``address``, with a question that no reply is matched with."""
        oldest_s = now_s - UNMATCHED_TICKS * self._client.tick_s
        self._unmatched = {one: at_s for one, at_s in self._unmatched.items() if at_s >= oldest_s}
        return frozenset(peer for peer, asked in self._unmatched if does_pattern_match(asked, address))

    def _note_unmatched(self, peer: Peer, addresses: Iterable[str], now_s: float) -> None:
        for address in addresses:
            if "*" in address or is_question(address):
                self._unmatched.pop((peer, address), None)
                self._unmatched[(peer, address)] = now_s
        for oldest in list(self._unmatched)[:-MOST_UNMATCHED]:
            del self._unmatched[oldest]

    def _forward(self, peer: Peer, messages: tuple[Message, ...], now_s: float) -> None:
        if not messages:
            return
        asked = [one for one in messages if is_question(one[0])]
        key = make_key(*asked[-1]) if asked else None
        make_datagram(messages)  # what cannot be encoded is refused here, before it waits
        matched = asked[-1] if key is not None else None
        self._note_unmatched(peer, (one[0] for one in messages if one is not matched), now_s)
        if key is None:
            self._client.post(*messages)
            return
        address, ids = key
        # what sets something is sent once: whether it may be repeated only the client knows
        if (peer, messages) in self._asked:
            return
        self._asked.add((peer, messages))
        accepts = _make_accept(address, asked[-1][1][len(ids) :])
        query = LiveQuery(messages, address, ids, 0, accepts, QUERY_ATTEMPTS if len(asked) == len(messages) else 1)
        self._client.start(query, lambda outcome: self._answer(peer, query, outcome))

    def _answer(self, peer: Peer, query: LiveQuery, outcome: Outcome) -> None:
        self._asked.discard((peer, query.messages))
        address, ids = query.address, query.ids
        if isinstance(outcome, LiveReply) and peer not in self._fixed and peer in self.clients:
            self._reply(peer, (address, (*ids, *outcome.values)))

    def _reply(self, peer: Peer, message: Message) -> None:
        self.clients[peer].sent += 1
        self._send(make_datagram([message]), peer)


def _make_accept(address: str, asked: Args) -> Callable[[Args], bool]:
    """What is a reply to a question that has ``asked`` after the numbers of the object."""
    if address == "/live/clip/get/notes":
        return lambda values: is_within(values, asked)
    return accept_all


def is_question(address: str) -> bool:
    """Whether AbletonOSC answers a message with this address, at the same address."""
    parts = address.split("/")
    return "*" not in address and (address == "/live/test" or (len(parts) > 3 and parts[3] == "get"))


def does_pattern_match(pattern: str, address: str) -> bool:
    """Whether AbletonOSC takes ``address`` for one of ``pattern``: a star is a part of it, and more may follow."""
    parts = "[^/]+".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(parts + (".*" if "*" in pattern else ""), address) is not None

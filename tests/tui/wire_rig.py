"""A link to the real dispatch of a sidecar, over a wire that may lose datagrams. No socket, no clock."""

from __future__ import annotations

from collections.abc import Callable

from bridge.control.bus import Bus, Row
from bridge.control.identity import PROTOCOL
from bridge.core.control import Reading
from bridge.osc.dispatch import Dispatch
from bridge.osc.guard import split_messages
from bridge.osc.limits import Budget
from bridge.osc.wire import Args, decode, encode, format_source, to_wire_values
from tests.tui.rig import sidecar_registry
from tui.core.session import Record, Session
from tui.wire.link import Link

PEERS = (("127.0.0.1", 50001), ("127.0.0.1", 50002))
STEP_S = 0.05
MAX_STEPS = 2000


class WireRig:
    """A link and a sidecar's Bus.

    Attributes:
        sent: Every message that the link sent, with its channel.
        is_alive: Whether the sidecar answers.
        loses: Decides of each datagram to the link whether it is lost.
        steps: The work budget of a datagram.
    """

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.session = Session("127.0.0.1:9123")
        self.link = Link(self.session)
        self.notices: list[tuple[str, str]] = []
        self.link.notice = lambda text, role: self.notices.append((text, role))
        self.sent: list[tuple[int, str, Args]] = []
        self.is_alive = True
        self.loses: Callable[[str, Args], bool] = lambda _address, _args: False
        self.steps = 60_000
        self.start_sidecar("one")

    def start_sidecar(self, instance: str, protocol: int = PROTOCOL) -> None:
        """A sidecar from scratch, with the values of a fresh start."""
        self.bus = Bus(sidecar_registry())
        self.dispatch = Dispatch(self.bus)
        self.bus.subscribe(self._offer)
        self.bus.publish("sideman", "sideman", "1", protocol, instance, "host", 1, 0, "offline", 44100, "running")
        self.is_alive = True

    def _offer(self, name: str, row: Row, source: str) -> None:
        item = self.bus.registry.find(name)
        assert item is not None
        values, subscriptions = to_wire_values(item, row), self.dispatch.subscriptions
        if isinstance(item, Reading) and item.queued:
            subscriptions.offer_event(item.address, values)
        else:
            key = values[0] if isinstance(item, Reading) and item.keyed else ""
            subscriptions.offer(item.address, key, values, source, self.now_s)

    def deliver(self, address: str, *args: object, channel: int = 0) -> None:
        """A datagram of the sidecar, unless it is lost."""
        if not self.loses(address, args):
            self.link.receive(encode(address, args), self.now_s, channel)

    def step(self, seconds: float = STEP_S) -> None:
        """Let time pass, and carry what both sides send."""
        self.now_s += seconds
        self.link.tick(self.now_s)
        self._carry()
        if self.is_alive:
            for peer, address, values in self.dispatch.subscriptions.pop_due(self.now_s):
                item = self.bus.registry.find_address(address)
                if isinstance(item, Reading) and item.keyed and len(values) == 1:
                    address, values = "/gone", (address, *values)
                self.deliver(address, *values, channel=PEERS.index((str(peer[0]), int(peer[1]))))
        self._carry()

    def _carry(self) -> None:
        while outgoing := self.link.take_outgoing():
            for channel, datagram in outgoing:
                messages = [decode(one) for one in split_messages(datagram)]
                self.sent.extend((channel, address, args) for address, args in messages)
                budget = Budget(self.steps)
                for address, args in messages if self.is_alive else ():
                    for reply, values in self.dispatch.handle(address, args, PEERS[channel], self.now_s, budget):
                        self.deliver(reply, *values, channel=channel)

    def run(self, holds: Callable[[], bool]) -> None:
        """Let time pass until ``holds``."""
        for _ in range(MAX_STEPS):
            if holds():
                return
            self.step()
        raise AssertionError(f"it did not happen within {MAX_STEPS * STEP_S:g} s; notices: {self.notices}")

    def attach(self) -> None:
        """Attach, and wait for all values."""
        self.run(lambda: self.link.is_attached and not self.link.is_busy)

    def set(self, name: str, value: float | bool) -> list[tuple[str, list[Record]]]:
        """Set a control over the link; returns the list that its answer is appended to."""
        answers: list[tuple[str, list[Record]]] = []
        self.link.set(name, value, self.now_s, lambda error, rows: answers.append((error, rows)))
        return answers

    @property
    def source(self) -> str:
        """What the sidecar calls the link."""
        return format_source(PEERS[0])

"""Virtual Live: a client and the model of AbletonOSC in virtual time, with faults between them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from bridge.daw.ableton.live_client import LiveClient
from bridge.daw.ableton.live_procedure import Procedure, ProcedureRunner
from bridge.daw.ableton.live_protocol import TICK_S
from bridge.osc.wire import Message
from tests.daw.ableton.faulty_network import FaultyNetwork
from tests.daw.ableton.live_model import LiveModel

STEP_S = 0.01
LONGEST_S = 3600.0

T = TypeVar("T")


class VirtualLive:
    """A Live whose time passes only in `run` and `pass_time`. ``share``: of the datagrams with each kind of fault."""

    def __init__(self, share: float = 0.0, seed: int = 1, model: LiveModel | None = None) -> None:
        self.model = model or LiveModel()
        self.client = LiveClient()
        self.runner = ProcedureRunner(self.client)
        self.now_s = 100.0
        self.to_live, self.from_live = FaultyNetwork(share, seed), FaultyNetwork(share, seed + 1)
        self.on_step: list[Callable[[float], object]] = []
        self.on_message: list[Callable[[Message, bool, float], object]] = []
        self._next_tick_s = self.now_s
        self._inbox: list[bytes] = []
        self.is_running = True
        """Whether Live answers."""

    def run(self, procedure: Procedure[T]) -> T:
        """The result of ``procedure``, whose errors are raised."""
        future = self.start(procedure)
        deadline_s = self.now_s + LONGEST_S
        while not future.done():
            assert self.now_s < deadline_s, "the procedure never ends"
            self.step()
        return future.result()

    def start(self, procedure: Procedure[T]) -> Future[T]:
        """Begin ``procedure`` without waiting for it."""
        future: Future[T] = Future()
        self.runner.start(procedure, future)
        return future

    def pass_time(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.step()

    def restart(self) -> None:
        """Start AbletonOSC again."""
        for datagram in self.model.restart():
            self.from_live.send(datagram, self.now_s)

    def step(self) -> None:
        """STEP_S of both sides."""
        self.now_s += STEP_S
        for call in self.on_step:
            call(self.now_s)
        self.runner.update(self.now_s)
        for datagram in self.client.update(self.now_s):
            self.to_live.send(datagram, self.now_s)
        self._inbox.extend(self.to_live.receive(self.now_s))
        if self.now_s >= self._next_tick_s:
            self._next_tick_s += TICK_S
            arrived, self._inbox = self._inbox, []
            if self.is_running:
                for datagram in self.model.tick(self.now_s, arrived):
                    self.from_live.send(datagram, self.now_s)
        for datagram in self.from_live.receive(self.now_s):
            for message, answered in self.client.receive(datagram, self.now_s):
                for take in self.on_message:
                    take(message, answered, self.now_s)

"""UDP Live: the model of AbletonOSC behind real sockets, with a tick of its own and faults on the way.

As AbletonOSC, it answers at one port of the sender's host, whoever asked.
"""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType

from bridge.daw.ableton.live_connection import LOOPBACK
from bridge.daw.ableton.live_protocol import TICK_S
from tests.daw.ableton.faulty_network import FaultyNetwork
from tests.daw.ableton.live_model import LiveModel


class UdpLive:
    """A context manager: it answers inside. ``share``: of the datagrams with each kind of fault, each way."""

    def __init__(
        self, reply_port: int, share: float = 0.0, seed: int = 1, tick_s: float = TICK_S, model: LiveModel | None = None
    ) -> None:
        self.model = model or LiveModel()
        self.lock = threading.Lock()
        """Held while the model is at work."""
        self._reply_port, self._tick_s = reply_port, tick_s
        longest_s = 3.0 * tick_s
        self.to_live, self.from_live = FaultyNetwork(share, seed, longest_s), FaultyNetwork(share, seed + 1, longest_s)
        self.received = 0
        self._stop = threading.Event()
        self._socket: socket.socket
        self._thread: threading.Thread

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def __enter__(self) -> UdpLive:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind((LOOPBACK, 0))
        self._socket.setblocking(False)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def restart(self) -> None:
        """Start AbletonOSC again."""
        with self.lock:
            for datagram in self.model.restart():
                self.from_live.send(datagram, time.monotonic())

    def _serve(self) -> None:
        while not self._stop.wait(self._tick_s):
            with self.lock:
                self._tick()

    def _tick(self) -> None:
        now_s = time.monotonic()
        while True:
            try:
                datagram, _ = self._socket.recvfrom(65536)
            except BlockingIOError:
                break
            self.received += 1
            self.to_live.send(datagram, now_s)
        for datagram in self.model.tick(now_s, self.to_live.receive(now_s)):
            self.from_live.send(datagram, now_s)
        for datagram in self.from_live.receive(now_s):
            self._socket.sendto(datagram, (LOOPBACK, self._reply_port))

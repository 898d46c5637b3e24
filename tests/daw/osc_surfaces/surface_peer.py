"""Surface peer: a DAW of the tests' own at the far end of a UDP socket; it answers as Ardour does, or not at all."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

from bridge.osc.guard import split_messages
from bridge.osc.wire import Args, Message, decode, encode


class SurfacePeer:
    """A context manager: it listens on ``port`` inside. A locate arrives ``locate_steps`` questions later, and the
    first ``lost`` questions are not answered."""

    def __init__(self, locate_steps: int = 3, lost: int = 1) -> None:
        self.messages: list[Message] = []
        """What it received besides questions, in order."""
        self.markers: list[tuple[int, str]] = []
        """Frame and name of each marker that was added."""
        self.frame, self.speed = 0, 0.0
        self._target, self._locate_steps, self._left, self._lost = 0, locate_steps, 0, lost
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> SurfacePeer:
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(encode("/end", ()), ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            datagram, sender = self._socket.recvfrom(65536)
            for address, args in map(decode, split_messages(datagram)):
                if address == "/end":
                    return
                answer = self._answer(address, args)
                if answer is not None:
                    self._socket.sendto(b"no OSC", sender)
                    self._socket.sendto(encode("/heartbeat", (1.0,)), sender)
                    self._socket.sendto(encode(address, answer), sender)

    def _answer(self, address: str, args: Args) -> Args | None:
        if address in ("/transport_frame", "/transport_speed"):
            if self._lost:
                self._lost -= 1
                return None
            if address == "/transport_speed":
                return (self.speed,)
            self._left = max(0, self._left - 1)
            self.frame = self.frame if self._left else self._target
            return (self.frame,)
        self.messages.append((address, args))
        if address == "/locate":
            self._target, self._left = int(str(args[0])), self._locate_steps
        elif address == "/add_marker":
            self.markers.append((self.frame, str(args[0])))
        elif address == "/marker":
            frames, number = sorted(frame for frame, _ in self.markers), int(str(args[0]))
            if number <= len(frames):
                self._target, self._left = frames[number - 1], self._locate_steps
        elif address in ("/transport_play", "/transport_stop"):
            self.speed = float(address == "/transport_play")
        return None

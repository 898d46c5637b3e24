"""Session server: a session manager over real UDP, which does as nsmd 1.6 does (src/nsmd.cpp, compared by reading).

It opens for a program that announces itself, keeps one command waiting for an answer, and knows clients by their port.
"""

from __future__ import annotations

import socket
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from bridge.osc.guard import split_messages
from bridge.osc.wire import Message, decode, encode
from tests.waiting import until

ANNOUNCE, OPEN, SAVE = "/nsm/server/announce", "/nsm/client/open", "/nsm/client/save"
FEATURES = ":server-control:broadcast:optional-gui:"
NO_SESSION_OPEN, INCOMPATIBLE_API = -6, -2


@dataclass(slots=True)
class SessionServer:
    """A context manager. ``folder``: the session that is open; None: none is.

    ``is_silent``: it answers nothing. ``executable``: the program that it has started, as nsmd compares it.
    """

    folder: Path | None
    executable: str = "sideman"
    client: str = "nABCD"
    is_silent: bool = False
    received: list[Message] = field(default_factory=list)
    peer: tuple[str, int] = ("", 0)
    was_expected: bool = False
    _socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    _thread: threading.Thread | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> SessionServer:
        self._socket.bind(("", 0))  # as liblo does: on all addresses
        self._socket.settimeout(0.05)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
        sys.stdout.write(f"received: {self.received}\n")  # shown where the test failed

    @property
    def port(self) -> int:
        """The UDP port."""
        return int(self._socket.getsockname()[1])

    def get_url(self, host: str = "a-host.that.does-not.resolve.invalid") -> str:
        """NSM_URL as liblo writes it."""
        return f"osc.udp://{host}:{self.port}/"

    def send(self, address: str, *args: str | int) -> None:
        """Send a message to the client that has announced itself."""
        self._socket.sendto(encode(address, args), self.peer)

    def send_open(self, folder: Path, client: str, session: str = "song") -> None:
        """Ask the client to open, or to switch."""
        self.send(OPEN, str(folder), session, client)

    def find(self, address: str, first: object = None) -> list[tuple[object, ...]]:
        """The arguments of the messages to ``address``, those alone whose first argument is ``first``."""
        return [args for name, args in list(self.received) if name == address and (first is None or args[0] == first)]

    def wait_for(self, address: str, first: object = None, count: int = 1) -> tuple[object, ...]:
        """Wait for the ``count``-th such message, and return its arguments."""
        until(f"{address} {first or ''}", lambda: len(self.find(address, first)) >= count)
        return self.find(address, first)[count - 1]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                datagram, self.peer = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            for message in split_messages(datagram):
                self._receive(*decode(message))

    def _receive(self, address: str, args: tuple[object, ...]) -> None:
        if address == ANNOUNCE and not self.is_silent:
            name, _capabilities, executable, major, _minor, _process = args
            if self.folder is None:
                self.send("/error", ANNOUNCE, NO_SESSION_OPEN, "Sorry, but there's no session open")
            elif major != 1:
                self.send("/error", ANNOUNCE, INCOMPATIBLE_API, "Server is using an incompatible API version.")
            else:
                self.was_expected = executable == self.executable
                client = f"{name}.{self.client}"
                self.send("/reply", ANNOUNCE, "Acknowledged as full NSM client", "New Session Manager", FEATURES)
                self.send_open(self.folder / client, client)
        self.received.append((address, args))

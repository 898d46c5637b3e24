"""The clients that this process has on JACK: opened and closed here, because libjack must not be asked at a bad time.

libjack keeps one picture of the server for a whole process. Where a server died and one of the process's clients is
still open, the next attempt to open another takes that picture away, and closing the first then ends the process
with a segmentation fault (jackd 1.9.21, every time; `tests/live/test_clients.py`). So nothing is opened until the
clients of the dead server have left.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.drivers.libjack import import_jack, realtime_priority
from bridge.errors import DriverError

ATTEMPTS, PAUSE_S = 3, 0.2  # a busy jackd refuses a client that it takes a moment later

_lock = threading.RLock()  # libjack's opening and closing share what they change
_gone: dict[Any, threading.Event] = {}  # each open client, and whether its server went away


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a running server says of itself. ``priority``: of its clients' callbacks, 0 without real time."""

    rate: int
    period: int
    priority: int


def default_server() -> str:
    """The server that JACK's own tools would use."""
    return os.environ.get("JACK_DEFAULT_SERVER", "default")


def open_client(name: str, server: str | None, on_shutdown: Callable[[], None] | None = None) -> Any:
    """A jack.Client on a running server; never starts one.

    ``on_shutdown`` is called, from a thread of JACK's, when the server went away. Close it with `close_client`.

    Raises:
        DriverError: no server, one that refuses the name, or one that died while clients of this process stay open.
    """
    if name == (server or default_server()):
        # a client named like its server breaks that server for everyone who comes later
        raise DriverError(f"the client cannot be called {name!r} like its server", "choose another client name")
    with _lock:
        left = [client.name for client, gone in _gone.items() if gone.is_set()]
        if left:
            raise DriverError(
                f"the JACK server went away, and {', '.join(left)} of this process have not left it yet",
                "close them first, then open anew",
            )
        client = _open(name, server)
        gone = _gone[client] = threading.Event()

    def shut_down(_status: Any, _reason: str) -> None:
        gone.set()
        if on_shutdown is not None:
            on_shutdown()

    client.set_shutdown_callback(shut_down)
    return client


def _open(name: str, server: str | None) -> Any:
    jack = import_jack()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # a name that JACK chose instead would be one that nobody connects to
            return jack.Client(name, use_exact_name=True, servername=server, no_start_server=True)
        except jack.JackOpenError as error:
            if error.status.server_failed:
                raise DriverError(
                    f"no JACK server {server or default_server()!r} to connect to",
                    "start one, such as `jackd -d alsa` or `jackd -d dummy`, or name another with --server",
                ) from error
            if attempt == ATTEMPTS:  # it answered, and jackd 1.9 says only "server error" of a taken name
                raise DriverError(
                    f"the JACK server {server or default_server()!r} refused the client {name!r}",
                    "where one of that name runs already, stop it or choose another client name",
                ) from error
        time.sleep(PAUSE_S)
    raise AssertionError("unreachable: the last attempt returns or raises")


def activate_client(client: Any) -> None:
    """Let what `open_client` gave take part in the server's cycles.

    Raises:
        DriverError: a server whose cycles stand still; close the client, and try again with another.
    """
    try:
        client.activate()
    except import_jack().JackError as error:
        raise DriverError(
            f"the JACK server took the client {client.name!r} but does not run it ({error})",
            "try again; if it stays so, restart the server, and see `sideman doctor`",
        ) from error


def close_client(client: Any) -> None:
    """Deactivate and close what `open_client` gave, on a living server or a dead one."""
    with _lock:
        client.deactivate(ignore_errors=True)
        client.close(ignore_errors=True)
        _gone.pop(client, None)


def ask_server(server: str | None) -> ServerFacts:
    """Rate, period and priority of a running server."""
    client = open_client(f"sideman-ask-{os.getpid()}", server)
    try:
        return ServerFacts(int(client.samplerate), int(client.blocksize), realtime_priority(client))
    finally:
        close_client(client)

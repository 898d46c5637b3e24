"""JACK clients of this process: opened and closed here only, because libjack fails at a bad moment.

libjack keeps one copy of the server's state for a whole process. Where a server died and one of the process's clients
is still open, the next attempt to open another frees that state, and closing the first then ends the process with a
segmentation fault (jackd 1.9.21, every time; `tests/live/test_clients.py`). So none is opened until the clients of the
dead server are closed. And a client with a stale semaphore (`bridge.drivers.semaphores`) is closed and opened again.

Closing waits for the server's answer, for ever if none comes: a server that hangs, or libjack that does (PipeWire
0.3.65). So it is done in a thread of its own, which is given up after `CLOSE_S`; no client is opened after that.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from typing import Any

import numpy as np

from bridge.drivers.audio_system import AudioFacts, HungAudioError
from bridge.drivers.libjack import address, c_function, import_jack, load, realtime_priority
from bridge.drivers.semaphores import has_stale
from bridge.errors import DriverError
from bridge.names import why_not_jack

ATTEMPTS, PAUSE_S = 3, 0.2  # a busy jackd refuses a client that it accepts a moment later
OPENINGS = 20  # of a first client, until it has no stale semaphore; beside a server that starts one in ten has


CLOSE_S = 5.0
"""Longest time for a client to close. It takes 0.1 s; beside other work on two cores jackd was seen to take 2 s."""


START_SERVER = (
    "start one (jackd -d alsa; without a sound card jackd -d dummy), or name another with --server;"
    " on PipeWire put pw-jack before the command; without JACK: sideman run --audio portaudio"
)
"""Fix where no server runs."""


class HungServerError(HungAudioError):
    """A server, or its libjack, that does not answer any more: only the end of this process frees the client."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the JACK server did not let the client {name!r} go within {CLOSE_S:.0f} s; Sideman ends without it",
            "restart the server (PipeWire: systemctl --user restart pipewire), then start Sideman again",
        )


class _Server:
    """A server that clients of this process are on.

    ``gone``: 0 until it goes away, then when, in seconds. libjack notifies each client, from a thread in which no
    Python may run (`bridge.drivers.cancel_safe`), by calling time() of the C library, which writes the time to the
    address that it gets. A notification is lost now and then while another client closes; so clients of one server
    share one word.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.gone = np.zeros(1, np.int64)


_lock = threading.RLock()  # opening and closing change shared state in libjack
_servers: dict[Any, _Server] = {}  # each open client's
_hung: list[str] = []  # clients that never closed; libjack may hold its locks since then


def default_server() -> str:
    """The server that JACK's own tools would use."""
    return os.environ.get("JACK_DEFAULT_SERVER", "default")


def open_client(name: str, server: str | None) -> Any:
    """A jack.Client on a running server; never starts one. Ask `is_gone` of it, and close it with `close_client`.

    Raises:
        DriverError: no server, one that refuses the name, or one that died while clients of this process stay open.
        HungServerError: a client of this process could not be closed before.
    """
    if name == (server or default_server()):
        # a client named like its server breaks that server for everyone who comes later
        raise DriverError(f"the client cannot be called {name!r} like its server", "choose another client name")
    for kind, called in (("client", name), ("server", server or default_server())):
        if why := why_not_jack(called):
            raise DriverError(f"no JACK {kind} can be called {called!r}: {why}", f"choose another {kind} name")
    with _lock:
        if _hung:
            raise HungServerError(_hung[0])
        left = [client.name for client, there in _servers.items() if there.gone[0]]
        if left:
            raise DriverError(
                f"the JACK server went away, and {', '.join(left)} of this process have not left it yet",
                "close them first, then open them again",
            )
        client = _open(name, server) if _servers else _open_first(name, server)
        called = server or default_server()
        known = [one for one in _servers.values() if one.name == called]
        there = _servers[client] = known[0] if known else _Server(called)
        load().jack_on_shutdown(address(client._ptr), c_function("time"), ctypes.c_void_p(there.gone.ctypes.data))
    return client


def is_gone(client: Any) -> bool:
    """Whether the server of an opened ``client`` went away."""
    there = _servers.get(client)
    return there is not None and bool(there.gone[0])


def _open(name: str, server: str | None) -> Any:
    jack = import_jack()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            # nobody would connect to another name that JACK chose
            return jack.Client(name, use_exact_name=True, servername=server, no_start_server=True)
        except jack.JackOpenError as error:
            if error.status.server_failed:
                raise DriverError(
                    f"no JACK server {server or default_server()!r} to connect to",
                    START_SERVER,
                ) from error
            if attempt == ATTEMPTS:  # it answered, and jackd 1.9 says only "server error" of a taken name
                raise DriverError(
                    f"the JACK server {server or default_server()!r} refused the client {name!r}",
                    "if a client of that name runs, stop it, or choose another client name (sideman run --client)",
                ) from error
        time.sleep(PAUSE_S)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _open_first(name: str, server: str | None) -> Any:
    """The first client of this process: closed and opened again for as long as it came with a stale semaphore, which
    the last client of a process takes with it."""
    for _ in range(OPENINGS):
        client = _open(name, server)
        if not has_stale(client):
            return client
        client.close(ignore_errors=True)
    raise DriverError(
        f"clients join and leave the JACK server {server or default_server()!r} without a pause",
        "end the program that opens them, then try again",
    )


def activate_client(client: Any) -> None:
    """Activate an opened ``client``: from now on the server calls it each cycle.

    Raises:
        DriverError: a server whose cycles stand still; close the client, and try again with another.
    """
    try:
        client.activate()
    except import_jack().JackError as error:
        raise DriverError(
            f"the JACK server accepted the client {client.name!r} but does not run it ({error})",
            "try again; if it persists, restart the server, and see `sideman doctor`",
        ) from error


def close_client(client: Any) -> None:
    """Deactivate and close an opened ``client``, on a living server or a dead one.

    Raises:
        HungServerError: it is not closed after `CLOSE_S`, and never will be.
    """

    def close() -> None:
        client.deactivate(ignore_errors=True)
        client.close(ignore_errors=True)

    with _lock:
        name = str(client.name)
        thread = threading.Thread(target=close, name="jack-close", daemon=True)
        thread.start()
        thread.join(CLOSE_S)
        if thread.is_alive():
            _hung.append(name)
            raise HungServerError(name)
        _servers.pop(client, None)


def ask_server(server: str | None, name: str = "") -> AudioFacts:
    """Rate, period and priority of a running server, asked as ``name`` where that is given: so one that is taken is
    refused now, as `open_client` refuses it."""
    client = open_client(name or f"sideman-ask-{os.getpid()}", server)
    try:
        return AudioFacts(int(client.samplerate), int(client.blocksize), realtime_priority(client))
    finally:
        close_client(client)


def list_clients_with(server: str, port: str) -> tuple[str, ...]:
    """The names of the clients of a running ``server`` that have a port called ``port``, sorted.

    Raises:
        DriverError: There is no such server, or it refuses us.
    """
    client = open_client(f"sideman-ask-{os.getpid()}", server)
    try:
        names = [found.name.rpartition(":") for found in client.get_ports()]
    finally:
        close_client(client)
    return tuple(sorted(name for name, _, ending in names if ending == port))

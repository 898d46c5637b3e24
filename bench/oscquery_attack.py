"""Attacks on OSCQuery while music plays: ``python -m bench.oscquery_attack [--seconds 15] [--rate 48000]``.

A real jackd (dummy driver, real time where the system allows), a sidecar as a process of its own, a client that plays
to it, and an attacker in another process, on 127.0.0.1 only. It sends each kind of attack as fast as it can. Shown are
the sidecar's skipped cycles and xruns, the cycles that the client itself missed, how much was sent, by how much the
sidecar's memory grew, and how long a value takes over HTTP right after the attack. Between the attacks the same is
measured without one: what the machine does on its own is in all of them. Needs jackd; takes four minutes and a half.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection

import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from bench.kill_session import KillSession, Missed, describe_machine, format_head, open_kill_session

HOST = "127.0.0.1"
LISTENS = 10_000
"""Commands of one WebSocket; the server ends it before."""
SLOW_CONNECTIONS, SLOW_S = 100, 0.2
"""Connections that never complete their request, and the pause after which each sends another byte."""
ANSWER_S = 5.0
PATHS = (
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/stems/%00", "/" + "a" * 900, "//stems", "/stems?VAL",
    "/*?HOST_INFO", "/%ff%fe",
)  # fmt: skip


def make_request(path: str, host: str = "localhost", *fields: str) -> bytes:
    """A request as it is on the wire."""
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


def exchange(port: int, request: bytes) -> None:
    """Send ``request`` and read until the server closes; it may close at any time."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), ANSWER_S) as opened:
        opened.sendall(request)
        while opened.recv(65536):
            continue


def send_paths(port: int) -> int:
    """Paths that lead nowhere, each on a connection of its own."""
    for path in PATHS:
        exchange(port, make_request(path))
    return len(PATHS)


def send_wrong_host(port: int) -> int:
    """A page of another site whose name leads to this machine."""
    exchange(port, make_request("/", "evil.example", "Origin: http://evil.example"))
    return 1


def send_giant_header(port: int) -> int:
    """A header field of 1 MB."""
    exchange(port, make_request("/", "localhost", "X: " + "a" * 1_000_000))
    return 1


def send_garbage(port: int) -> int:
    """Zeros, 1 MB."""
    exchange(port, bytes(1_000_000))
    return 1


def ask_tree(port: int) -> int:
    """The whole tree, as often as it is answered."""
    exchange(port, make_request("/"))
    return 1


def hold_connections(port: int) -> int:
    """Requests that never end: one byte after another, on more connections than the server has."""
    with contextlib.ExitStack() as opened:
        held = []
        for _ in range(SLOW_CONNECTIONS):
            with contextlib.suppress(OSError):
                held.append(opened.enter_context(socket.create_connection((HOST, port), ANSWER_S)))
        for byte in make_request("/", "localhost", "X: a")[:10]:
            for one in held:
                with contextlib.suppress(OSError):
                    one.sendall(bytes((byte,)))
            time.sleep(SLOW_S)
    return len(held)


def send_listens(port: int) -> int:
    """LISTEN and IGNORE of everything, without reading what comes."""
    sent = 0
    with contextlib.suppress(OSError, WebSocketException), connect(f"ws://{HOST}:{port}/", proxy=None) as websocket:
        for _ in range(LISTENS // 2):
            websocket.send('{"COMMAND": "LISTEN", "DATA": "/"}')
            websocket.send('{"COMMAND": "IGNORE", "DATA": "/"}')
            sent += 2
    return sent


def send_wrong_commands(port: int) -> int:
    """Commands that are none, on one WebSocket until it is closed."""
    sent = 0
    with contextlib.suppress(OSError, WebSocketException), connect(f"ws://{HOST}:{port}/", proxy=None) as websocket:
        for _ in range(LISTENS):
            websocket.send("[" * 4000)
            sent += 1
    return sent


ATTACKS: Mapping[str, Callable[[int], int]] = {
    "paths": send_paths, "wrong host": send_wrong_host, "giant header": send_giant_header, "garbage": send_garbage,
    "whole tree": ask_tree, "held connections": hold_connections, "10,000 listens": send_listens,
    "wrong commands": send_wrong_commands,
}  # fmt: skip
"""Each sends a bounded number of requests and returns how many."""


def attack(kind: str, port: int, seconds: float, sent: Connection) -> None:
    """Repeat an attack for ``seconds``; its process sends how many requests that were."""
    count, end_s = 0, time.monotonic() + seconds
    while time.monotonic() < end_s:
        count += ATTACKS[kind](port)
    sent.send(count)


def run_attack(kind: str, port: int, seconds: float) -> int:
    """Attack from another process until it has ended; returns how much it sent."""
    near, far = multiprocessing.Pipe()
    attacker = multiprocessing.Process(target=attack, args=(kind, port, seconds, far))
    attacker.start()
    attacker.join()
    return int(near.recv())


def time_value(port: int) -> float:
    """The time that a value takes over HTTP, in ms; while the server refuses, it is asked again.

    Raises:
        SystemExit: It is not answered in a minute.
    """
    start_s = time.monotonic()
    while time.monotonic() < start_s + 60.0:
        connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_S)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/stems/vocals/mute?VALUE")
            if connection.getresponse().status == 200:
                return 1000.0 * (time.monotonic() - start_s)
        time.sleep(0.01)
    raise SystemExit("OSCQuery does not answer any more")


def measure(session: KillSession, kind: str, seconds: float) -> tuple[Missed, str]:
    """What was missed in an attack, and its row."""
    sent = list[int]()
    process = psutil.Process(session.pid)
    before = process.memory_info().rss
    missed = session.measure(lambda: sent.append(run_attack(kind, session.port, seconds)))
    grown = (process.memory_info().rss - before) / 2**20
    row = missed.format_row(kind, f"{sent[0]:,}", f"{grown:.1f}", f"{time_value(session.port):.0f}")
    return missed, row


def format_sum(all_missed: Sequence[Missed]) -> str:
    """What was missed together."""
    cycles, skipped, xruns, client = (
        sum(getattr(one, name) for one in all_missed) for name in ("cycles", "skipped", "xruns", "client")
    )
    return f"{skipped} of {cycles:,} cycles skipped, {xruns} xruns; the client skipped {client}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(ATTACKS)}; all by default")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--period", type=int, default=128)
    given = parser.parse_args(arguments)
    if unknown := set(given.kinds) - set(ATTACKS):
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    with open_kill_session(given.rate, given.period) as session:
        sys.stdout.write(f"{describe_machine()}\n{format_head('sent', 'MiB', 'value ms')}\n")
        attacked, quiet = list[Missed](), list[Missed]()
        for kind in given.kinds or ATTACKS:
            without = session.measure(lambda: time.sleep(given.seconds))
            sys.stdout.write(f"{without.format_row('no attack')}\n")
            quiet.append(without)
            missed, row = measure(session, kind, given.seconds)
            attacked.append(missed)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    sys.stdout.write(f"in attacks: {format_sum(attacked)}\nwithout:    {format_sum(quiet)}\n")
    return 0


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())

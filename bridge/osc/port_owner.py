"""Port owner: which program of this machine has a UDP or TCP port."""

from __future__ import annotations

import socket

import psutil


def find_known_owner(port: int, kind: str = "udp") -> str:
    """The program that has ``port``, such as ``python3 (process 4711)``; empty where nobody has it, or the system does
    not say who. ``kind``: ``udp``, or ``tcp`` for the one that listens there."""
    try:
        for one in psutil.net_connections(kind):
            listens = kind == "udp" or one.status == psutil.CONN_LISTEN
            if listens and one.laddr and one.laddr.port == port and one.pid:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    except (psutil.Error, OSError):
        return ""  # macOS shows other programs' sockets to the administrator alone
    return ""


def find_port_owner(port: int, kind: str = "udp") -> str:
    """The program that has a port that is taken; another program where the system does not say which."""
    return find_known_owner(port, kind) or "another program"


def describe_taken_port(port: int) -> str:
    """A sentence that names ``port`` and who has it."""
    return f"UDP port {port} belongs to {find_port_owner(port)}"


def bind_udp(host: str, port: int, receive_bytes: int) -> socket.socket:
    """A UDP socket bound to ``host`` and ``port``, that nobody else can take too; 0 selects a free port.

    Raises:
        OSError: It cannot be bound.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows, where others could bind it too otherwise
        if exclusive is not None:
            opened.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        opened.bind((host, port))
        opened.setblocking(False)
    except BaseException:
        opened.close()
        raise
    return opened

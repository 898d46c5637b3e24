"""OSC server socket: bound to the server's address, or an error that names who has it."""

from __future__ import annotations

import errno
import socket

from bridge.errors import BridgeError, ConfigError, DriverError
from bridge.osc.port_owner import find_port_owner

RECEIVE_BYTES = 1 << 20
"""Requested size of the receive buffer; the system may grant less."""


def open_server_socket(host: str, port: int) -> socket.socket:
    """A UDP socket bound to ``host`` and ``port``, which does not block; port 0 selects a free one.

    Raises:
        ConfigError: No program can bind this here.
        DriverError: Another program has the port, or this machine does not have the address now.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            # else IPv4 peers would arrive as IPv4-mapped addresses and bypass the allow-list
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        opened.bind((host, port))
    except (OSError, OverflowError) as error:
        opened.close()
        raise _explain(error, host, port) from error
    opened.setblocking(False)
    return opened


def _explain(error: OSError | OverflowError, host: str, port: int) -> BridgeError:
    where = f"osc: {host}:{port} cannot be bound"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        owner = find_port_owner(port)
        return DriverError(
            f"{where}: {owner} has the port", "end that program, or give another port by --port or [osc]"
        )
    if number == errno.EADDRNOTAVAIL:  # a network that comes later, for one
        return DriverError(f"{where}: this machine does not have that address now", "correct host under [osc]")
    return ConfigError(f"{where} ({error})", "give another host or port under [osc]")

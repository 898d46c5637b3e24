"""Scheduler address: which scheduler of Dask may be used; it unpickles what it gets, so only a trusted one."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from bridge.errors import ConfigError

NONE, LOCAL = "none", "local"
"""Schedulers that are no address: processes of this machine, without Dask and with it."""
SCHEMES = ("tcp", "tls")
TLS_KEYS = "distributed.comm.tls.ca-file, .client.cert and .client.key"


def check_address(address: str, allows_insecure: bool) -> None:
    """Check the address of a scheduler.

    Raises:
        ConfigError: It is none, or neither on this machine nor with TLS: whoever reaches such a scheduler can run
            programs on this machine and its workers.
    """
    parts = urlsplit(address)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if parts.scheme not in SCHEMES or not host or not port:
        hint = f"give {NONE}, {LOCAL}, or an address such as tcp://127.0.0.1:8786"
        raise ConfigError(f"--scheduler {address}: no address of a scheduler", hint)
    if parts.scheme == "tcp" and not is_loopback(host) and not allows_insecure:
        raise ConfigError(
            f"--scheduler {address}: another machine without TLS; who reaches it can run programs here",
            "use tls://, a tunnel (ssh -L) to 127.0.0.1, or --insecure in a network that you trust",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

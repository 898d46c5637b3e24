"""NSM address: where the session manager listens, from the environment variable NSM_URL."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from bridge.errors import ConfigError

NSM_URL = "NSM_URL"
"""The environment variable that a session manager sets for the programs that it starts."""
LOOPBACK = "127.0.0.1"
_URL = re.compile(r"osc\.udp://(?P<host>[^/:\[\]]+):(?P<port>\d{1,5})/?")


def find_session_manager(environment: Mapping[str, str]) -> tuple[str, int] | None:
    """Host and UDP port of the session manager; None where NSM_URL is not set, or empty.

    A host's name is never looked up, and loopback taken instead. Servers write the name of their own machine, which
    often does not resolve, or to 127.0.1.1, from which no answer comes; and a client needs the server's files, so both
    run on one machine.

    Raises:
        ConfigError: NSM_URL is no address of OSC over UDP.
    """
    url = environment.get(NSM_URL, "").strip()
    if not url:
        return None
    found = _URL.fullmatch(url)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ConfigError(
            f"{NSM_URL}: {url[:80]!r} is no address of a session manager",
            f"unset {NSM_URL} to run without one; its form is osc.udp://HOST:PORT/",
        )
    try:
        host = str(ipaddress.IPv4Address(found["host"]))
    except ipaddress.AddressValueError:
        host = LOOPBACK
    return host, int(found["port"])

"""Own address: whether an OSC target is this machine, by whatever name, and the refusal of loops.

A server that sends values to its own port sets its own controls with them, and sends the change again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable

import psutil

from bridge.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def list_interface_addresses() -> tuple[str, ...]:
    """The addresses of this machine's network interfaces."""
    families = {socket.AF_INET, socket.AF_INET6}
    return tuple(one.address for found in psutil.net_if_addrs().values() for one in found if one.family in families)


def resolve_name(host: str) -> tuple[str, ...]:
    """The addresses of a host's name, by the system's resolver; none where it is unknown."""
    try:
        return tuple(str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM))
    except (OSError, UnicodeError):
        return ()


def is_own_address(
    host: str,
    list_own: Callable[[], Iterable[str]] = list_interface_addresses,
    resolve: Callable[[str], Iterable[str]] = resolve_name,
) -> bool:
    """Whether ``host`` is this machine: a loopback address, 0.0.0.0 or ::, an interface's address, or a name of one.

    ``list_own``: the addresses of the interfaces. ``resolve``: the addresses of a name; called for names only.
    """
    name = host.strip().strip("[]").rstrip(".").lower()
    if name in {"", "*"} or is_own_name(name):
        return True
    address = _parse_address(name)
    if address is not None:
        return _is_own(address, list_own)
    found = [_parse_address(one) for one in resolve(name)]
    return any(one is not None and _is_own(one, list_own) for one in found)


def is_own_name(name: str) -> bool:
    """Whether ``name``, in lower case, is what this machine calls itself: localhost, or its host name."""
    own = socket.gethostname().lower()
    return name in {"localhost", own, own.partition(".")[0], f"{own.partition('.')[0]}.local"} or name.endswith(
        ".localhost"
    )


def refuse_loop(what: str, host: str, port: int, own_ports: Iterable[int]) -> None:
    """Refuse a target of OSC messages that is a port of our own. ``what``: the setting, such as ``surfaces.feedback``.

    Raises:
        ConfigError: ``host`` is this machine, and ``port`` one of ``own_ports``.
    """
    if port in set(own_ports) and is_own_address(host):
        raise ConfigError(
            f"{what}: {host}:{port} is Sideman's own port: each value would come back and be sent again",
            "give the port of the other program",
        )


def _parse_address(text: str) -> Address | None:
    """The address that ``text`` is, also where it is written as one number; None for a name."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(text))  # 127.1 and 0x7f000001 are addresses too
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_own(address: Address, list_own: Callable[[], Iterable[str]]) -> bool:
    if address.is_loopback or address.is_unspecified:
        return True
    return address in {_parse_address(one) for one in list_own()}

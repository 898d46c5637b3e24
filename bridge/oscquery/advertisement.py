"""OSCQuery advertisement: the service by zeroconf, for clients that look for one (the extra ``discovery``)."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bridge.errors import ConfigError
from bridge.osc.own_address import list_interface_addresses

SERVICE_TYPE = "_oscjson._tcp.local."
"""The type that the OSCQuery proposal names."""


@contextmanager
def advertise(name: str, host: str, port: int) -> Iterator[None]:
    """Advertise ``name`` on ``host`` (all addresses where it is 0.0.0.0 or ::) while the context is open.

    Raises:
        ConfigError: The package zeroconf is not installed, or the network cannot be used.
    """
    zeroconf = import_zeroconf()
    try:
        everywhere = host in {"0.0.0.0", "::"}
        addresses = [one for one in list_interface_addresses() if "%" not in one] if everywhere else [host]
        opened = zeroconf.Zeroconf(interfaces=zeroconf.InterfaceChoice.All if everywhere else [host])
    except OSError as error:
        raise ConfigError(f"oscquery.advertise: {host}: {error}", "set advertise = false, or another host") from error
    try:
        opened.register_service(
            zeroconf.ServiceInfo(
                SERVICE_TYPE,
                f"{name}.{SERVICE_TYPE}",
                port,
                parsed_addresses=addresses,
                properties={"txtvers": "1"},
                server=f"{socket.gethostname().partition('.')[0]}.local.",
            ),
            allow_name_change=True,
        )
        yield
    except zeroconf.Error as error:
        raise ConfigError(f"oscquery.advertise: {error!r}", "set advertise = false, or another host") from error
    finally:
        opened.close()  # it also withdraws what was registered


def import_zeroconf() -> Any:
    """The module zeroconf.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("zeroconf")
    except ImportError as error:
        raise ConfigError(
            "oscquery.advertise: the package zeroconf is not installed", "pip install 'sideman[discovery]'"
        ) from error

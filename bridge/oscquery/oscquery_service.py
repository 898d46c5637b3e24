"""OSCQuery service: the server of a running sidecar, and its advertisement where the settings ask for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from bridge.control.bus import Bus
from bridge.errors import ConfigError
from bridge.osc.port_owner import find_port_owner
from bridge.oscquery.advertisement import advertise
from bridge.oscquery.http_query import HostInfo
from bridge.oscquery.namespace import Node
from bridge.oscquery.oscquery_server import OscQueryServer
from bridge.runtime.service import Service
from bridge.settings import Settings

log = logging.getLogger(__name__)


class OscQueryService(Service):
    """Service of OSCQuery. ``find_osc_port``: the port that OSC is bound to, asked when the service is entered.

    A port that another program has is reported, and the sidecar runs without.
    """

    def __init__(self, bus: Bus, settings: Settings, find_osc_port: Callable[[], int]) -> None:
        self._bus, self._settings, self._find_osc_port = bus, settings, find_osc_port
        self.server: OscQueryServer | None = None
        """The server while it runs."""
        self._opened = ExitStack()

    def __enter__(self) -> OscQueryService:
        """Serve.

        Raises:
            ConfigError: The host can be reached from the network, and [lan] has no allow-list or no token.
        """
        own, lan = self._settings.oscquery, self._settings.lan
        if not own.enabled:
            return self
        port = own.port or self._find_osc_port()
        server = OscQueryServer(self._bus, self._make_host_info, own.host, port, lan.allow, lan.token)
        with ExitStack() as opened:
            try:
                opened.enter_context(server)
            except OSError as error:
                owner = find_port_owner(port, "tcp")
                log.warning(
                    "OSCQuery is off: %s:%d cannot be bound (%s); TCP port %d belongs to %s: set [oscquery] port",
                    own.host, port, os.strerror(error.errno or 0), port, owner,
                )  # fmt: skip
                return self
            self.server = server
            if own.advertise:
                try:
                    opened.enter_context(advertise(self._settings.jack.client, server.host, server.port))
                except ConfigError as error:
                    log.warning("OSCQuery is not advertised: %s", error)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.server = None
        self._opened.close()

    def _make_host_info(self, asked: str) -> Node:
        osc, server = self._settings.osc, self.server
        osc_host = "127.0.0.1" if osc.host == "localhost" else osc.host
        host, port = (server.host, server.port) if server is not None else (self._settings.oscquery.host, 0)
        info = HostInfo(self._settings.jack.client, osc_host, self._find_osc_port(), host, port)
        return info.describe(asked)

"""OSCQuery check: whether its port is free or who has it, who may ask, and whether it can be advertised."""

from __future__ import annotations

import errno
import os
import socket

from bridge.doctor.finding import Finding
from bridge.errors import ConfigError
from bridge.osc.access import Access
from bridge.osc.port_owner import find_port_owner
from bridge.oscquery.advertisement import import_zeroconf
from bridge.settings import Settings

NAME = "OSCQuery"


def check_oscquery(settings: Settings) -> Finding:
    """What ``sideman run`` with these settings serves over HTTP. Nobody is asked anything."""
    own, lan = settings.oscquery, settings.lan
    if not own.enabled:
        return Finding(NAME, "ok", "off", "for Chataigne and others: enabled = true under [oscquery] in sideman.toml")
    access = Access(own.host, lan.allow, lan.token, "oscquery")
    try:
        access.check()
    except ConfigError as error:
        return Finding(NAME, "missing", error.message, error.hint)
    port = own.port or settings.osc.port
    is_v6 = ":" in access.host
    where = f"http://[{access.host}]:{port}" if is_v6 else f"http://{access.host}:{port}"
    try:
        socket.create_server((access.host, port), family=socket.AF_INET6 if is_v6 else socket.AF_INET).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return Finding(NAME, "warn", f"{where}: {os.strerror(error.errno or 0)}", "set [oscquery] host and port")
        owner = find_port_owner(port, "tcp")
        if owner.startswith("sideman "):
            return Finding(NAME, "ok", f"{where} belongs to {owner}, which runs already")
        detail = f"{where}: TCP port {port} belongs to {owner}"
        return Finding(NAME, "warn", detail, "right if that is sideman run; else end it, or set [oscquery] port")
    if own.advertise:
        try:
            import_zeroconf()
        except ConfigError as error:
            return Finding(NAME, "warn", error.message, error.hint)
    who = "programs of this machine" if access.is_local else f"{', '.join(lan.allow)}, with the token of [lan]"
    advertised = "; advertised by zeroconf" if own.advertise else ""
    return Finding(NAME, "ok", f"{where} for {who}{advertised}")

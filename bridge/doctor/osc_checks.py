"""OSC check: whether the server's port is free or who has it, and who may reach it."""

from __future__ import annotations

from bridge.doctor.finding import Finding
from bridge.errors import ConfigError, DriverError
from bridge.osc.access import Access
from bridge.osc.port_owner import find_known_owner
from bridge.osc.server_socket import open_server_socket
from bridge.settings import Settings

NAME = "OSC port"


def check_osc(settings: Settings) -> Finding:
    """Bind the port of ``settings`` for a moment, as ``sideman run`` does."""
    own, lan = settings.osc, settings.lan
    access = Access(own.host, lan.allow, lan.token)
    try:
        access.check()
        open_server_socket(access.host, own.port).close()
    except ConfigError as error:
        return Finding(NAME, "missing", error.message, error.hint)
    except DriverError as error:
        owner = find_known_owner(own.port)
        if owner.startswith("sideman "):
            return Finding(NAME, "ok", f"{access.host}:{own.port} belongs to {owner}, which runs already")
        return Finding(NAME, "warn", error.message, f"right if that is sideman run; else {error.hint}")
    who = "programs of this machine" if access.is_local else f"{', '.join(lan.allow)}, with the token of [lan]"
    return Finding(NAME, "ok", f"{access.host}:{own.port} is free, for {who}")

"""Session manager check: whether one listens where NSM_URL says."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from bridge.doctor.finding import Finding
from bridge.errors import ConfigError
from bridge.nsm.nsm_address import NSM_URL, find_session_manager
from bridge.osc.port_owner import find_port_owner

NAME = "session manager"


def check_session_manager(environment: Mapping[str, str]) -> Finding:
    """The session manager that ``sideman run`` would join from here. It is sent nothing."""
    try:
        server = find_session_manager(environment)
    except ConfigError as error:
        return Finding(NAME, "warn", error.message, error.hint)
    if server is None:
        return Finding(NAME, "ok", f"none ({NSM_URL} is not set); add the program sideman to a session")
    host, port = server
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return Finding(NAME, "ok", f"{host}:{port} ({NSM_URL}): {find_port_owner(port)}")
    detail = f"nobody listens at {host}:{port} ({NSM_URL}): sideman run waits 10 s for it"
    return Finding(NAME, "warn", detail, f"unset {NSM_URL}, or start sideman from the session manager")

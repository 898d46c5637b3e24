"""DAW check: whether the OSC surface of Ardour or Reaper can be reached where the settings name one."""

from __future__ import annotations

import socket

from bridge.daw.osc_surfaces import ardour_surface, reaper_surface
from bridge.daw.osc_surfaces.surface_socket import SurfaceSocket
from bridge.doctor.finding import Finding
from bridge.errors import DriverError
from bridge.osc.port_owner import find_port_owner
from bridge.settings import DawSettings

NAME = "DAW over OSC"
QUESTION = "/transport_speed"
"""Question to Ardour that changes nothing."""


def check_daw(settings: DawSettings) -> Finding:
    """The DAW of the table [daw]. Ardour is asked a question; Reaper answers none, so its port is looked at."""
    if not settings.kind:
        fix = 'for the actions daw.*: kind = "ardour" or "reaper" under [daw] in sideman.toml'
        return Finding(NAME, "ok", "none is set up", fix)
    if settings.kind == "ardour":
        return _ask_ardour(settings.host, settings.port or ardour_surface.PORT)
    return _find_reaper(settings.host, settings.port or reaper_surface.PORT)


def _ask_ardour(host: str, port: int) -> Finding:
    try:
        with SurfaceSocket("Ardour", host, port) as wire:
            speed = wire.ask(QUESTION)[0]
    except DriverError as error:
        fix = "in Ardour: Preferences, Control Surfaces, OSC on, port mode Auto; compare [daw] in sideman.toml"
        return Finding(NAME, "warn", error.message, fix)
    return Finding(NAME, "ok", f"Ardour answers at {host}:{port}, and {'rolls' if speed else 'stands'}")


def _find_reaper(host: str, port: int) -> Finding:
    fix = "in Reaper: Preferences, Control/OSC/web, OSC with a local listen port; compare [daw] in sideman.toml"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            address = socket.gethostbyname(host)
            if not address.startswith("127."):
                return Finding(NAME, "ok", f"Reaper at {host}:{port}: it answers no questions, so this was not tried")
            probe.bind((address, port))
        except socket.gaierror as error:
            return Finding(NAME, "warn", f"{host} has no address ({error})", "correct host under [daw]")
        except OSError:
            return Finding(NAME, "ok", f"Reaper at {host}:{port}: {find_port_owner(port)}")
    return Finding(NAME, "warn", f"nobody listens at {host}:{port}, where Reaper should", fix)

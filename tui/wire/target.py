"""Target of the app: the address of the sidecar, from the command line, the environment or the user's settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.wire.udp import AddressError, format_address, parse_address

SETTINGS_FILE = "sideman.toml"
HOME_VARIABLE = "SIDEMAN_CONFIG_HOME"
ADDRESS_VARIABLE = "SIDEMAN_OSC"
TOKEN_VARIABLE = "SIDEMAN_OSC_TOKEN"
DEFAULT_PORT = 9123
LARGEST_BYTES = 1 << 20
WILDCARDS = ("", "0.0.0.0", "::", "localhost")
"""Hosts that a sidecar binds and that are reached by loopback."""


@dataclass(frozen=True, slots=True)
class Target:
    """A sidecar's host and port. ``token``: what it asks of peers on other machines."""

    host: str
    port: int
    token: str = ""

    @property
    def shown(self) -> str:
        """Host and port as they are shown."""
        return format_address(self.host, self.port)


def find_settings_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the user's settings, which ``sideman run`` reads too; it may not exist."""
    override = environment.get(HOME_VARIABLE)
    if override:
        return Path(override)
    import platformdirs

    return platformdirs.user_config_path("sideman", appauthor=False)


def find_target(attach: str, environment: Mapping[str, str]) -> Target:
    """The sidecar that ``attach`` names, else SIDEMAN_OSC, else the settings, else the default port on this machine.

    Raises:
        AddressError: An address is malformed, or the settings cannot be read.
    """
    host, port, token = read_settings(find_settings_folder(environment) / SETTINGS_FILE)
    named = attach or environment.get(ADDRESS_VARIABLE, "")
    if named:
        host, port = parse_address(named, port)
    return Target(host, port, environment.get(TOKEN_VARIABLE, token))


def read_settings(path: Path) -> tuple[str, int, str]:
    """Host, port and token of the settings at ``path``; the defaults where there is no file.

    Raises:
        AddressError: It cannot be read, or what concerns us is malformed.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise AddressError(f"{path} is larger than 1 MiB; correct it, or give --attach HOST:PORT")
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        settings = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise AddressError(f"{path}: {error}; correct it, or give --attach HOST:PORT") from error
    osc, lan = settings.get("osc", {}), settings.get("lan", {})
    host = osc.get("host", "") if isinstance(osc, dict) else None
    port = osc.get("port", DEFAULT_PORT) if isinstance(osc, dict) else None
    token = lan.get("token", "") if isinstance(lan, dict) else None
    if not isinstance(host, str) or not isinstance(token, str):
        raise AddressError(f"{path}: osc.host and lan.token are words; correct it, or give --attach HOST:PORT")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise AddressError(f"{path}: osc.port: {port} is no port; give 1 to 65535")
    return "127.0.0.1" if host in WILDCARDS else host, port, token

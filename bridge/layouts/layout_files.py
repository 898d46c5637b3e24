"""Layout files: the layout of a registry, written for each program."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from bridge.config import write_atomic
from bridge.control.preset_lookup import list_presets
from bridge.control.registry import Registry
from bridge.errors import ConfigError
from bridge.layouts.layout_building import build_layout
from bridge.layouts.layout_subscription import list_addresses, list_patterns
from bridge.layouts.open_stage_control import write_open_stage_control
from bridge.layouts.touchosc import write_touchosc
from bridge.settings import Settings

HIGHEST_PORT = 65535


class LayoutFiles:
    """Writes the layout of ``registry``. ``force``: over files that are there."""

    def __init__(self, registry: Registry, settings: Settings, force: bool) -> None:
        presets = [one.name for one in list_presets(registry) if not one.problem]
        self._layout = build_layout(registry, presets)
        self._patterns = list_patterns(registry, list_addresses(self._layout.elements))
        self._settings, self._force = settings, force

    def write_touchosc(self, path: Path, receive_port: int) -> str:
        """Write a .tosc file, and say what to do with it.

        Raises:
            ConfigError: The file is there or cannot be written, its name ends otherwise, or the port is none.
        """
        if not 0 < receive_port <= HIGHEST_PORT:
            raise ConfigError(f"--receive-port {receive_port}: no such port", f"give 1 to {HIGHEST_PORT}, such as 9124")
        osc, token = self._settings.osc, self._settings.lan.token
        self._write(path, ".tosc", write_touchosc(self._layout, self._patterns, receive_port, token))
        connection = f"OSC 1, UDP, this machine's address, send port {osc.port}, receive port {receive_port}"
        return f"{path}: open it in TouchOSC, and set its connection: {connection}. {self._describe_access()}"

    def write_open_stage_control(self, path: Path) -> str:
        """Write a session, and say what to do with it.

        Raises:
            ConfigError: The file is there or cannot be written, or its name ends otherwise.
        """
        target = f"{find_target_host(self._settings.osc.host)}:{self._settings.osc.port}"
        token = self._settings.lan.token
        self._write(path, ".json", write_open_stage_control(self._layout, self._patterns, target, token))
        return f"{path}: start open-stage-control --load {path}. {self._describe_access(is_local=True)}".strip()

    def _write(self, path: Path, ending: str, content: str | bytes) -> None:
        if path.suffix.lower() != ending:
            raise ConfigError(f"{path}: the name of this layout ends in {ending}", f"give {path.with_suffix(ending)}")
        if path.exists() and not self._force:
            raise ConfigError(f"{path}: is there already", "add --force to write over it, or give another name")
        write_atomic(path, content, is_secret=bool(self._settings.lan.token))

    def _describe_access(self, is_local: bool = False) -> str:
        """What else is needed; ``is_local``: the program runs on this machine."""
        if self._settings.lan.token:
            return "The file has the token of [lan] in it: keep it to yourself."
        return "" if is_local else "A tablet needs [lan] in sideman.toml and sideman run --lan; then write it again."


def find_target_host(host: str) -> str:
    """The host at which a program on this machine reaches OSC that is bound to ``host``."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "127.0.0.1"  # localhost
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "localhost"
    return host

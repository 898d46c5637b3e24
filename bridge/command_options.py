"""Command options that several commands have, and the client of the sidecar that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bridge.settings import load_settings

if TYPE_CHECKING:
    from bridge.osc.client import OscClient

Server = Annotated[str, Parameter(help="JACK server; by default that of the settings, else JACK's default server.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
OscPort = Annotated[int, Parameter(help="UDP port of the running sideman run; by default that of the settings.")]


def open_osc_client(port: OscPort = 0) -> OscClient:
    """A client of the running sidecar, for a with statement; ``port``: 0 for that of the settings.

    Raises:
        ConfigError: The settings have an error.
    """
    from bridge.osc.client import OscClient

    settings = load_settings()
    return OscClient("127.0.0.1", port or settings.osc.port, settings.lan.token)

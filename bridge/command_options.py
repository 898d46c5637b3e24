"""Command options that several commands have, and the client of the sidecar that they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, Token

from bridge.errors import ConfigError
from bridge.settings import load_settings

if TYPE_CHECKING:
    from bridge.osc.client import OscClient

Server = Annotated[str, Parameter(help="JACK server; by default that of the settings, else JACK's default server.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
OscPort = Annotated[int, Parameter(help="UDP port of the running sideman run; by default that of the settings.")]


def _read_paths(_type: Any, tokens: Sequence[Token]) -> list[Path]:
    for token in tokens:
        if not token.value:
            # as a path it would be the current folder, with all the songs in it
            where = f"{token.keyword}: " if token.keyword else ""
            raise ConfigError(f"{where}the name is empty", "give a file or folder, or . for the current folder")
    return [Path(token.value) for token in tokens]


def _read_path(type_: Any, tokens: Sequence[Token]) -> Path:
    return _read_paths(type_, tokens)[0]


def make_paths_parameter(help_: str) -> Parameter:
    """The parameter of a command that takes files and folders by position; an empty name is an error."""
    return Parameter(help=help_, converter=_read_paths)


def make_path_parameter(help_: str) -> Parameter:
    """The parameter of a command that takes one file or folder; an empty name is an error."""
    return Parameter(help=help_, converter=_read_path)


def open_osc_client(port: OscPort = 0) -> OscClient:
    """A client of the running sidecar, for a with statement; ``port``: 0 for that of the settings.

    Raises:
        ConfigError: The settings have an error.
    """
    from bridge.osc.client import OscClient

    settings = load_settings()
    return OscClient("127.0.0.1", port or settings.osc.port, settings.lan.token)

"""Command options that several commands have."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Server = Annotated[str, Parameter(help="JACK server; by default that of the settings, else JACK's default server.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
OscPort = Annotated[int, Parameter(help="UDP port of the running sideman run; by default that of the settings.")]

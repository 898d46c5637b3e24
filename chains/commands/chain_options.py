"""Options and arguments that several commands of ``sideman chain`` have."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

ChainName = Annotated[str, Parameter(help="The name of a chain (sideman chain list), or the path of a chain file.")]
JsonOption = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]

"""Options and arguments that several commands of ``sideman chain`` have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bridge.config import user_dir
from bridge.errors import ConfigError
from chains.document.chain_lookup import FOLDER

ChainName = Annotated[str, Parameter(help="The name of a chain (sideman chain list), or the path of a chain file.")]
JsonOption = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


def check_folder(file: Path, option: str) -> None:
    """Check that the folder of a file to write is there, before long work. The user's own for chains is made.

    Raises:
        ConfigError: It is not.
    """
    folder = file.parent
    if not folder.is_dir() and folder != user_dir(FOLDER):
        raise ConfigError(f"{option} {file}: there is no folder {folder}", "make it, or correct the path")

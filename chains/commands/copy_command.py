"""The command ``sideman chain copy``: a chain into the user's folder, to change it there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bridge.config import write_atomic
from bridge.errors import ConfigError
from bridge.printing import Printer
from chains.commands.chain_options import ChainName
from chains.document.chain import Chain
from chains.document.chain_lookup import get_user_path, load_chain
from chains.document.effects import EFFECTS
from chains.document.member_paths import walk_members


def copy_chain(
    name: ChainName,
    new: Annotated[str, Parameter(help="The name of the copy.")],
    /,
    *,
    force: Annotated[bool, Parameter(negative="", help="Replace a chain of yours that is there.")] = False,
) -> None:
    """Copy a chain into your folder of chains, to change it there, with the states and impulse responses beside it.

    A chain of yours with the name of a shipped one takes its place.
    """
    path, chain = load_chain(name)
    target = get_user_path(new)
    if target.exists() and not force:
        raise ConfigError(f"{target}: there already", "give another name, or --force")
    files = {target: path.read_bytes()}
    for file in list_files_beside(chain):
        beside, data = target.with_name(file), Path(str(path)).with_name(file).read_bytes()
        if beside.exists() and beside.read_bytes() != data:
            message = f"{beside}: another file of this name is there"
            raise ConfigError(message, "rename it, and in the chain that has it")
        files[beside] = data
    for place in reversed(files):  # the chain last: what it names is there then
        write_atomic(place, files[place])
    Printer().say(f"{target}: a copy of {name}; change it there")


def list_files_beside(chain: Chain) -> list[str]:
    """The names of the files that a chain has beside its own: states and impulse responses, each once."""
    names: list[str] = []
    for _, member in walk_members(chain):
        names.append(member.state_file)
        for parameter in EFFECTS[member.effect].parameters if member.effect else ():
            if parameter.is_file:
                names.append(str(member.parameters.get(parameter.name, "")))
    return list(dict.fromkeys(filter(None, names)))

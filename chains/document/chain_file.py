"""Chain file: reading and writing of a chain's TOML file, with states in files beside it where they are large."""

from __future__ import annotations

import hashlib
import re
from importlib.resources.abc import Traversable
from itertools import count
from pathlib import Path

import msgspec

from bridge.config import read_toml, write_atomic
from bridge.errors import ConfigError
from bridge.toml import MAX_BYTES
from chains.document.chain import Chain, Member
from chains.document.chain_rules import check_chain
from chains.document.chain_text import format_chain
from chains.document.member_state import decode_state

__all__ = ["LARGEST_INLINE", "format_chain", "get_folder", "read_chain", "write_chain"]

LARGEST_INLINE = 512 << 10
"""Characters of base64 that stay in the chain's file; a TOML file of ours may have 1 MiB in all."""
SUFFIX, STATE_SUFFIX = ".toml", ".vstpreset"
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")


def read_chain(path: Path | Traversable) -> Chain:
    """Read a chain file and check it: keys, types, states, and all that can be known without loading a plugin.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong: the first problem, with file, key and fix.
    """
    chain = read_toml(path, Chain)
    check_chain(chain, get_folder(path), str(path))
    return chain


def get_folder(path: Path | Traversable) -> Path:
    """The folder of a chain file, where its state files are."""
    return Path(str(path)).parent


def write_chain(path: Path, chain: Chain) -> Chain:
    """Write a chain file atomically, and return the chain as it was written.

    States in base64 over `LARGEST_INLINE` characters, and all of them where the file would be too large, go to files
    beside it, called ``NAME.LABEL.vstpreset``. These are written first.

    Raises:
        ConfigError: The chain breaks a rule, or a file cannot be written.
    """
    check_chain(chain, path.parent, str(path))
    name = path.name.removesuffix(SUFFIX)
    files: dict[str, bytes] = {}
    small = _move_states(chain, name, LARGEST_INLINE, files)
    if len(format_chain(small).encode()) > MAX_BYTES:
        small = _move_states(chain, name, 0, files)
    text = format_chain(small)
    if len(text.encode()) > MAX_BYTES:
        raise ConfigError(f"{path}: would be larger than {MAX_BYTES:,} bytes", "make two chains of it")
    for file, data in files.items():
        write_atomic(path.with_name(file), data)
    write_atomic(path, text)
    return small


def _move_states(chain: Chain, name: str, most: int, files: dict[str, bytes]) -> Chain:
    """The chain with every state of more than ``most`` characters in one of ``files``, by their names."""

    def move(member: Member) -> Member:
        branches = tuple(msgspec.structs.replace(one, members=tuple(map(move, one.members))) for one in member.branches)
        if len(member.state) <= most:
            return msgspec.structs.replace(member, branches=branches)
        data = decode_state(member.state, member.label)
        label = _OTHER.sub("-", member.label)
        file = next(one for number in count(1) if files.get(one := _name_state(name, label, number), data) == data)
        files[file] = data
        sha256 = hashlib.sha256(data).hexdigest()
        return msgspec.structs.replace(member, branches=branches, state="", state_file=file, state_sha256=sha256)

    buses = tuple(msgspec.structs.replace(bus, members=tuple(map(move, bus.members))) for bus in chain.buses)
    return msgspec.structs.replace(chain, members=tuple(map(move, chain.members)), buses=buses)


def _name_state(name: str, label: str, number: int) -> str:
    """The name of a state's file; ``number`` tells apart labels that become the same."""
    return f"{name}.{label}{'' if number == 1 else f'-{number}'}{STATE_SUFFIX}"

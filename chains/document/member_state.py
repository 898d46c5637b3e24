"""Member state: the saved state of a plugin in a chain, in the chain's file or in one beside it, checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.errors import ConfigError
from bridge.names import why_not
from chains.document.chain import Member
from chains.document.vst3_preset import MAX_BYTES, check_class_id, parse_preset


def read_state(member: Member, folder: Path | Traversable, place: str = "") -> bytes:
    """Read the state of a member as a ``.vstpreset``, from its document or the file beside it; b"" where it has none.

    ``folder``: of the chain's file. ``place`` names the member in errors, by default its label does.

    Raises:
        ConfigError: It cannot be read, is no preset, has another SHA-256 than the document says, or belongs to another
            plugin.
    """
    place = place or member.label
    if not member.state and not member.state_file:
        return b""
    key = "state" if member.state else "state_file"
    data = decode_state(member.state, f"{place}.state") if member.state else _read_file(member, folder, place)
    found = hashlib.sha256(data).hexdigest()
    if member.state_sha256 and found != member.state_sha256.lower():
        message = f"{place}.state_sha256: the SHA-256 of the state is {found}, not {member.state_sha256}"
        raise ConfigError(message, f"the state was changed: save it again, or leave the key out to trust {key}")
    preset = parse_preset(data, f"{place}.{key}")
    if member.format == "vst3" and member.id:
        check_class_id(preset, member.id, member.plugin, f"{place}.{key}")
    return data


def decode_state(text: str, place: str) -> bytes:
    """Decode base64, line breaks and spaces left out; ``place`` names it in errors.

    Raises:
        ConfigError: It is no base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{place}: no base64 ({error})", "save the state again with sideman chain capture") from error


def encode_state(data: bytes) -> str:
    """Encode a state as the key ``state`` holds it."""
    return base64.b64encode(data).decode("ascii")


def check_beside(name: str, place: str) -> None:
    """Check that ``name`` can only be a file in the same folder as the chain's.

    Raises:
        ConfigError: It has a folder in it, or cannot be a file's name on every system.
    """
    bad = [character for character in "/\\:\0" if character in name]
    if bad or name in ("", ".", "..") or not name.isprintable():
        raise ConfigError(
            f"{place}: {name!r} is no plain file name", "put the file beside the chain's, without a folder"
        )
    if reason := why_not(name, 200):
        raise ConfigError(f"{place}: {name!r}: {reason}", "rename the file")


def _read_file(member: Member, folder: Path | Traversable, place: str) -> bytes:
    name = member.state_file
    check_beside(name, f"{place}.state_file")
    path = folder / name
    try:
        if not path.is_file():
            raise ConfigError(f"{place}.state_file: {name}: no such file", f"put it into {folder}, or save it again")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{place}.state_file: {name}: cannot be read ({error.strerror})"
        raise ConfigError(message, "check its permissions") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{place}.state_file: {name}: larger than {MAX_BYTES:,} bytes", "save a smaller state")
    return data

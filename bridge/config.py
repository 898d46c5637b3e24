"""Settings and other user files: strict TOML, and writes that never leave half a file.

Every file has ``schema = 1``. Unknown keys, wrong types and wrong ranges are a `ConfigError` that names the
file, the key and the fix.
"""

from __future__ import annotations

import ipaddress
import os
import re
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, TypeVar, get_type_hints

import msgspec
import platformdirs

from bridge.drafts import draft_for, sweep_drafts
from bridge.errors import ConfigError
from bridge.names import why_not_jack
from bridge.toml import LONGEST_MESSAGE, parse_toml, shorten

SCHEMA = 1
CONFIG_HOME_VARIABLE = "SIDEMAN_CONFIG_HOME"
SETTINGS_FILE = "sideman.toml"

_AT = " - at `$"
_UNKNOWN = re.compile(r"unknown field `(?P<key>.*)`")
_MISSING = re.compile(r"missing required field `(?P<key>.*)`")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A TOML table with known keys. Every struct that `read_toml` returns, and every table in it, is one."""


T = TypeVar("T", bound=Table)


def read_toml(path: Path | Traversable, kind: type[T]) -> T:
    """The file at ``path`` as a ``kind``, within the bounds of `bridge.toml`.

    Raises ConfigError with the file, the key or line, and the fix.
    """
    data = parse_toml(path)
    if type(data.get("schema")) is not int or data["schema"] != SCHEMA:
        found = shorten(repr(data["schema"])) if "schema" in data else "missing"
        raise ConfigError(f"{path}: schema: {found}", f"write schema = {SCHEMA} on the first line")
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _to_config_error(path, kind, str(error)) from error


def _to_config_error(path: Path | Traversable, kind: type[Table], text: str) -> ConfigError:
    """Convert msgspec's message to an error that names the key and the fix."""
    what, _, where = text.rpartition(_AT) if _AT in text else (text, "", "")
    where = where.lstrip(".").rstrip("`")
    if unknown := _UNKNOWN.search(what):
        key = shorten(f"{where}.{unknown['key']}".lstrip("."))
        return ConfigError(f"{path}: {key}: unknown key", f"keys here: {', '.join(_list_keys(kind, where))}")
    if missing := _MISSING.search(what):
        return ConfigError(f"{path}: {where}.{missing['key']}: missing".replace(": .", ": "), "add it")
    place = f"{path}: {shorten(where)}" if where else f"{path}"
    return ConfigError(f"{place}: {shorten(what, LONGEST_MESSAGE)}", "correct the value")


def _list_keys(kind: type[Table], where: str) -> list[str]:
    """The keys that the table at ``where`` may have, as far as the types tell."""
    for part in filter(None, where.split(".")):
        inner = get_type_hints(kind).get(part)
        if not (isinstance(inner, type) and issubclass(inner, Table)):
            break
        kind = inner
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def write_atomic(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by ``content`` or leave it as it was; a half-written file is never seen.

    A link is followed, so that a file kept elsewhere stays there; an existing file's mode is kept. Leftover
    drafts of killed runs beside it are removed.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(os.path.realpath(path))  # as resolve(), but a link to itself is no exception
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep_drafts(target.parent)
        draft = draft_for(target)
        try:
            _write_synced(draft, data, target.stat().st_mode & 0o777 if target.exists() else None)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: cannot be written ({reason})", "check permissions and free space") from error


def _write_synced(path: Path, data: bytes, mode: int | None) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; only POSIX lets a folder be opened for that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def user_dir(kind: str = "") -> Path:
    """The user's folder for ``kind`` (``presets``, ``mappings``, ...), or the one above them; it may not exist yet.

    The environment variable SIDEMAN_CONFIG_HOME takes the place of the system's configuration folder.
    """
    override = os.environ.get(CONFIG_HOME_VARIABLE)
    home = Path(override) if override else platformdirs.user_config_path("sideman", appauthor=False)
    return home / kind if kind else home


class OscSettings(Table, frozen=True):
    """Where the OSC server listens (UDP)."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9123


def state_dir() -> Path:
    """The folder for state that a later process needs; it may not exist yet."""
    override = os.environ.get(CONFIG_HOME_VARIABLE)
    return Path(override) / "state" if override else platformdirs.user_state_path("sideman", appauthor=False)


LONGEST_TOKEN = 1024


class LanSettings(Table, frozen=True):
    """Who else may reach the OSC server: both are needed before it binds anything but loopback.

    ``allow``: addresses or networks, such as ``192.168.1.0/24``. ``token``: what a peer sends with ``/auth``.
    """

    allow: tuple[str, ...] = ()
    token: str = ""

    def __post_init__(self) -> None:
        for entry in self.allow:
            ipaddress.ip_network(entry, strict=False)
        if not self.token.isprintable() or len(self.token) > LONGEST_TOKEN:
            raise ValueError(f"the token has control characters, or more than {LONGEST_TOKEN}: no message can carry it")


class JackSettings(Table, frozen=True):
    """``server``: JACK's server name, empty for the default one. ``client``: our name on it."""

    server: str = ""
    client: Annotated[str, msgspec.Meta(min_length=1)] = "sideman"

    def __post_init__(self) -> None:
        for kind, name in (("client", self.client), ("server", self.server or "default")):
            if why := why_not_jack(name):
                raise ValueError(f"{kind} {name!r}: {why}")
        # a client named like its server breaks that server for everyone who comes later (status 0x11)
        if self.client == (self.server or "default"):
            raise ValueError(f"the client name {self.client!r} equals the server's name")


class EngineSettings(Table, frozen=True):
    """Which registered engine plays each role; an empty name leaves it out. A synth sounds the accompaniment."""

    separation: str = "separation.standard"
    mir: str = "mir.standard"
    accompaniment: str = "accompaniment.band"
    synth: str = "synth.fluid"


class Settings(Table, frozen=True):
    """The settings of ``sideman run``."""

    schema: int = SCHEMA
    osc: OscSettings = OscSettings()
    lan: LanSettings = LanSettings()
    jack: JackSettings = JackSettings()
    engines: EngineSettings = EngineSettings()


def settings_path() -> Path:
    """Where the user's settings are, or would be."""
    return user_dir() / SETTINGS_FILE


def load_settings(path: Path | None = None) -> Settings:
    """The settings in ``path``, by default ``sideman.toml`` in the user's folder; the defaults where it is absent."""
    if path is None:
        path = settings_path()
        if not path.exists():
            return Settings()
    return read_toml(path, Settings)

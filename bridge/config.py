"""User files: strict TOML, writes that never leave half a file, and the folders for them.

Every file has ``schema = 1``. Unknown keys, wrong types and wrong ranges are a `ConfigError` that names the
file, the key and the fix.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import platformdirs

from bridge.drafts import draft_for, sweep_drafts, sync_folder
from bridge.errors import ConfigError
from bridge.toml import LONGEST_MESSAGE, TomlSyntaxError, find_wrong_table, parse_toml, read_text, shorten

SCHEMA = 1
SECRET_MODE = 0o600
"""Mode of a file that its owner alone reads and writes."""
CONFIG_HOME_VARIABLE = "SIDEMAN_CONFIG_HOME"

_AT = " - at `$"
_ENTRY = "[...]"
_TABLE_FOR_LIST = "Expected `array`, got `object`"
_WORD = "Invalid enum value"
_WRONG_WORD = re.compile(rf"{_WORD} (?P<word>.*)", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<key>.*)`")
_MISSING = re.compile(r"missing required field `(?P<key>.*)`")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A TOML table with known keys. Every struct that `read_toml` returns, and every table in it, is one."""


T = TypeVar("T", bound=Table)


def read_toml(path: Path | Traversable, kind: type[T]) -> T:
    """The file at ``path`` as a ``kind``, within the bounds of `bridge.toml`.

    Raises ConfigError with the file, the key or line, and the fix.
    """
    try:
        data = parse_toml(path)
    except TomlSyntaxError as error:
        if (misspelt := _find_misspelt_table(path, kind)) is None:
            raise
        raise misspelt from error
    if type(data.get("schema")) is not int or data["schema"] != SCHEMA:
        found = shorten(repr(data["schema"])) if "schema" in data else "missing"
        raise ConfigError(f"{path}: schema: {found}", f"write schema = {SCHEMA} on the first line")
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _to_config_error(path, kind, data, str(error)) from error


def _find_misspelt_table(path: Path | Traversable, kind: type[Table]) -> ConfigError | None:
    """The error of a misspelt table, which makes others of the file stand twice, or where they may not."""
    wrong = find_wrong_table(read_text(path), _list_keys(kind, ""))
    if wrong is None:
        return None
    line, found, right = wrong
    return ConfigError(f"{path}: line {line}: {found}: no such table", f"write {right}")


def _to_config_error(path: Path | Traversable, kind: type[Table], data: dict[str, Any], text: str) -> ConfigError:
    """Convert msgspec's message about ``data`` to an error that names the key and the fix."""
    what, _, where = text.rpartition(_AT) if _AT in text else (text, "", "")
    where = where.lstrip(".").rstrip("`")
    if unknown := _UNKNOWN.search(what):
        key = shorten(f"{where}.{unknown['key']}".lstrip("."))
        return ConfigError(f"{path}: {key}: unknown key", f"keys here: {', '.join(_list_keys(kind, where))}")
    if missing := _MISSING.search(what):
        return ConfigError(f"{path}: {where}.{missing['key']}: missing".replace(": .", ": "), "add it")
    place = f"{path}: {shorten(_name_entry(kind, data, where))}" if where else f"{path}"
    words = _list_words(_find_type(kind, where)) if _WORD in what else []
    fix = f"give one of {', '.join(words)}" if words else "correct the value"
    if words and (value := _WRONG_WORD.fullmatch(what)):
        key = re.sub(r"\[.*?\]", "", where).rpartition(".")[2]
        what = f"no such {key} {value['word']}"
    if what == _TABLE_FOR_LIST and where:
        return ConfigError(f"{place}: one table where there may be several", f"write [[{where}]] above it")
    return ConfigError(f"{place}: {shorten(what, LONGEST_MESSAGE)}", fix)


def _list_keys(kind: type[Table], where: str) -> list[str]:
    """The keys that the table at ``where`` may have, as far as the types tell."""
    found = _find_table(_find_type(kind, where))
    return [field.encode_name for field in msgspec.structs.fields(found or kind)]


def _find_type(kind: type[Table], where: str) -> object:
    """The type at ``where``, such as ``input[3].led``; None where the types do not tell."""
    found: object = kind
    for part in filter(None, where.split(".")):
        table = _find_table(found)
        fields = {} if table is None else {field.encode_name: field.name for field in msgspec.structs.fields(table)}
        name = fields.get(part.partition("[")[0])
        found = None if table is None or name is None else get_type_hints(table)[name]
    return found


def _name_entry(kind: type[Table], data: dict[str, Any], where: str) -> str:
    """``where`` with the key of the entry that is wrong: msgspec writes ``[...]`` for any entry of a dict."""
    before, entry, after = where.partition(_ENTRY)
    types = get_args(_find_type(kind, before))
    if not entry or len(types) != len(("key", "value")):
        return where
    table: Any = data
    for key, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", before):
        table = table[key] if key else table[int(number)]
    for key, value in table.items():
        try:
            msgspec.convert(value, types[1])
        except msgspec.ValidationError:
            return f"{before}.{key}{after}"
    return where


def _find_table(found: object) -> type[Table] | None:
    """The table that a type is, or has inside: that of ``tuple[Inner, ...]`` and of ``Inner | None`` is Inner."""
    if isinstance(found, type) and issubclass(found, Table):
        return found
    return next(filter(None, map(_find_table, get_args(found))), None)


def _list_words(found: object) -> list[str]:
    """The words that a type allows: those of a Literal, wherever it is inside."""
    if get_origin(found) is Literal:
        return [repr(word) if not word else str(word) for word in get_args(found)]
    return [word for inner in get_args(found) for word in _list_words(inner)]


def write_atomic(path: Path, content: str | bytes, is_secret: bool = False) -> None:
    """Replace ``path`` by ``content`` or leave it as it was; a half-written file is never seen.

    ``is_secret``: nobody else of this machine may read it, whatever the mode was.

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
            mode = SECRET_MODE if is_secret else target.stat().st_mode & 0o777 if target.exists() else None
            _write_synced(draft, data, mode)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: cannot be written ({reason})", "check permissions and free space") from error


def _write_synced(path: Path, data: bytes, mode: int | None) -> None:
    created = SECRET_MODE if mode == SECRET_MODE else 0o666
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, created), "wb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def user_dir(kind: str = "") -> Path:
    """The user's folder for ``kind`` (``presets``, ``mappings``, ...), or the one above them; it may not exist yet.

    The environment variable SIDEMAN_CONFIG_HOME takes the place of the system's configuration folder.
    """
    override = os.environ.get(CONFIG_HOME_VARIABLE)
    home = Path(override) if override else platformdirs.user_config_path("sideman", appauthor=False)
    return home / kind if kind else home


def state_dir() -> Path:
    """The folder for state that a later process needs; it may not exist yet."""
    override = os.environ.get(CONFIG_HOME_VARIABLE)
    return Path(override) / "state" if override else platformdirs.user_state_path("sideman", appauthor=False)


def find_data_files(package: str, folder: str, suffix: str) -> Iterator[tuple[str, str, Path | Traversable]]:
    """Yield name, origin and file: the ``shipped`` ones of a data package, then the ``user``'s, without hidden files.

    ``folder``: that of the user's folder. ``suffix``: what the files' names end with, and the names do not have.

    Raises:
        ConfigError: A folder cannot be read.
    """
    for origin, place in (("shipped", resources.files(package)), ("user", user_dir(folder))):
        try:
            entries = list(place.iterdir()) if place.is_dir() else []
        except OSError as error:
            raise ConfigError(f"{place}: cannot be read ({error.strerror})", "check its permissions") from error
        for entry in entries:
            if entry.name.endswith(suffix) and not entry.name.startswith("."):
                yield entry.name.removesuffix(suffix), origin, entry

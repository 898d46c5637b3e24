"""Style lookup: the shipped styles and the user's, by name."""

from __future__ import annotations

import logging
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.config import user_dir
from bridge.errors import ConfigError, did_you_mean
from bridge.names import why_not_plain
from engines.accompaniment.style import Style, load_style

log = logging.getLogger(__name__)

SHIPPED_STYLES = ("classical", "funk", "jazz", "lo-fi", "orchestral", "pop", "rock", "techno")
"""The styles that come with Sideman, in the order of their numbers over OSC: append, and never move or remove one."""
USUAL_STYLE = "pop"
FOLDER, SUFFIX = "styles", ".toml"
"""Subfolder of the user's folder, and file extension."""
MAX_USER_STYLES = 64
"""Styles of the user's that can be chosen live: each is held ready, and all are named in one OSC message."""


def find_style(name: str) -> Path | Traversable:
    """The file of style ``name``: the user's, else the shipped one."""
    if not _why_no_name(name):
        mine = user_dir(FOLDER) / f"{name}{SUFFIX}"
        if mine.is_file():
            return mine
        if name in SHIPPED_STYLES:
            return _get_shipped_file(name)
    raise ConfigError(f"no style is named {name!r}", did_you_mean(name, list_styles()))


def load_named(name: str) -> Style:
    """The user's style ``name``, or the shipped one of that name.

    Where the user's cannot be read, a warning says why, and the shipped one is taken, or USUAL_STYLE.
    """
    try:
        return load_style(find_style(name))
    except ConfigError as error:
        instead = name if name in SHIPPED_STYLES else USUAL_STYLE
        log.warning("%s; the shipped %s is played", error, instead)
        return load_style(_get_shipped_file(instead))


def list_styles() -> list[str]:
    """The names that `find_style` knows, sorted."""
    mine = [path.stem for path in _list_user_files(user_dir(FOLDER)) if not _why_no_name(path.stem)]
    return sorted({*SHIPPED_STYLES, *mine})


def list_user_styles() -> tuple[str, ...]:
    """The user's styles under names of their own, sorted, without those that cannot be read; a warning names these.

    The folder is read once in a process, so that a style keeps its number for as long as that runs.
    """
    return _check_user_styles(user_dir(FOLDER))


@cache
def _check_user_styles(folder: Path) -> tuple[str, ...]:
    found: list[str] = []
    try:
        paths = [path for path in _list_user_files(folder) if path.stem not in SHIPPED_STYLES]
    except ConfigError as error:
        log.warning("%s; the styles in it are left out", error)
        return ()
    for path in paths:
        try:
            if reason := _why_no_name(path.stem):
                raise ConfigError(f"{path}: cannot be a style's name: {reason}", "rename the file")
            if len(found) == MAX_USER_STYLES:
                raise ConfigError(f"{path}: more than {MAX_USER_STYLES} styles", "move those that you do not use")
            load_style(path)
        except ConfigError as error:
            log.warning("%s; this style is left out", error)
        else:
            found.append(path.stem)
    return tuple(found)


def _list_user_files(folder: Path) -> list[Path]:
    """The TOML files in ``folder``, by name, without hidden ones."""
    try:
        entries = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read ({error.strerror})", "check its permissions") from error
    return sorted(path for path in entries if path.suffix == SUFFIX and not path.name.startswith("."))


def _why_no_name(name: str) -> str:
    """Why no style can be called ``name``; empty where one can."""
    return why_not_plain(name) or ("" if name == name.lower() else "it takes small letters")


def _get_shipped_file(name: str) -> Traversable:
    return resources.files("engines.accompaniment") / "styles" / f"{name}{SUFFIX}"

"""Installed plugin: found by its name in every format, VST3 first; an LV2 by the end of its URI."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from bridge.errors import ConfigError, find_nearest
from chains.document.chain import Format, Member
from chains.document.plugin_locations import (
    fold_name,
    get_plugin_name,
    get_system,
    is_installed,
    list_folders,
    read_uris,
    walk_plugins,
)  # fmt: skip

_ALL: tuple[Format, ...] = ("vst3", "vst2", "lv2", "au")


def make_installed_member(name: str, format: Format | None = None) -> Member:
    """A member of the plugin ``name`` that is installed. ``format``: to look in; by default in all, VST3 first.

    Raises:
        ConfigError: There is none, or it is there in other formats only, or two LV2 have this name.
    """
    for form in (format,) if format else _list_formats():
        if member := _find_member(name, form):
            return member
    if format and (others := [one for one in _list_formats() if one != format and _find_member(name, one)]):
        where = " and ".join(map(str.upper, others))
        raise ConfigError(f"{name}: not installed as {format.upper()}, but as {where}", f"give --format {others[0]}")
    shown = format.upper() if format else ", ".join(map(str.upper, _list_formats()))
    near = find_nearest(name, _list_names(format))
    hint = "give the path of its file or bundle, or the URI of an LV2 (lv2ls lists them)"
    raise ConfigError(f"no plugin {name} is installed ({shown})", f"did you mean {near}? Else {hint}" if near else hint)


def get_uri_name(uri: str) -> str:
    """The last part of the URI of an LV2, such as ZamComp of ``urn:zamaudio:ZamComp``."""
    return re.split(r"[/:#]", uri.rstrip("/#"))[-1]


def _list_formats() -> tuple[Format, ...]:
    return tuple(one for one in _ALL if one != "au" or get_system() == "macos")


def _find_member(name: str, form: Format) -> Member | None:
    if form != "lv2":
        member = Member(plugin=name, format=form)
        return member if is_installed(member) else None
    uris = [uri for uri in _list_uris(os.environ) if fold_name(get_uri_name(uri)) == fold_name(name)]
    if len(uris) > 1:
        raise ConfigError(f"{name}: {len(uris)} LV2 plugins have this name", f"give a URI: {', '.join(uris)}")
    return Member(plugin=get_uri_name(uris[0]), format="lv2", id=uris[0]) if uris else None


def _list_uris(environment: Mapping[str, str]) -> list[str]:
    uris: list[str] = []
    for folder in list_folders("lv2", get_system(), environment):
        for bundle in walk_plugins(folder, "lv2"):
            try:
                uris += read_uris(bundle)
            except OSError:
                continue  # a folder of another purpose
    return list(dict.fromkeys(uris))


def _list_names(format: Format | None) -> list[str]:
    """The names of all that is installed."""
    names: list[str] = []
    for form in (format,) if format else _list_formats():
        if form == "lv2":
            names += map(get_uri_name, _list_uris(os.environ))
        else:
            for folder in list_folders(form, get_system(), os.environ):
                names += map(get_plugin_name, walk_plugins(folder, form))
    return names

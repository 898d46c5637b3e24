"""Plugin as a chain: a plugin's file, bundle or URI, given instead of a chain, becomes a chain of one member."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from bridge.errors import ConfigError
from chains.checks.installed_plugin import get_uri_name, make_installed_member
from chains.document.chain import Chain, Format, Member
from chains.document.plugin_locations import get_system, read_uris

FORMATS: dict[str, Format] = {".vst3": "vst3", ".lv2": "lv2", ".component": "au", ".vst": "vst2"}
"""Formats by the ending of a bundle."""
LIBRARIES = (".so", ".dll", ".dylib")
"""Endings of a library by itself: a VST2, where it is in no bundle."""


def is_plugin(target: str) -> bool:
    """Whether ``target`` is a plugin's path or URI, and not the name or file of a chain."""
    return is_uri(target) or find_format(Path(target)) is not None


def is_uri(target: str) -> bool:
    """Whether it is the URI of an LV2."""
    return target.startswith("urn:") or "://" in target


def find_format(path: Path) -> Format | None:
    """The format of a plugin by its path, a bundle or a file inside; None where it is no plugin's."""
    for one in (path, *path.parents):
        if one.suffix.lower() in FORMATS:
            return FORMATS[one.suffix.lower()]
    return "vst2" if path.suffix.lower() in LIBRARIES else None


def make_plugin_chain(target: str, name: str = "", format: Format | Literal[""] = "") -> Chain:
    """A chain of the plugin ``target``: its path, its URI, or its name where it is installed in the usual folders.

    ``name``: of the plugin, where its file has several. ``format``: to look for a name in; by default all, VST3 first.

    Raises:
        ConfigError: There is no such plugin.
    """
    return Chain(members=(_make_member(target, name, format),))


def _make_member(target: str, name: str, format: Format | Literal[""]) -> Member:
    if is_uri(target):
        plugin = name or get_uri_name(target)
        return Member(plugin=plugin, format="lv2", id=target)
    path = Path(target).expanduser()
    kind = find_format(path)
    if kind is None:
        return make_installed_member(name or target, format or None)
    if format and format != kind:
        raise ConfigError(f"{target}: a {kind.upper()}, not {format}", "leave out --format")
    if not path.exists():
        raise ConfigError(f"{target}: there is no such plugin", "give the path of its bundle or file")
    if kind == "lv2":
        uri = _find_uri(path, name)
        return Member(plugin=name or get_uri_name(uri), format="lv2", id=uri)
    stem = re.sub(r"[-_]vst$", "", _get_bundle(path).stem)
    return Member(plugin=name or stem, format=kind, paths={get_system(): (str(path.resolve()),)})


def _get_bundle(path: Path) -> Path:
    return next((one for one in (path, *path.parents) if one.suffix.lower() in FORMATS), path)


def _find_uri(path: Path, name: str) -> str:
    """The URI of the plugin in an LV2 bundle."""
    bundle = _get_bundle(path)
    try:
        uris = read_uris(bundle)
    except OSError as error:
        raise ConfigError(f"{bundle}: no manifest.ttl ({error.strerror})", "give the plugin's URI (lv2ls)") from error
    fitting: list[str] = [uri for uri in uris if not name or uri.endswith(name)]
    if len(fitting) != 1:
        raise ConfigError(f"{bundle}: {len(uris)} plugins fit", f"give a URI: {_list(uris)}")
    return fitting[0]


def _list(uris: Iterable[str]) -> str:
    return ", ".join(uris) or "it has none"

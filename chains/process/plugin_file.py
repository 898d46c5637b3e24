"""Plugin file: which plugin, in which version, by its file alone: nothing is loaded."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from bridge.errors import ConfigError
from chains.document.chain import Member
from chains.document.plugin_locations import find_plugin

MOST_FILES = 1000
"""Files of a bundle that are looked at: sample libraries lie in some."""


class PluginFile(msgspec.Struct, frozen=True):
    """A plugin's file or bundle. ``changed_s``: when it was last changed, seconds since 1970; ``bytes``: its size.

    A new version has another date or size.
    """

    name: str
    path: str
    changed_s: float = 0.0
    bytes: int = 0


def find_plugin_file(member: Member) -> PluginFile | None:
    """The file of a member's plugin; None where the member is no plugin, or the plugin is not installed."""
    if not member.plugin:
        return None
    try:
        path = find_plugin(member)
    except ConfigError:
        return None
    return measure_plugin_file(member.plugin, path)


def measure_plugin_file(name: str, path: Path) -> PluginFile:
    """The plugin called ``name`` at ``path``, with the date and size of its file, or of all files of its bundle."""
    changed_s, size = 0.0, 0
    for file in _list_files(path):
        try:
            status = file.stat()
        except OSError:
            continue  # removed meanwhile, or a link to nowhere
        changed_s, size = max(changed_s, status.st_mtime), size + status.st_size
    return PluginFile(name, str(path), changed_s, size)


def _list_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = [Path(folder) / name for folder, _, names in os.walk(path) for name in sorted(names)]
    return sorted(found)[:MOST_FILES]

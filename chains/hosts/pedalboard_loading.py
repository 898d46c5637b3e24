"""Loading into Pedalboard: a VST3 or AU without the probe of its parameters.

Pedalboard's constructor tries 1,001 raw values of every parameter, and sets those whose text never changes. ZamVerb
loads an impulse response each time: 152 s of processor time instead of 3.7 s. Plugins with 2,000 MIDI controllers take
minutes. The constructor's last step is replaced, and parameters are read from the native list, which costs nothing.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import pedalboard
from pedalboard._pedalboard import _PythonExternalPluginMixin

from bridge.errors import find_nearest
from chains.hosts.member import refuse

ExternalPlugin: TypeAlias = Any
"""A plugin in Pedalboard, whose types leave out most of what a VST3 has."""
_PROBE = "__set_initial_parameter_values__"
"""Name of the constructor's last step, private to Pedalboard; a test fails where it is gone."""
MOST_SHOWN = 20
"""Plugins of a bundle that an error names."""


def has_probe() -> bool:
    """Whether this Pedalboard has the step that is replaced."""
    return _PROBE in vars(_PythonExternalPluginMixin)


def list_plugin_names(path: str) -> list[str]:
    """The plugins in a VST3 file or bundle, in its order; none where it cannot be read."""
    try:
        return list(pedalboard.VST3Plugin.get_plugin_names_for_file(path))
    except (ImportError, RuntimeError):
        return []


def load_external_plugin(label: str, path: str, name: str, format: str) -> ExternalPlugin:
    """Load the plugin ``name`` of the file or bundle ``path``. The name of the file stands for its only plugin.

    Raises:
        PluginError: It is no plugin, or has none of this name.
    """
    if not has_probe():
        hint = "install the version of pedalboard that Sideman's extra 'chains' names"
        raise refuse(label, "load", f"pedalboard {version('pedalboard')} loads plugins in another way", hint)
    kind = pedalboard.VST3Plugin if format == "vst3" else getattr(pedalboard, "AudioUnitPlugin", None)
    if kind is None:
        raise refuse(label, "load", f"{format.upper()} does not run on {sys.platform}", "use its VST3")
    setattr(_PythonExternalPluginMixin, _PROBE, lambda _self, _values: None)
    try:
        names = list(kind.get_plugin_names_for_file(path))
        if len(names) == 1 and name == Path(path).stem:
            name = names[0]
        if names and name not in names:
            raise refuse(label, "load", f"{path} has no plugin {name!r}", _list_choices(name, names))
        return kind(path, plugin_name=name if name in names and len(names) > 1 else None)
    except (ImportError, ValueError, RuntimeError) as error:
        hint = "check that it is a plugin for this system and processor"
        raise refuse(label, "load", f"{path} cannot be loaded: {str(error).rstrip('. ')}", hint) from error


def _list_choices(name: str, names: list[str]) -> str:
    """What to give instead of ``name``: the plugins that the bundle has."""
    near = find_nearest(name, names)
    start = f"did you mean {near}? " if near else ""
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    shown = ", ".join(map(repr, names[:MOST_SHOWN])) + more
    return f"{start}It has {shown}: give one as plugin in the chain, or with --plugin"

"""VST device: a plugin with its state, as the channel of a track has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VstDevice:
    """A VST3 plugin.

    Attributes:
        name: Of the plugin.
        class_id: Of the plugin's class, 32 hexadecimal figures.
        state: The bytes of a ``.vstpreset``; empty: the plugin starts with its defaults.
        label: What the user calls it; empty: as the plugin.
        is_enabled: False: it is bypassed.
        is_instrument: It plays notes.
        version: Of the plugin; empty where not known.
    """

    name: str
    class_id: str
    state: bytes = b""
    label: str = ""
    is_enabled: bool = True
    is_instrument: bool = False
    version: str = ""

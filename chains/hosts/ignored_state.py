"""Ignored state: whether a plugin took over its saved state, by the state that it gives out before and behind it.

Some plugins take a state without an error, and without effect: they read it when their window opens, or not at all.
Each host gives out a state in its own form; what is compared is the processor's part, bytes of the plugin's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bridge.errors import ConfigError
from chains.document.chain import Member
from chains.document.vst3_preset import parse_preset
from chains.hosts.parameter_values import RawParameter, find_parameter, is_value_shown
from chains.process.verdict import PluginError

_NAMED = 5
"""Parameters that the warning names; more are counted."""
_JUCE_PART = re.compile(rb"<IComponent>(\d+)\.([^<]*)</IComponent>")
"""The processor's part of what JUCE saves of a VST3: its number of bytes, and 6 bits for each figure."""
_JUCE_FIGURES = b".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
"""From 0 to 63 (JUCE, MemoryBlock::toBase64Encoding); the lowest bits come first."""


def list_ignored(
    member: Member, parameters: Sequence[RawParameter], before: bytes, behind: bytes, given: bytes
) -> list[str]:
    """A warning where a plugin ignored its state; none where it took it over, or where that is not known.

    ``before``, ``behind``: the processor's state that the plugin gave out before and behind it loaded ``given``.
    ``parameters``: as they are behind it; those that differ from the chain's file are named.
    """
    if not before or before != behind or given == behind:
        return []
    lost = [text for name, value in member.parameters.items() if (text := _describe_lost(parameters, name, value))]
    more = f"; {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    named = f" ({'; '.join(lost[:_NAMED])}{more})" if lost else ""
    return [
        f"it ignores its state: loading it changed nothing{named}. Only the parameters of the chain's file are set: "
        "write all that you need there, or render once and keep the audio"
    ]


def _describe_lost(parameters: Sequence[RawParameter], name: str, value: float | bool | str) -> str:
    """Name, value found and wanted of a parameter; empty where it is as wanted, or is refused later on."""
    try:
        parameter = find_parameter("", name, parameters)
    except PluginError:
        return ""
    shown = parameter.find_text(parameter.read())
    return "" if is_value_shown(parameter, value, shown) else f"{parameter.name} {shown} instead of {value}"


def read_preset_part(preset: bytes) -> bytes:
    """The processor's state in a .vstpreset; empty where it has none."""
    try:
        return parse_preset(preset, "state").processor_state
    except ConfigError:
        return b""


def read_juce_part(state: bytes) -> bytes:
    """The processor's state in what JUCE saves of a VST3; empty where it has none."""
    found = _JUCE_PART.search(state)
    if found is None:
        return b""
    values = np.zeros(256, np.uint8)
    values[np.frombuffer(_JUCE_FIGURES, np.uint8)] = np.arange(64)
    figures = values[np.frombuffer(found[2], np.uint8)]
    bits = np.unpackbits(figures[:, None], axis=1, bitorder="little")[:, :6]
    return np.packbits(bits.reshape(-1), bitorder="little").tobytes()[: int(found[1])]

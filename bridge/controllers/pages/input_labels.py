"""Input labels: what an input of a mapping does, in the few words that fit on its picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bridge.controllers.mappings.mapping import (
    Mapping,
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    Target,
    Touch,
    TriggerAction,
)
from bridge.core.control import format_value

LabelGroup: TypeAlias = Literal["stem", "band", "part", "style", "section", "fill", "preset", "action", "setup", "key"]
"""Meaning of each colour."""
_UNITS = ("_db", "_bpm", "_beats", "_frames", "_hz", "_ms", "_s")
_WORDS = {"dropout": "drop-out", "stays": "in drop-out", "synth": "band"}
"""Words of controls that say less than their controls do; the synth sounds for the band, as its strip says."""
_DOC = re.compile(r"(?P<name>.+?) (?P<first>\d+) (?:to|and) (?P<last>\d+)(?P<rest>, .*)?")
_PLURAL = re.compile(r"\b(button|pad|fader|knob|encoder|key)s$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InputLabel:
    """``title`` is the larger line, ``detail`` the smaller one, which may be empty. ``is_step``: it says which way."""

    title: str
    detail: str
    group: LabelGroup
    is_step: bool = False


def describe_target(mapping: Mapping, target: Target) -> InputLabel:
    """The label of an input with this target, with the bank at its start."""
    if isinstance(target, SetControl):
        return _describe_control(target)
    if isinstance(target, TriggerAction):
        if target.argument:
            return InputLabel(target.argument, _split(target.action)[0], "preset")
        return InputLabel(_split(target.action)[-1], "", "action")
    if isinstance(target, SelectLayer):
        return InputLabel(target.layer, "hold" if target.held else "layer", "key")
    if isinstance(target, MoveBank):
        return InputLabel("bank", f"{target.strips:+d}".replace("-", "−"), "key", is_step=True)
    if isinstance(target, Touch):
        return describe_target(mapping, target.of)
    return _describe_strip(mapping, target)


def name_key(doc: str, index: int, count: int) -> str:
    """What is printed at one of ``count`` keys, where ``doc`` tells: "Mute 1 to 4", or "Play, Stop". Else empty."""
    if count == 1:
        return doc
    found = _DOC.fullmatch(doc)
    if found and int(found["last"]) - int(found["first"]) + 1 == count:
        name = _PLURAL.sub(r"\1", found["name"])
        return f"{name} {int(found['first']) + index}{found['rest'] or ''}"
    names = doc.rpartition(": ")[2].split(", ")
    if len(names) == count:
        return names[index]
    return ""


def _describe_strip(mapping: Mapping, target: SetStrip) -> InputLabel:
    index = mapping.device.first_strip - 1 + target.strip
    strip = mapping.strips[index] if index < len(mapping.strips) else None
    control = strip.controls.get(target.function) if strip is not None else None
    if control is None:
        return InputLabel("", "", "key")
    return _describe_control(SetControl(control, control.low, control.high))


def _describe_control(target: SetControl) -> InputLabel:
    control, words = target.control, _split(target.control.name)
    group = _find_group(words)
    what, owner = words[-1], words[-2] if len(words) > 1 else ""
    named = f"{owner} {what}" if group == "setup" and len(words) > 2 and owner != "band" else what
    if target.value is not None and control.kind in {"choice", "integer"}:
        return InputLabel(str(format_value(control, target.value)), named, group)
    if target.value is not None and control.kind != "switch":
        return InputLabel(owner if what == "gain" else named, f"= {target.value:g} {control.unit}".rstrip(), group)
    if target.step is not None:
        return InputLabel(owner if what == "gain" else named, _describe_step(target), group, is_step=True)
    if group == "fill":
        return InputLabel(what, "hold", group)
    if group == "part":
        return InputLabel(owner, f"part {what}" if what == "mute" else what, group)
    if group == "stem" or what == "gain":
        return InputLabel(owner, what, group)
    return InputLabel(named, "", group)


def _describe_step(target: SetControl) -> str:
    step, control = target.step or 0.0, target.control
    if control.kind == "choice":
        return "next" if step > 0 else "previous"
    return f"{'+' if step > 0 else '−'} {abs(step):g} {control.unit}".rstrip()


def _find_group(words: list[str]) -> LabelGroup:
    if words[0] == "stems":
        return "stem"
    if len(words) > 3:
        return "part"
    groups: dict[str, LabelGroup] = {"style": "style", "section": "section", "fill": "fill", "drop-out": "fill"}
    if words[-1] in groups:
        return groups[words[-1]]
    is_band = words[0] == "band" or (len(words) > 2 and words[1] == "band" and words[-1] != "count in")
    return "band" if is_band else "setup"


def _split(name: str) -> list[str]:
    """The words of a control's name, without units."""
    words = []
    for word in name.split("."):
        unit = next((unit for unit in _UNITS if word.endswith(unit)), "")
        plain = word.removesuffix(unit)
        words.append(_WORDS.get(plain, plain.replace("_", " ")))
    return words

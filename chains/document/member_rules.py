"""Member rules: what a member of a chain must keep to, by its kind: a plugin, an effect, Faust code or branches."""

from __future__ import annotations

import re
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

import msgspec

from bridge.errors import ConfigError
from bridge.number_text import format_number, format_range
from chains.document.chain import Format, Member, ParameterValue
from chains.document.effects import Effect, EffectParameter, check_value, get_effect
from chains.document.member_state import check_beside, read_state
from chains.document.vst3_preset import parse_class_id

GAIN_DB = (-120.0, 24.0)
"""Gains of branches, sends and returns: from what nobody hears to what is certainly a mistake above."""
LONGEST_LABEL = 64
"""Characters; tables and files' names have room for it."""
LONGEST_LATENCY_FRAMES = 480_000
"""Ten seconds at 48 kHz."""
LONGEST_LOAD_S = 3600.0
"""An hour: samplers that read their sounds from a slow drive."""
SYSTEMS = ("linux", "macos", "windows")

_KINDS = ("plugin", "effect", "faust", "branch")
_ANY = frozenset({"name", "bypass", "sends"})
_PROCESSOR = _ANY | {"parameters", "automation", "latency_frames"}
_ALLOWED = {
    "plugin": frozenset(field.encode_name for field in msgspec.structs.fields(Member)) - {"effect", "faust", "branch"},
    "effect": _PROCESSOR | {"effect"},
    "faust": _PROCESSOR | {"faust"},
    "branch": _ANY | {"branch"},
}
"""The keys that make sense, by kind."""
_NAMES = {"plugin": "a plugin", "effect": "a built-in effect", "faust": "Faust code", "branch": "branches"}
_BLANK = Member()
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_LV2_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+")
_VST2_ID = re.compile(r"[ -~]{4}")


def check_member(member: Member, key: str, folder: Path | Traversable) -> None:
    """Check a member by itself; ``key``: where it stands in the file. ``folder``: the file's.

    Raises:
        ConfigError: Something is wrong: the first problem, with the key and the fix.
    """
    kind = _find_kind(member, key)
    for name in _list_keys(member):
        if name not in _ALLOWED[kind]:
            message = f"{key}.{name}: means nothing for {_NAMES[kind]}"
            raise ConfigError(message, f"leave it out; keys here: {', '.join(sorted(_ALLOWED[kind]))}")
    check_label(member.label, f"{key}.name" if member.name else f"{key}.{kind}")
    _check_automation(member, key)
    if member.latency_frames != -1:
        check_range(member.latency_frames, f"{key}.latency_frames", 0, LONGEST_LATENCY_FRAMES, "frames, or -1: any")
    if not member.sidechain.isprintable():
        raise ConfigError(f"{key}.sidechain: has a character that cannot be shown", "give a stem's or file's name")
    if kind == "plugin":
        _check_plugin(member, key, folder)
    elif kind == "effect":
        _check_effect(member, key, folder)


def check_label(label: str, key: str) -> None:
    """Check a name that errors, tables and files' names have.

    Raises:
        ConfigError: It is empty, too long, or has characters that cannot be shown.
    """
    if not label or label != label.strip() or not label.isprintable() or len(label) > LONGEST_LABEL:
        message = f"{key}: {label[:LONGEST_LABEL]!r} is no usable name"
        raise ConfigError(message, f"give 1 to {LONGEST_LABEL} characters in a line, without spaces around them")


def check_gain(gain_db: float, key: str) -> None:
    """Check a gain in dB.

    Raises:
        ConfigError: It is out of range.
    """
    check_range(gain_db, key, *GAIN_DB, "dB")


def check_range(value: float, key: str, low: float, high: float, unit: str) -> None:
    """Check that a number is between ``low`` and ``high``; ``unit`` ends the hint.

    Raises:
        ConfigError: It is not.
    """
    if not low <= value <= high:
        raise ConfigError(f"{key}: {format_number(value)} is out of range", f"give {format_range(low, high, unit)}")


def _find_kind(member: Member, key: str) -> str:
    given = [kind for kind in _KINDS if getattr(member, "branches" if kind == "branch" else kind)]
    if len(given) == 1:
        return given[0]
    if not given:
        message = f"{key}: is nothing: none of {', '.join(_KINDS)} is given"
        raise ConfigError(message, 'add plugin = "...", effect = "...", faust = "..." or tables [[member.branch]]')
    raise ConfigError(f"{key}: is {' and '.join(given)} at once", "keep one of them, and make a member of each other")


def _list_keys(member: Member) -> list[str]:
    """The keys that are not as by default."""
    fields = msgspec.structs.fields(Member)
    return [one.encode_name for one in fields if getattr(member, one.name) != getattr(_BLANK, one.name)]


def _check_automation(member: Member, key: str) -> None:
    for name, points in member.automation.items():
        place = f"{key}.automation.{name}"
        if not name:
            raise ConfigError(f"{key}.automation: a parameter without a name", "give the parameter's name as the key")
        if not points:
            raise ConfigError(f"{place}: no points", "give points of beat and value, such as [[0, -20], [16, -12]]")
        if name in member.parameters:
            raise ConfigError(f"{place}: is in parameters, too", "leave it out there: automation sets it")
        for number, ((first, _), (second, _)) in enumerate(pairwise(points), 1):
            if second <= first:
                message = f"{place}[{number}]: beat {second:g} does not come after beat {first:g}"
                raise ConfigError(message, "sort the points; for a jump give two beats close together: 4 and 4.01")


def _check_plugin(member: Member, key: str, folder: Path | Traversable) -> None:
    if not member.format:
        raise ConfigError(f"{key}.format: missing", 'add format = "vst3", "vst2", "lv2" or "au"')
    _check_id(member, member.format, key)
    if any(not name for name in member.parameters):
        raise ConfigError(f"{key}.parameters: one without a name", "give the parameter's name as the key")
    for system in member.paths:
        if system not in SYSTEMS:
            raise ConfigError(f"{key}.paths.{system}: no such system", f"give one of {', '.join(SYSTEMS)}")
    for name in ("state_sha256", "fingerprint"):
        value = getattr(member, name)
        if value and not _SHA256.fullmatch(value):
            message = f"{key}.{name}: {value[:LONGEST_LABEL]!r} is no SHA-256"
            raise ConfigError(message, "give 64 hexadecimal figures, or leave it out")
    if member.load_limit_s:
        check_range(member.load_limit_s, f"{key}.load_limit_s", 1.0, LONGEST_LOAD_S, "seconds, or leave it out")
    if member.is_instrument and member.sidechain:
        raise ConfigError(f"{key}.sidechain: an instrument has no sidechain", "leave it out")
    _check_state(member, key, folder)


def _check_id(member: Member, form: Format, key: str) -> None:
    place = f"{key}.id"
    if form == "lv2" and not _LV2_URI.fullmatch(member.id):
        message = f"{place}: {member.id!r} is no URI of an LV2" if member.id else f"{place}: missing"
        raise ConfigError(message, "give the plugin's URI, such as urn:zamaudio:ZamCompX2; lv2ls lists those installed")
    if form == "vst3" and member.id:
        try:
            parse_class_id(member.id)
        except ConfigError as error:
            raise ConfigError(f"{place}: {error.message}", error.hint) from error
    if form == "vst2" and member.id and not _VST2_ID.fullmatch(member.id):
        raise ConfigError(f"{place}: {member.id!r} is no id of a VST2", "give its four characters, or leave it out")


def _check_state(member: Member, key: str, folder: Path | Traversable) -> None:
    if member.state and member.state_file:
        raise ConfigError(f"{key}: has both state and state_file", "keep one of them")
    if member.state_sha256 and not (member.state or member.state_file):
        raise ConfigError(f"{key}.state_sha256: there is no state", "add state or state_file, or leave this out")
    if (member.state or member.state_file) and member.format != "vst3":
        raise ConfigError(
            f"{key}.{'state' if member.state else 'state_file'}: only a VST3 has a state as .vstpreset",
            "set its parameters by name, or use the plugin as VST3",
        )
    read_state(member, folder, key)


def _check_effect(member: Member, key: str, folder: Path | Traversable) -> None:
    try:
        effect = get_effect(member.effect)
    except ConfigError as error:
        raise ConfigError(f"{key}.effect: {error.message}", error.hint) from error
    for name, value in member.parameters.items():
        _check_value(effect, name, value, f"{key}.parameters.{name}")
    for name, points in member.automation.items():
        for number, (_, value) in enumerate(points):
            _check_value(effect, name, value, f"{key}.automation.{name}[{number}]")
    for parameter in effect.parameters:
        if parameter.is_file:
            _check_file(member, parameter, key, folder)


def _check_value(effect: Effect, name: str, value: ParameterValue, place: str) -> None:
    try:
        check_value(effect, name, value)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error.message}", error.hint) from error


def _check_file(member: Member, parameter: EffectParameter, key: str, folder: Path | Traversable) -> None:
    place = f"{key}.parameters.{parameter.name}"
    name = member.parameters.get(parameter.name)
    if not isinstance(name, str):
        raise ConfigError(f"{place}: missing", f'add {parameter.name} = "FILE.wav", a file beside the chain\'s')
    check_beside(name, place)
    if not (folder / name).is_file():
        raise ConfigError(f"{place}: {name}: no such file", f"put it into {folder}")

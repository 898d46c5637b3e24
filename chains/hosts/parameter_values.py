"""Parameter values: from the units and texts of a plugin to its raw values from 0 to 1, and back for a comparison.

A plugin knows its units only as texts. So a value is written as text, turned into a raw value by the plugin, and the
text at this raw value is compared with what was wanted. Where the plugin reads no texts, the raw value is searched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import did_you_mean
from bridge.number_text import format_number, format_range
from chains.document.value_unit import NUMBER, describe_unit, find_unit, is_unit_of
from chains.hosts.member import refuse

FLOAT_STEP = 2.0**-23
"""Step of a float32 at 1: plugins keep raw values as float32."""
MAX_LISTED_STEPS = 1024
"""Steps up to which a parameter counts as one with choices; more are what hosts say of a continuous one."""
_CURVE_POINTS = 257
"""Raw values at which the texts of a parameter that is not linear are read, for its automation."""
_ZEROS = re.compile(r"(\.\d*?)0+(?!\d)")
"""Zeros at the end of a number with a point."""
_PROGRAMS = frozenset({"program", "current program", "preset", "current preset"})
"""Names of parameters that load a program: they overwrite all others."""
_SETS_PROGRAM = "leave it out: a program overwrites the other parameters; keep it as state (sideman chain capture)"


class RawParameter(Protocol):
    """A parameter as a host sees it."""

    @property
    def name(self) -> str:
        """Its display name."""

    @property
    def unit(self) -> str:
        """Its unit; empty where it has none."""

    @property
    def steps(self) -> int:
        """Steps of its range; 0 where it is continuous."""

    @property
    def is_automatable(self) -> bool:
        """Whether a host may set it: meters and facts about the host are none."""

    def read(self) -> float:
        """The raw value now."""

    def write(self, raw: float) -> None:
        """Set the raw value."""

    def find_text(self, raw: float) -> str:
        """The text that the plugin shows for a raw value."""

    def parse_text(self, text: str) -> float | None:
        """The raw value of a text; None where the host cannot ask the plugin."""


def read_number(text: str, unit: str = "") -> float | None:
    """The number that a text begins with, such as -20 of ``-20.0 dB``; None where it begins with none.

    ``1.2 kHz`` is 1200 where ``unit`` is Hz.
    """
    match = NUMBER.match(text)
    if not match:
        return None
    return float(match[1]) * (1000.0 if match[2] and unit.casefold() == "hz" else 1.0)


def find_parameter(label: str, name: str, parameters: Sequence[RawParameter]) -> RawParameter:
    """The parameter of a member by its display name, or by the name that Pedalboard makes of it.

    Raises:
        PluginError: There is none, there are two, or it is not to be set.
    """
    found = [one for one in parameters if one.name == name]
    plain = to_python_name(name)
    found = found or [one for one in parameters if to_python_name(one.name) == plain]
    found = found or [one for one in parameters if to_python_name(f"{one.name} {one.unit}") == plain]
    if not found:
        choices = [one.name for one in parameters if one.is_automatable and not is_program(one)]
        raise refuse(label, "parameters", f"it has no parameter {name!r}", did_you_mean(name, choices))
    if len(found) > 1:
        hint = "set it in the plugin and keep it as state (sideman chain capture)"
        raise refuse(label, "parameters", f"{len(found)} of its parameters are named {name!r}", hint)
    if not found[0].is_automatable:
        hint = "leave it out: it is a meter, or a fact about the host"
        raise refuse(label, "parameters", f"parameter {name!r} is not to be set", hint)
    if is_program(found[0]):
        raise refuse(label, "parameters", f"parameter {name!r} changes the program", _SETS_PROGRAM)
    return found[0]


def is_program(parameter: RawParameter) -> bool:
    """Whether a parameter loads a program, which overwrites the other parameters."""
    return parameter.name.casefold() in _PROGRAMS


def to_python_name(name: str) -> str:
    """A name in the form of a Python attribute, as Pedalboard shows it: ``stereo_detection``."""
    return "_".join(re.findall(r"[a-z0-9]+", name.casefold()))


def set_value(label: str, parameter: RawParameter, value: float | bool | str) -> None:
    """Set a parameter in its own unit or by a text, and read it back.

    A number has to be read back within a float32 step of the range, or the last figure that the plugin shows.

    Raises:
        PluginError: The value is no number, out of range, or was not taken.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse(label, "parameters", f"{parameter.name} = {value}: not a number", "give a finite number")
    raw = find_raw(label, parameter, value)
    set_raw_value(label, parameter, raw)
    if parameter.steps == 2 and _read_switch(value) is not None:
        return
    shown = parameter.find_text(parameter.read())
    if not _is_shown(parameter, value, shown):
        hint = "give a value that the plugin shows, or keep it as state (sideman chain capture)"
        raise refuse(label, "parameters", f"{parameter.name}: wanted {value!r}, but the plugin shows {shown!r}", hint)


def is_value_shown(parameter: RawParameter, value: float | bool | str, shown: str) -> bool:
    """Whether a parameter has a value now; ``shown``: the text that the plugin shows."""
    if parameter.steps == 2 and (switch := _read_switch(value)) is not None:
        return switch == (parameter.read() >= 0.5)
    return _is_shown(parameter, value, shown)


def set_raw_value(label: str, parameter: RawParameter, raw: float) -> None:
    """Set a parameter from 0 to 1, and read it back.

    Raises:
        PluginError: It is not between 0 and 1, or was not taken: with name, wanted and read value.
    """
    if not 0.0 <= raw <= 1.0:
        raise refuse(label, "parameters", f"{parameter.name}: raw value {raw} is out of range", "give 0 to 1")
    parameter.write(raw)
    got = parameter.read()
    tolerance = max(FLOAT_STEP, 0.51 / (parameter.steps - 1) if parameter.steps > 1 else 0.0)
    if not abs(got - raw) <= tolerance:
        hint = "another parameter may have to be set first, or the plugin needs its state (sideman chain capture)"
        raise refuse(label, "parameters", f"{parameter.name}: wanted raw value {raw:.7g}, read back {got:.7g}", hint)


def find_raw(label: str, parameter: RawParameter, value: float | bool | str) -> float:
    """The raw value, 0 to 1, of a value in the parameter's unit, of a text, or of true and false.

    Raises:
        PluginError: No raw value shows this value; the hint says the range or the choices.
    """
    if parameter.steps == 2 and (switch := _read_switch(value)) is not None:
        return float(switch)
    wanted = float(value) if isinstance(value, int | float) else read_number(value, parameter.unit)
    text = repr(wanted) if isinstance(value, int | float) else value
    parsed = parameter.parse_text(text)
    if parsed is not None and 0.0 <= parsed <= 1.0 and _is_shown(parameter, value, parameter.find_text(parsed)):
        return parsed
    raw = _find_choice(parameter, value) if 0 < parameter.steps <= MAX_LISTED_STEPS else None
    if raw is None and wanted is not None:
        raw = _find_number(parameter, value, wanted)
    if raw is not None:
        return raw
    middle = parameter.find_text(0.5)
    if isinstance(value, str) and wanted is not None and not is_unit_of(value, parameter.unit, middle):
        message = f"{parameter.name} does not take {value!r}: {find_unit(value)} is not its unit"
        hint = f"{describe_range(parameter)}; {describe_unit(parameter.unit, middle)}"
        raise refuse(label, "parameters", message, hint)
    shown = repr(value) if isinstance(value, str | bool) else format_number(value)
    raise refuse(label, "parameters", f"{parameter.name} does not take {shown}", describe_range(parameter))


def describe_range(parameter: RawParameter) -> str:
    """What a parameter takes: its choices, or the texts at both ends."""
    low, high = (_trim_zeros(parameter.find_text(end)) for end in (0.0, 1.0))
    if 0 < parameter.steps <= 16:
        texts = [parameter.find_text(step / max(1, parameter.steps - 1)) for step in range(parameter.steps)]
        return f"give {', '.join(dict.fromkeys(texts))}"
    unit = "" if find_unit(high) else parameter.unit
    return f"give {low} to {high} {unit}".rstrip()


def _trim_zeros(text: str) -> str:
    """A plugin's text without what says nothing: -80 dB for -80.000000 dB."""
    return _ZEROS.sub(lambda found: found[1].removesuffix("."), text)


def compute_curve(label: str, parameter: RawParameter, values: Audio) -> Audio:
    """The raw values of an automation: ``values``, shape (points,), in the parameter's unit; the same shape.

    Raises:
        PluginError: A value is out of range, or the parameter shows no numbers.
    """
    low, high = _read_at(parameter, 0.0), _read_at(parameter, 1.0)
    if low is None or high is None or low == high:
        raise refuse(label, "parameters", f"{parameter.name} shows no numbers", "automate another parameter")
    tolerance = abs(high - low) * 1e-6
    if values.size and not (min(low, high) - tolerance <= values.min() and values.max() <= max(low, high) + tolerance):
        given = format_range(float(values.min()), float(values.max()))
        message = f"automation of {parameter.name}: {given} is out of range"
        raise refuse(label, "parameters", message, describe_range(parameter))
    grid = np.linspace(0.0, 1.0, _CURVE_POINTS)
    shown = [_read_at(parameter, float(raw)) for raw in grid[:: _CURVE_POINTS // 16]]
    straight = low + (high - low) * grid[:: _CURVE_POINTS // 16]
    if all(
        one is not None and abs(one - line) <= _find_tolerance(parameter, float(line))
        for one, line in zip(shown, straight, strict=True)
    ):
        raw = (values.astype(np.float64) - low) / (high - low)
    else:
        table = np.array([_read_at(parameter, float(one)) for one in grid], np.float64)
        order = np.argsort(table, kind="stable")
        raw = np.interp(values, table[order], grid[order])
    return np.clip(raw, 0.0, 1.0).astype(np.float32)


def _read_switch(value: float | bool | str) -> bool | None:
    """What a value says of a switch; None: it is a number or another text, which the plugin has to show."""
    if isinstance(value, str):
        return {"on": True, "true": True, "off": False, "false": False}.get(value.strip().casefold())
    return value if isinstance(value, bool) else None


def _find_choice(parameter: RawParameter, value: float | bool | str) -> float | None:
    for step in range(parameter.steps):
        raw = step / max(1, parameter.steps - 1)
        if _is_shown(parameter, value, parameter.find_text(raw)):
            return raw
    return None


def _find_number(parameter: RawParameter, value: float | bool | str, wanted: float) -> float | None:
    """The raw value that shows a number: on a straight line between both ends, or by bisection."""
    low, high = _read_at(parameter, 0.0), _read_at(parameter, 1.0)
    if low is None or high is None or low == high or not min(low, high) <= wanted <= max(low, high):
        return None
    raw = (wanted - low) / (high - low)
    if _is_shown(parameter, value, parameter.find_text(raw)):
        return raw
    bounds = [0.0, 1.0]
    for _ in range(32):
        raw = sum(bounds) / 2
        shown = _read_at(parameter, raw)
        if shown is None:
            return None
        bounds[int((shown < wanted) != (low < high))] = raw
    return next((one for one in (raw, *bounds) if _is_shown(parameter, value, parameter.find_text(one))), None)


def _read_at(parameter: RawParameter, raw: float) -> float | None:
    return read_number(parameter.find_text(raw), parameter.unit)


def _is_shown(parameter: RawParameter, value: float | bool | str, shown: str) -> bool:
    """Whether a text of the plugin says the same as a value."""
    if isinstance(value, str) and value.strip().casefold() == shown.strip().casefold():
        return True
    wanted = float(value) if isinstance(value, int | float) else read_number(value, parameter.unit)
    number = read_number(shown, parameter.unit)
    if wanted is None or number is None:
        return False
    if isinstance(value, str) and not is_unit_of(value, parameter.unit, shown):
        return False
    return abs(number - wanted) <= _find_tolerance(parameter, wanted, shown)


def _find_tolerance(parameter: RawParameter, wanted: float, shown: str = "") -> float:
    """How far a shown number may be from the wanted one: a float32 step of the range, or half its last figure."""
    text = shown or parameter.find_text(0.5)
    match = NUMBER.match(text)
    figures = len(match[1].partition(".")[2]) if match and "e" not in match[1].casefold() else 0
    half_figure = 0.5 * 10.0**-figures * (1000.0 if match and match[2] and parameter.unit.casefold() == "hz" else 1.0)
    low, high = _read_at(parameter, 0.0), _read_at(parameter, 1.0)
    step = abs(high - low) * FLOAT_STEP if low is not None and high is not None else 0.0
    return max(half_figure * 1.0001, step, abs(wanted) * FLOAT_STEP)

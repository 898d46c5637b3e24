"""Choice of parameters: which ones a check may move, and where to."""

from __future__ import annotations

from collections.abc import Iterable

from chains.process.messages import ParameterFacts

_UNFIT = ("bypass", "program", "preset", "midi cc", "reset", "power", "on/off", "enable")
"""Parts of names of parameters that switch the plugin off, change all others or stand for a controller."""
SHIFT = 0.1
"""Step by which a continuous parameter is moved: audible, and far from what mutes or overloads."""
MOST_STEPS = 1000
"""A parameter with more steps is continuous: hosts report 2^31 - 1 of them where a plugin gives none."""


def choose_movable(parameters: Iterable[ParameterFacts]) -> list[ParameterFacts]:
    """The parameters that a user would move: no meter, no program change, no bypass."""
    return [one for one in parameters if one.is_automatable and not any(word in one.name.lower() for word in _UNFIT)]


def is_continuous(parameter: ParameterFacts) -> bool:
    """Whether it has no steps that a user counts."""
    return not 0 < parameter.steps <= MOST_STEPS


def shift_value(parameter: ParameterFacts) -> float:
    """Another raw value, near the present one: the next step, or a tenth of the range towards the middle."""
    step = SHIFT if is_continuous(parameter) else 1.0 / max(parameter.steps - 1, 1)
    return min(parameter.raw + step, 1.0) if parameter.raw <= 0.5 else max(parameter.raw - step, 0.0)


def find_bypass(parameters: Iterable[ParameterFacts]) -> ParameterFacts | None:
    """The plugin's own bypass switch, where it has one."""
    return next((one for one in parameters if one.is_automatable and "bypass" in one.name.lower()), None)


def find_meters(before: Iterable[ParameterFacts], after: Iterable[ParameterFacts]) -> frozenset[str]:
    """The names of parameters that a render moved between two readings: meters, though the plugin calls them
    automatable."""
    raws = {one.name: one.raw for one in before}
    return frozenset(one.name for one in after if raws.get(one.name, one.raw) != one.raw)

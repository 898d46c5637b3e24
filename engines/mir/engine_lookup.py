"""Engines that listen, by name: any that is registered and tells events of what it hears."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import entry_points

from bridge.config import EngineSettings
from bridge.core.control import Control
from bridge.core.engine import ENTRY_POINTS, Engine
from bridge.errors import ConfigError, EngineError

PREFIX = "mir."
DEFAULT = EngineSettings().mir
"""What listens where nothing else is said: what `sideman run` takes without settings."""


def engine_names() -> list[str]:
    """The registered engines that listen."""
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINTS) if entry.name.startswith(PREFIX)})


def engine_named(name: str) -> Engine:
    """A registered engine (``mir.chroma``), not prepared yet."""
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name == name:
            engine: Engine = entry.load()()
            spec = engine.spec
            if not spec.audio(spec.inputs) or not spec.events(spec.outputs):
                raise EngineError(f"{name}: hears no audio, or tells no events", f"take {' or '.join(engine_names())}")
            return engine
    near = get_close_matches(name, engine_names(), 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(engine_names())}"
    raise EngineError(f"no engine {name!r} is registered", hint)


def chosen_values(controls: Sequence[Control], words: Sequence[str]) -> dict[str, float]:
    """``NAME=VALUE`` for some of ``controls``; the defaults of the others are not in it."""
    known = {control.name: control for control in controls}
    values = {}
    for word in words:
        name, mark, text = word.partition("=")
        control = known.get(name.strip())
        if control is None:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
            raise ConfigError(f"--set {word}: the engine has no control {name.strip()!r}", hint)
        value = control.low + control.choices.index(text) if text in control.choices else _number(text)
        if not mark or not control.low <= value <= control.high:
            raise ConfigError(
                f"--set {word}: no value for {control.name}",
                f"write {control.name}=, and {_range(control)} behind it",
            )
        values[control.name] = value
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _range(control: Control) -> str:
    return " or ".join(control.choices) or f"a number from {control.low:g} to {control.high:g}"

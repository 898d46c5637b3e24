"""Engine lookup: the registered analysis engines by name, and the values of their controls from text."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core import engine_registry
from bridge.core.control import Control
from bridge.core.engine import Engine
from bridge.core.role import ROLES
from bridge.errors import ConfigError, EngineError, did_you_mean

PREFIX = "mir."
DEFAULT = ROLES["mir"].engine
"""The default engine: that of `sideman run` without settings."""


def list_analysis_engines() -> list[str]:
    """The registered analysis engines."""
    return engine_registry.list_engines(PREFIX)


def create_engine(name: str) -> Engine:
    """Create a registered engine (``mir.chroma``), not prepared yet."""
    entry = engine_registry.find_engine(name)
    if entry is None:
        raise EngineError(f"no engine {name!r} is registered", did_you_mean(name, list_analysis_engines()))
    engine: Engine = entry.load()()
    spec = engine.spec
    if not spec.audio(spec.inputs) or not spec.events(spec.outputs):
        raise EngineError(
            f"{name}: has no audio input or no event output", f"use {' or '.join(list_analysis_engines())}"
        )
    return engine


def parse_control_values(controls: Sequence[Control], words: Sequence[str]) -> dict[str, float]:
    """Values of ``controls`` from words of the form ``NAME=VALUE``; controls without one are left out."""
    known = {control.name: control for control in controls}
    values = {}
    for word in words:
        name, mark, text = word.partition("=")
        control = known.get(name.strip())
        if control is None:
            hint = did_you_mean(name, known)
            raise ConfigError(f"--set {word}: the engine has no control {name.strip()!r}", hint)
        value = control.low + control.choices.index(text) if text in control.choices else _parse_number(text)
        if not mark or not control.low <= value <= control.high:
            raise ConfigError(
                f"--set {word}: no value for {control.name}",
                f"write {control.name}= followed by {_format_range(control)}",
            )
        values[control.name] = value
    return values


def _parse_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _format_range(control: Control) -> str:
    return " or ".join(control.choices) or f"a number from {control.low:g} to {control.high:g}"

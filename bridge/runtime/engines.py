"""Engines by name, as their packages registered them."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import entry_points

from bridge.core.engine import ENTRY_POINTS, Engine
from bridge.errors import EngineError
from bridge.runtime.resampled_engine import ResampledEngine


def engine_names() -> list[str]:
    """The registered engines, sorted."""
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINTS)})


def load_engine(name: str) -> Engine:
    """A fresh, unprepared engine."""
    found = [entry for entry in entry_points(group=ENTRY_POINTS) if entry.name == name]
    if not found:
        near = get_close_matches(name, engine_names(), 1)
        hint = f"did you mean {near[0]}?" if near else f"registered are: {', '.join(engine_names()) or 'none'}"
        raise EngineError(f"engine {name!r} is not registered", hint)
    try:
        engine = found[0].load()()
    except Exception as error:
        raise EngineError(f"engine {name!r} ({found[0].value}) cannot be loaded: {error}") from error
    if not isinstance(engine, Engine):
        raise EngineError(f"engine {name!r} ({found[0].value}) lacks a part of the Engine contract")
    return engine


def engine_for(name: str, rate: int) -> Engine:
    """A fresh engine that runs at ``rate``, in Hz: as it is where that is one of its own, else `ResampledEngine`."""
    engine = load_engine(name)
    return ResampledEngine(engine, rate) if engine.spec.rates and rate not in engine.spec.rates else engine

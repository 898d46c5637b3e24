"""Engine registry: engines by name, from the entry points that their packages declare."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from bridge.core.engine import ENTRY_POINTS, Engine
from bridge.errors import EngineError, did_you_mean


def list_engines(prefix: str = "") -> list[str]:
    """The names of the registered engines that begin with ``prefix``, sorted."""
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINTS) if entry.name.startswith(prefix)})


def find_engine(name: str) -> EntryPoint | None:
    """The entry point of engine ``name``, not loaded; None where there is none."""
    return next(iter(entry_points(group=ENTRY_POINTS, name=name)), None)


def load_engine(name: str) -> Engine:
    """Create engine ``name``, not prepared yet.

    Raises:
        EngineError: No engine of that name is registered, or it cannot be loaded.
    """
    found = find_engine(name)
    if found is None:
        raise EngineError(f"engine {name!r} is not registered", did_you_mean(name, list_engines()))
    try:
        engine = found.load()()
    except Exception as error:
        raise EngineError(f"engine {name!r} ({found.value}) cannot be loaded: {error}") from error
    if not isinstance(engine, Engine):
        raise EngineError(f"engine {name!r} ({found.value}) lacks a part of the Engine contract")
    return engine

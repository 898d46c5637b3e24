"""Separators by name: the registered engines, and the models that the user added."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import entry_points

from bridge.core.engine import ENTRY_POINTS
from bridge.errors import EngineError
from engines.separation.separator import EngineSeparator, Separator

PREFIX = "separation."


def engine_names() -> list[str]:
    """The registered engines that separate."""
    return sorted({entry.name for entry in entry_points(group=ENTRY_POINTS) if entry.name.startswith(PREFIX)})


def separator_named(name: str) -> Separator:
    """A registered engine (``separation.dsp``), or a model that was added with `sideman models add`."""
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name == name and name in engine_names():
            return EngineSeparator(entry.load()())
    near = get_close_matches(name, engine_names(), 1)
    if near and name.startswith(PREFIX):
        raise EngineError(f"no engine {name!r} is registered", f"did you mean {near[0]}?")
    from engines.separation.models.model_loader import load_separator  # loads ONNX Runtime, which engines may not need

    return load_separator(name)

"""Separators by name: the registered engines, and the models that the user added."""

from __future__ import annotations

from difflib import get_close_matches

from bridge.core.engine_registry import find_engine, list_engines
from bridge.errors import EngineError
from engines.separation.separator import EngineSeparator, Separator

PREFIX = "separation."


def separator_named(name: str) -> Separator:
    """A registered engine (``separation.dsp``), or a model that was added with `sideman models add`."""
    entry = find_engine(name)
    if entry is not None and name.startswith(PREFIX):
        return EngineSeparator(entry.load()())
    near = get_close_matches(name, list_engines(PREFIX), 1)
    if near and name.startswith(PREFIX):
        raise EngineError(f"no engine {name!r} is registered", f"did you mean {near[0]}?")
    from engines.separation.models.model_loader import load_separator  # loads ONNX Runtime, which engines may not need

    return load_separator(name)

"""Separators by name: the registered engines, the offline profile, and the models that the user added."""

from __future__ import annotations

from bridge.core.engine_registry import find_engine, list_engines
from bridge.errors import EngineError, did_you_mean, find_nearest
from engines.separation.engine_profiles import OFFLINE, open_profile
from engines.separation.offline.overlap_add import OverlapAddSeparator
from engines.separation.separator import EngineSeparator, Separator, StreamableSeparator

PREFIX = "separation."
LOOKAHEAD = PREFIX + "lookahead"
"""The network of the profile ``offline`` alone."""


def open_separator(name: str) -> Separator:
    """A registered engine (``separation.dsp``), ``separation.offline``, LOOKAHEAD, or a model that was added with
    `sideman models add`."""
    if name == PREFIX + OFFLINE:
        return OverlapAddSeparator(open_profile(OFFLINE)[0])
    if name == LOOKAHEAD:
        from engines.separation.lookahead_separator import LookaheadSeparator  # loads ONNX Runtime

        return OverlapAddSeparator(LookaheadSeparator())
    entry = find_engine(name)
    if entry is not None and name.startswith(PREFIX):
        return EngineSeparator(entry.load()())
    engines = list_engines(PREFIX)
    if name.startswith(PREFIX) and find_nearest(name, engines):
        raise EngineError(f"no engine {name!r} is registered", did_you_mean(name, engines))
    from engines.separation.models.model_loader import load_separator  # loads ONNX Runtime, which engines may not need

    model = load_separator(name)  # in pieces, as `sideman separate` runs it: a model may take no whole song
    return model if isinstance(model, StreamableSeparator) else OverlapAddSeparator(model)

"""Postprocessors: each wraps any `Separator` and is one itself, so that they can be combined.

better = wrap_separator(separator, ["cascade", "wiener"])    # wiener(cascade(separator))
"""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import EngineError, did_you_mean
from engines.separation.postprocess.misi import Misi
from engines.separation.postprocess.postprocessor import Postprocessor
from engines.separation.postprocess.time_domain import (
    Averaging,
    Blending,
    Cascade,
    Consistency,
    EnergyConsistency,
    Observation,
    SwapAveraging,
)
from engines.separation.postprocess.wiener import Wiener
from engines.separation.separator import Separator

__all__ = ["NAMES", "wrap_separator"]

_POSTPROCESSORS: dict[str, type[Postprocessor]] = {
    step.label: step
    for step in (
        Blending,
        Cascade,
        Consistency,
        EnergyConsistency,
        Misi,
        Wiener,
        Observation,
        Averaging,
        SwapAveraging,
    )
}

NAMES: dict[str, str] = {label: step.summary for label, step in _POSTPROCESSORS.items()}
"""Every postprocessor, with a line on its effect and cost."""


def wrap_separator(separator: Separator, names: Iterable[str]) -> Separator:
    """Wrap ``separator`` in the postprocessors ``names``, the first innermost. The result does not stream."""
    for name in names:
        if name not in _POSTPROCESSORS:
            raise EngineError(f"no step {name!r}", did_you_mean(name, _POSTPROCESSORS))
        separator = _POSTPROCESSORS[name](separator)
    return separator

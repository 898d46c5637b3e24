"""Audio format: planar float32, axes always (stems, channels, frames); the stems and the inputs of analysers."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Audio: TypeAlias = NDArray[np.float32]
"""Planar samples, shape (channels, frames), float32, nominally within -1..1."""

STEMS: tuple[str, ...] = ("drums", "bass", "vocals", "other")
"""The stems in the order of the ports. ``other`` is last: the callback computes it as mix minus the rest."""

SOURCES: tuple[str, ...] = (
    "mix",
    *("+".join(stem for i, stem in enumerate(STEMS) if mask >> i & 1) for mask in range(1, 1 << len(STEMS))),
)
"""The possible inputs of an analyser: the mix or a sum of stems. The index is a mask, bit i of which is STEMS[i]."""

ANALYSERS: tuple[str, ...] = ("beat", "chord", "note")
"""Audio inputs of an analysis engine, selected by the control mir.<name>.source; ``mix`` is always the mix."""

MAX_SAMPLE = 1e9
"""Larger samples are no audio: engines take them for silence, as NaN, so that squares stay finite."""

CHANNELS = 2
"""Every audio port pair is stereo."""


def is_sum(source: int) -> bool:
    """Whether SOURCES[source] needs separation: it is neither the mix nor all stems, which sum to the mix."""
    return 0 < source < len(SOURCES) - 1


def db_to_gain(db: float) -> float:
    """A level in dB as a linear gain; -60 dB and below is silence, as at the lowest mark of a fader."""
    return 0.0 if db <= -60.0 else float(10.0 ** (db / 20.0))

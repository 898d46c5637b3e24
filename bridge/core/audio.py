"""Audio as it travels: planar float32, axes always (stems, channels, frames)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Audio: TypeAlias = NDArray[np.float32]
"""Planar samples, shape (channels, frames), float32, nominally within -1..1."""

STEMS: tuple[str, ...] = ("drums", "bass", "vocals", "other")
"""The stems in the order of the ports. ``other`` is last: the callback computes it as mix minus the rest."""

CHANNELS = 2
"""Every audio port pair is stereo."""


def db_to_gain(db: float) -> float:
    """A level in dB as a linear factor; -60 dB and below is silence, as a fader's lowest mark is."""
    return 0.0 if db <= -60.0 else float(10.0 ** (db / 20.0))

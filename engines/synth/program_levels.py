"""Program levels of synth.plain: gains with which its instruments and kits are as loud as those of a sound font.

The styles are mixed with FluidR3. Without these gains a part is up to 10 dB louder or softer beside the others.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

PROGRAMS_DB: tuple[tuple[int, float], ...] = (
    (4, -2.7), (8, 4.0), (16, 0.0), (24, 0.7), (26, 3.8), (28, 4.5), (29, -5.0), (32, 7.5), (34, -1.7), (36, -2.4),
    (38, -4.5), (40, 1.4), (46, 6.5), (47, -10.0), (48, 0.0), (49, 5.4), (50, 9.5), (56, 6.0), (61, 9.2), (64, 7.0),
    (88, 0.7), (90, -6.2), (96, 3.5), (128, 0.0),
)  # fmt: skip
"""Gains in dB of General MIDI programs, each up to but not including its number, from the previous number on: loudness
(ITU-R BS.1770) of the parts of the shipped styles by FluidR3 against that by synth.plain, on the charts of
``python -m bench.mma_comparison``. Programs that no style uses have that of their neighbours, or none."""
KITS_DB: tuple[tuple[int, float], ...] = ((16, -5.2), (24, -0.7), (32, 5.8), (128, -2.2))
"""Gains of drum kits in the same form; all of them sound alike otherwise."""


def _list_gains(levels: Iterable[tuple[int, float]]) -> NDArray[np.float64]:
    gains, begin = np.ones(128), 0
    for end, decibels in levels:
        gains[begin:end], begin = 10.0 ** (decibels / 20), end
    return gains


PROGRAM_GAINS, KIT_GAINS = _list_gains(PROGRAMS_DB), _list_gains(KITS_DB)
"""Linear gains by program, shape (128,)."""

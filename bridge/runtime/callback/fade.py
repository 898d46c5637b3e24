"""Fade of the callback: an output fades from its ring's audio to what replaces it, and back, over 64 frames.

Compiled code, on a row of CallbackContext.fades. Where audio is missing, the last of it is mirrored in time while it
fades out: no click, and no lookahead. A fade-out runs to its end before the audio fades in again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.slots import FADE_FRAMES, FADE_LEVEL, FADING_OUT, FIRST_MISSING


@callback_njit
def is_settled(fade: NDArray[np.int64], available: bool) -> bool:
    """Whether there is nothing to fade: the audio is at full level if ``available``, else silent."""
    return fade[FADE_LEVEL] == (FADE_FRAMES if available else 0) and fade[FADING_OUT] == 0  # type: ignore[no-any-return]


@callback_njit
def step_fade(fade: NDArray[np.int64], frame: int, available: bool) -> tuple[int, np.float32]:
    """Advance the fade to ``frame`` of the ring; returns the frame to output in its place, and its level, 0 to 1."""
    source = frame
    if not available and fade[FADE_LEVEL] > 0 and fade[FADING_OUT] == 0:
        fade[FADING_OUT], fade[FIRST_MISSING] = 1, frame
    if fade[FADING_OUT] == 1:
        source = 2 * fade[FIRST_MISSING] - 1 - frame
        fade[FADE_LEVEL] -= 1
        if fade[FADE_LEVEL] <= 0:
            fade[FADE_LEVEL], fade[FADING_OUT] = 0, 0
    elif available and fade[FADE_LEVEL] < FADE_FRAMES:
        fade[FADE_LEVEL] += 1
    return source, np.float32(fade[FADE_LEVEL]) / np.float32(FADE_FRAMES)

"""Audio output of the callback: the channels of this cycle's output, and the ping mode of an audio path.

Compiled code. Rows are the channels of AUDIO_PATHS in order, so path p has the rows from p * CHANNELS on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_float32, carray
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import RING_MASK
from bridge.runtime.shared.slots import FADE_FRAMES


@callback_njit
def output_row(context: CallbackContext, row: int, frames: int) -> NDArray[np.float32]:
    """One channel of this cycle's output, shape (frames,)."""
    return carray(as_float32(context.outs[row]), (frames,))  # type: ignore[no-any-return]


@callback_njit
def write_ping(context: CallbackContext, path: int, first: int, frames: int) -> None:
    """Output the input itself, from frame ``first`` on, if ``path`` is in ping mode."""
    if context.state[w.PING] >> path & 1:
        for channel in range(CHANNELS):
            row = output_row(context, path * CHANNELS + channel, frames)
            for i in range(frames):
                row[i] = context.inputs[channel, (first + i) & RING_MASK] if first + i >= 0 else 0.0


@callback_njit
def fade_rows(context: CallbackContext, first_row: int, rows: int, frames: int, level: int, towards: int) -> int:
    """Fade ``rows`` channels of the output by a frame a step from ``level`` to ``towards``, 0..FADE_FRAMES.

    Returns the level after the cycle.
    """
    if level == towards == FADE_FRAMES:
        return level
    for row in range(first_row, first_row + rows):
        audio, reached = output_row(context, row, frames), level
        for i in range(frames):
            if reached < towards:
                reached += 1
            elif reached > towards:
                reached -= 1
            audio[i] *= np.float32(reached) / np.float32(FADE_FRAMES)
    return min(level + frames, towards) if level < towards else max(level - frames, towards)

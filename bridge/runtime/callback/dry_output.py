"""Dry output of the callback: the delayed input in place of mix and stems, whatever faders and mutes say.

Compiled code. It is a crossfade of the finished outputs over 64 frames: what lies under it runs on, so that the way
back is as free of clicks as the way there.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.latency import PATHS, RETURNED
from bridge.runtime.callback.audio_output import output_row
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import RING_MASK
from bridge.runtime.shared.slots import FADE_FRAMES

OTHER, MIX = PATHS.index(STEMS[-1]), PATHS.index("mix")
"""The paths that carry the input while the mix is dry; the other stems are silent."""


@callback_njit
def fade_dry(context: CallbackContext, first: int, mix_delay: int, frames: int) -> None:
    """Crossfade mix and stems to the dry mix, or back.

    ``first``: the frame of the input that this cycle puts out in the stems; in the mix ``mix_delay`` frames earlier.
    """
    own = context.callback_state
    wanted = FADE_FRAMES if context.state[w.DRY] != 0 else 0
    before = own[w.DRY_LEVEL]
    if before == 0 and wanted == 0:
        return
    for path in range(len(RETURNED)):
        start = first - mix_delay if path == MIX else first
        for channel in range(CHANNELS):
            row, dry = output_row(context, path * CHANNELS + channel, frames), context.inputs[channel]
            level = before
            for i in range(frames):
                if level < wanted:
                    level += 1
                elif level > wanted:
                    level -= 1
                sample = np.float32(0.0)
                if path in (OTHER, MIX) and start + i >= 0:
                    sample = dry[(start + i) & RING_MASK]
                if level < FADE_FRAMES:
                    share = np.float32(level) / np.float32(FADE_FRAMES)
                    sample = row[i] * (np.float32(1.0) - share) + sample * share
                row[i] = sample
            own[w.DRY_LEVEL] = level

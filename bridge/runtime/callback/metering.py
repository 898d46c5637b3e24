"""Metering of the callback: peak and energy of each channel, over all cycles since the levels were last read.

Compiled code. There are two banks. The control process says which one to fill (METER_BANK); the callback changes over
at the beginning of a cycle and says so (METERED_BANK). From then on the other bank is complete, and the control process
may read and clear it: no peak is lost, and no value is read half-written (`bridge.runtime.meter_reader`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS
from bridge.runtime.callback.audio_output import output_row
from bridge.runtime.callback.context import METERED_FRAMES, OUTPUTS, PEAK, SQUARES, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit_inlined, callback_njit_sums
from bridge.runtime.shared.layout import CAPACITY, RING_MASK

INPUT, BEFORE_FADERS, OUTPUT = 0, CHANNELS, CHANNELS + len(STEMS) * CHANNELS
"""First channel of the input, of the stems before the faders, and of the audio paths, in CallbackContext.meters."""

MAGNITUDE = np.int32(0x7FFF_FFFF)
"""All bits of a float32 but its sign."""


@callback_njit_inlined
def begin_metering(context: CallbackContext) -> None:
    """Change over to the bank that the control process asks for; before anything of a cycle is measured."""
    wanted = load_acquire(context.state, w.METER_BANK)
    if wanted != context.callback_state[w.METERED_BANK]:
        store_release(context.callback_state, w.METERED_BANK, wanted)


@callback_njit_sums
def measure_samples(meter: NDArray[np.float64], samples: NDArray[np.float32]) -> None:
    """Add ``samples``, shape (frames,), to a channel's ``meter``, shape (METER_WORDS,).

    Magnitudes are compared by their bits as whole numbers, whose order is the same: so SIMD takes several at once (0.05
    ns a sample instead of 1.3).
    """
    words, peak, total = samples.view(np.int32), np.int32(0), np.float32(0.0)
    for i in range(samples.size):
        total += samples[i] * samples[i]
        magnitude = words[i] & MAGNITUDE
        peak = magnitude if magnitude > peak else peak
    meter[PEAK] = max(meter[PEAK], np.float64(peak))
    meter[SQUARES] += np.float64(total)
    meter[METERED_FRAMES] += samples.size


@callback_njit_inlined
def meter_input(context: CallbackContext, now: int, frames: int) -> None:
    """Measure the input of the cycle at stream frame ``now``."""
    bank, start = context.meters[context.callback_state[w.METERED_BANK]], now & RING_MASK
    first = min(frames, CAPACITY - start)
    for channel in range(CHANNELS):
        ring = context.inputs[channel]
        measure_samples(bank[INPUT + channel], ring[start : start + first])
        measure_samples(bank[INPUT + channel], ring[: frames - first])


@callback_njit_inlined
def meter_stems(context: CallbackContext, frames: int) -> None:
    """Measure the stems of this cycle, to which no fader has been applied yet."""
    bank = context.meters[context.callback_state[w.METERED_BANK]]
    for row in range(OUTPUT - BEFORE_FADERS):
        measure_samples(bank[BEFORE_FADERS + row], output_row(context, row, frames))


@callback_njit_inlined
def meter_outputs(context: CallbackContext, frames: int) -> None:
    """Measure what all audio ports send in this cycle."""
    bank = context.meters[context.callback_state[w.METERED_BANK]]
    for row in range(OUTPUTS):
        measure_samples(bank[OUTPUT + row], output_row(context, row, frames))

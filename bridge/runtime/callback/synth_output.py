"""Synth output of the callback: the band's audio from the synth's ring, faded to silence where it is missing or late.

Compiled code. The synth runs ahead of the input, as its notes do, and its ring is indexed by the frames of the notes:
the hop for the input at frame f holds the audio from f - latency on, where the latency is below 0.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS
from bridge.core.latency import PATHS
from bridge.runtime.callback.context import SYNTH, CallbackContext
from bridge.runtime.callback.stem_output import MASK, output_row
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire
from bridge.runtime.shared.callback_jit import compiled
from bridge.runtime.shared.layout import CAPACITY
from bridge.runtime.shared.slots import FADE_FRAMES, STAMP_SHIFT

BAND = PATHS.index("band")
"""Index of the band among the audio paths, behind the mix: of its output rows, and its bit in the ping word."""


@compiled
def find_synth_hop(context: CallbackContext, t: int) -> tuple[bool, int, bool]:
    """Whether frame ``t`` of the ring is there, up to which frame that holds, and whether it is late if missing.

    What is output up to a discontinuity belongs to the previous epoch. The first frames of a new epoch lie as far ahead
    of its origin as the synth runs ahead of the input: nothing is missing before.
    """
    worker = context.workers[context.audio[SYNTH]]
    origin, epoch, border = worker[w.ORIGIN], worker[w.EPOCH], t + CAPACITY
    output = t + context.callback_state[w.BAND_DELAY]  # the frame at which it is output
    present = output >= origin
    if not present:
        border, origin, epoch = t + origin - output, worker[w.LAST_ORIGIN], epoch - 1
        if output < origin or epoch < 1:
            return False, border, False
    hop, latency = max(worker[w.HOP], 1), worker[w.LATENCY]
    if t + latency < origin:
        return False, min(origin - latency, border), False
    start = origin + (t + latency - origin) // hop * hop
    there = load_acquire(context.band_stamps, start & MASK) == (epoch << STAMP_SHIFT) + start
    return there, min(start + hop - latency, border), present


@compiled
def fade_synth(context: CallbackContext, t: int, i: int, count: int, there: bool) -> None:
    """Write ``count`` frames of the ring from ``t`` on to this cycle's output at ``i``, with fades.

    As for stems: the last audio is mirrored in time while it fades out, and a fade-out runs to its end.
    """
    own = context.callback_state
    for k in range(i, i + count):
        frame = t + k - i
        source = frame
        if not there and own[w.BAND_FADE] > 0 and own[w.BAND_FALLING] == 0:
            own[w.BAND_FALLING], own[w.BAND_FROM] = 1, frame
        if own[w.BAND_FALLING] == 1:
            source = 2 * own[w.BAND_FROM] - 1 - frame
            own[w.BAND_FADE] -= 1
            if own[w.BAND_FADE] <= 0:
                own[w.BAND_FADE], own[w.BAND_FALLING] = 0, 0
        elif there and own[w.BAND_FADE] < FADE_FRAMES:
            own[w.BAND_FADE] += 1
        level = np.float32(own[w.BAND_FADE]) / np.float32(FADE_FRAMES)
        for channel in range(CHANNELS):
            row = output_row(context, BAND * CHANNELS + channel, i + count)
            row[k] = context.band[channel, source & MASK] * level if level > 0.0 else np.float32(0.0)


@compiled
def copy_synth(context: CallbackContext, t: int, i: int, count: int, there: bool) -> None:
    """`fade_synth` without a fade: the usual case."""
    for channel in range(CHANNELS):
        row, ring = output_row(context, BAND * CHANNELS + channel, i + count), context.band[channel]
        for k in range(count):
            row[i + k] = ring[(t + k) & MASK] if there else np.float32(0.0)


@compiled
def write_synth(context: CallbackContext, now: int, frames: int) -> None:
    """Fill the band's outputs for the cycle at stream frame ``now``.

    A new delay takes effect once the audio has faded to silence; so does the mute before leaving.
    """
    state, own = context.state, context.callback_state
    wanted, index = 0, context.audio[SYNTH]
    if index >= 0:
        wanted = context.workers[index, w.DEADLINE] + context.workers[index, w.LATENCY]
    if wanted != own[w.BAND_DELAY] and own[w.BAND_FADE] == 0:
        own[w.BAND_DELAY] = wanted
    silent = index < 0 or wanted != own[w.BAND_DELAY] or state[w.MIDI_MUTED] != 0
    first = now - own[w.BAND_DELAY]
    i = 0
    while i < frames:
        t = first + i
        there, end, late = False, t + frames, False
        if not silent:
            there, end, late = find_synth_hop(context, t)
        count = min(end - t, frames - i)
        if own[w.BAND_FADE] == (FADE_FRAMES if there else 0) and own[w.BAND_FALLING] == 0:
            copy_synth(context, t, i, count, there)
        else:
            fade_synth(context, t, i, count, there)
        if late and not there:
            state[w.BAND_LATE] += count
        i += count
    if state[w.PING] >> BAND & 1:
        for channel in range(CHANNELS):
            row = output_row(context, BAND * CHANNELS + channel, frames)
            for k in range(frames):
                row[k] = context.inputs[channel, (first + k) & MASK] if first + k >= 0 else 0.0

"""Synth output of the callback: the band's audio from the synth's ring, faded to silence where it is missing or late.

Compiled code. The synth runs ahead of the input, as its notes do, and its ring is indexed by the frames of the notes:
the hop for the input at frame f holds the audio from f - latency on, where the latency is below 0. It goes into the
insert of the band earlier by the delay that it has there, and comes out at the frames of its notes.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS
from bridge.core.latency import PATHS
from bridge.runtime.callback.audio_output import output_row, write_ping
from bridge.runtime.callback.context import BAND_FADE, SYNTH, CallbackContext
from bridge.runtime.callback.fade import is_settled, step_fade
from bridge.runtime.callback.hop_lookup import find_hop
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_inlined
from bridge.runtime.shared.layout import RING_MASK

BAND = PATHS.index("band")
"""Index of the band among the audio paths, behind the mix: of its output rows, and its bit in the ping word."""


@callback_njit
def fade_synth(context: CallbackContext, t: int, i: int, count: int, available: bool) -> None:
    """Write ``count`` frames of the ring from ``t`` on to this cycle's output at ``i``, with fades."""
    fade = context.fades[BAND_FADE]
    for k in range(i, i + count):
        source, level = step_fade(fade, t + k - i, available)
        for channel in range(CHANNELS):
            row = output_row(context, BAND * CHANNELS + channel, i + count)
            row[k] = context.band[channel, source & RING_MASK] * level if level > 0.0 else np.float32(0.0)


@callback_njit_inlined
def copy_synth(context: CallbackContext, t: int, i: int, count: int, available: bool) -> None:
    """`fade_synth` without a fade: the usual case."""
    for channel in range(CHANNELS):
        row, ring = output_row(context, BAND * CHANNELS + channel, i + count), context.band[channel]
        for k in range(count):
            row[i + k] = ring[(t + k) & RING_MASK] if available else np.float32(0.0)


@callback_njit_inlined
def fill_synth(context: CallbackContext, now: int, frames: int) -> int:
    """Fill the band's outputs for the cycle at stream frame ``now``; the frame of the ring that is due then.

    A new delay takes effect once the audio has faded to silence; so does the mute before leaving.
    """
    state, own, fade = context.state, context.callback_state, context.fades[BAND_FADE]
    wanted, index = 0, context.audio[SYNTH]
    if index >= 0:
        worker = context.workers[index]
        wanted = worker[w.DEADLINE] + worker[w.LATENCY] - worker[w.FURTHER_AHEAD]
    if wanted != own[w.BAND_DELAY] and fade[w.FADE_LEVEL] == 0:
        own[w.BAND_DELAY] = wanted
    silent = index < 0 or wanted != own[w.BAND_DELAY] or state[w.MIDI_MUTED] != 0
    first = now - own[w.BAND_DELAY]
    i = 0
    while i < frames:
        t = first + i
        available, end, late = False, t + frames, False
        if not silent:
            # what is output up to a discontinuity belongs to the previous epoch
            available, end, late = find_hop(context.workers[index], context.band_stamps, t, own[w.BAND_DELAY])
        count = min(end - t, frames - i)
        if is_settled(fade, available):
            copy_synth(context, t, i, count, available)
        else:
            fade_synth(context, t, i, count, available)
        if late and not available:
            state[w.BAND_LATE] += count
        i += count
    return first  # type: ignore[no-any-return]


@callback_njit
def write_synth(context: CallbackContext, now: int, frames: int) -> None:
    """`fill_synth`, or the input in ping mode. No insert point is in use."""
    write_ping(context, BAND, fill_synth(context, now, frames), frames)

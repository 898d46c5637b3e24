"""Stem output of the callback: crossfades from stems to dry where they are late, then faders and mix bus.

Compiled code. Whatever is missing, the stems sum to the delayed mix: the last stem is the mix minus the rest,
computed here, after every fade. That holds before the inserts; one in a stem changes that stem alone.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.latency import PATHS, RETURNED
from bridge.runtime.callback.audio_output import fade_rows, output_row, write_ping
from bridge.runtime.callback.context import (
    FIRST_SUM,
    FRAMES_LEFT,
    HALF_RAMP,
    POSITION,
    SECOND_SUM,
    SEPARATES,
    STEM_FADE,
    TARGET,
    VALUE,
    CallbackContext,
)
from bridge.runtime.callback.dry_output import fade_dry
from bridge.runtime.callback.fade import is_settled, step_fade
from bridge.runtime.callback.hop_lookup import find_hop
from bridge.runtime.callback.metering import meter_stems
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_inlined
from bridge.runtime.shared.layout import CAPACITY, RING_MASK, SEPARATED
from bridge.runtime.shared.slots import FADE_FRAMES

COUNT = len(STEMS)
MIX = PATHS.index("mix")


@callback_njit
def crossfade_stems(context: CallbackContext, t: int, i: int, count: int, available: bool) -> None:
    """Write frames ``i`` to ``i + count`` of this cycle, crossfading between dry mix and stems from frame ``t`` on."""
    fade = context.fades[STEM_FADE]
    for k in range(i, i + count):
        frame = t + k - i
        source, wet = step_fade(fade, frame, available)
        for channel in range(CHANNELS):
            rest = context.inputs[channel, frame & RING_MASK]
            for stem in range(SEPARATED):
                row = stem * CHANNELS + channel
                sample = context.stems[row, source & RING_MASK] * wet if wet > 0.0 else np.float32(0.0)
                output_row(context, row, i + count)[k] = sample
                rest -= sample
            output_row(context, SEPARATED * CHANNELS + channel, i + count)[k] = rest


@callback_njit_inlined
def copy_stems(context: CallbackContext, t: int, i: int, count: int, available: bool) -> None:
    """`crossfade_stems` without a fade, all wet or all dry: the usual case, written for speed."""
    start = t & RING_MASK
    for channel in range(CHANNELS):
        rest = output_row(context, SEPARATED * CHANNELS + channel, i + count)
        dry = context.inputs[channel]
        for k in range(count):
            rest[i + k] = dry[start + k]
        for stem in range(SEPARATED):
            row = stem * CHANNELS + channel
            source, sink = context.stems[row], output_row(context, row, i + count)
            if available:
                for k in range(count):
                    sink[i + k] = source[start + k]
                    rest[i + k] -= source[start + k]
            else:
                for k in range(count):
                    sink[i + k] = 0.0


@callback_njit
def fill_stems(context: CallbackContext, first: int, frames: int) -> None:
    """Fill the stem outputs of this cycle, from frame ``first`` of the input stream on."""
    i = 0
    while i < frames:
        t = first + i
        available, end, late = False, t + frames, False
        if t < 0:
            end = 0
        elif context.audio[SEPARATES] >= 0:
            available, end, late = find_hop(context.workers[context.audio[SEPARATES]], context.stamps, t, 0)
        count = min(end - t, frames - i, CAPACITY - (t & RING_MASK))
        if is_settled(context.fades[STEM_FADE], available):
            copy_stems(context, t, i, count, available)
        else:
            crossfade_stems(context, t, i, count, available)
        if late and not available:
            context.state[w.LATE_FRAMES] += count
        i += count


@callback_njit
def update_gain_ramp(context: CallbackContext, gain: int, frames: int) -> bool:
    """Compute the ramp of one gain over this cycle; False where the gain is constant, and there is no ramp.

    Two moving averages of 2.5 ms in series smooth the gain over 5 ms (no zipper noise): at 44.1 kHz its slope changes
    by at most 1/110^2 a frame (-82 dB), however often the target changes meanwhile.
    """
    ramp, delays, gains = context.ramps[gain], context.moving_average[gain], context.gain_ramp[gain]
    half = context.audio[HALF_RAMP]
    target = context.gains[gain]
    if target != ramp[TARGET]:
        if ramp[FRAMES_LEFT] == 0.0:
            for k in range(half):
                delays[0, k] = delays[1, k] = ramp[VALUE]
            ramp[FIRST_SUM] = ramp[SECOND_SUM] = ramp[VALUE] * half
            ramp[POSITION] = 0.0
        ramp[TARGET] = target
        ramp[FRAMES_LEFT] = 2.0 * half
    if ramp[FRAMES_LEFT] == 0.0:
        return False
    i = 0
    while i < frames and ramp[FRAMES_LEFT] > 0.0:
        k = int(ramp[POSITION])
        ramp[FIRST_SUM] += target - delays[0, k]
        delays[0, k] = target
        mean = ramp[FIRST_SUM] / half
        ramp[SECOND_SUM] += mean - delays[1, k]
        delays[1, k] = mean
        ramp[POSITION] = (k + 1) % half
        ramp[FRAMES_LEFT] -= 1.0
        ramp[VALUE] = target if ramp[FRAMES_LEFT] == 0.0 else ramp[SECOND_SUM] / half
        gains[i] = ramp[VALUE]
        i += 1
    for k in range(i, frames):
        gains[k] = ramp[VALUE]
    return True


@callback_njit_inlined
def apply_gain(context: CallbackContext, gain: int, stem: int, frames: int) -> None:
    """Apply one fader of ``stem``: to its ports (gains below COUNT), or on adding it to the mix."""
    moves = update_gain_ramp(context, gain, frames)
    level, gains = np.float32(context.ramps[gain, VALUE]), context.gain_ramp[gain]
    for channel in range(CHANNELS):
        row = output_row(context, stem * CHANNELS + channel, frames)
        total = output_row(context, MIX * CHANNELS + channel, frames)
        if gain >= COUNT and moves:
            for i in range(frames):
                total[i] += row[i] * gains[i]
        elif gain >= COUNT:
            for i in range(frames):
                total[i] += row[i] * level
        elif moves:
            for i in range(frames):
                row[i] *= gains[i]
        elif level != 1.0:
            for i in range(frames):
                row[i] *= level


@callback_njit
def mix_stems(context: CallbackContext, frames: int) -> None:
    """Sum the mix bus and apply the port faders."""
    for channel in range(CHANNELS):
        total = output_row(context, MIX * CHANNELS + channel, frames)
        for i in range(frames):
            total[i] = 0.0
    for stem in range(COUNT):
        apply_gain(context, COUNT + stem, stem, frames)
        apply_gain(context, stem, stem, frames)


@callback_njit_inlined
def update_stem_delay(context: CallbackContext, is_sent: bool) -> int:
    """Apply a new delay of the separation where stems and mix are silent; the level that they fade towards.

    ``is_sent``: whether stems go to insert points. What they send must then be silent too.
    """
    state, own, is_first = context.state, context.callback_state, context.state[w.CYCLES] == 1
    wanted, index = 0, context.audio[SEPARATES]
    if index >= 0:
        wanted = context.workers[index, w.DEADLINE] + context.workers[index, w.LATENCY]
    if not is_sent:
        own[w.SEND_LEVEL] = own[w.DELAY_CHANGE_FADE]
    is_silent = own[w.DELAY_CHANGE_FADE] == 0 and own[w.SEND_LEVEL] == 0
    if wanted != state[w.DELAY_NOW] and (is_silent or is_first):
        state[w.DELAY_NOW] = wanted
        context.fades[STEM_FADE, w.FADE_LEVEL], context.fades[STEM_FADE, w.FADING_OUT] = 0, 0
    return FADE_FRAMES if wanted == state[w.DELAY_NOW] else 0


@callback_njit
def finish_stems(context: CallbackContext, first: int, mix_delay: int, frames: int, towards: int) -> None:
    """The dry mix where it is wanted, the delayed input in a path in ping mode, and the fade around a change of delay.

    ``first``: the frame of the input that is due in the stems; in the mix ``mix_delay`` frames earlier. Against clicks
    all outputs fade ``towards`` 0, or back to FADE_FRAMES, by a frame a step.
    """
    fade_dry(context, first, mix_delay, frames)
    for path in range(len(RETURNED)):
        write_ping(context, path, first - mix_delay if path == MIX else first, frames)
    level = context.callback_state[w.DELAY_CHANGE_FADE]
    faded = fade_rows(context, 0, len(RETURNED) * CHANNELS, frames, level, towards)
    context.callback_state[w.DELAY_CHANGE_FADE] = faded


@callback_njit
def write_stems(context: CallbackContext, now: int, frames: int) -> None:
    """Fill the outputs of stems and mix for the cycle at stream frame ``now``. No insert point is in use."""
    towards = update_stem_delay(context, False)
    first = now - context.state[w.DELAY_NOW]
    fill_stems(context, first, frames)
    meter_stems(context, frames)
    mix_stems(context, frames)
    finish_stems(context, first, 0, frames, towards)

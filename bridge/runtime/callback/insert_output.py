"""Insert output of the callback: audio goes to the worker of its insert point, and what that returns is put out.

Compiled code. It takes place in the output's own rows: what is there is written to the send ring and replaced by what
the worker has returned for the frames of a delay ago. Where that is missing, or not wanted, it is replaced by these
frames of the send ring themselves: the input, delayed. Both crossfade within 64 frames.

Frames of a point count what the callback wrote there, without the cycles that JACK skipped or a change of delay before
the point: so what a processor gets, and what lies in the delay line, has no hole and no repetition.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.runtime.callback.audio_output import fade_rows, output_row
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.callback.fade import is_settled, step_fade
from bridge.runtime.callback.insert_context import (
    FIRST_POINTS,
    FREEWHEELING,
    GROUP_BEGIN,
    GROUP_DELAY,
    GROUP_LEVEL,
    GROUP_USED,
    GROUPS,
    INSERTS_RESTARTED,
    InsertContext,
)
from bridge.runtime.callback.insert_lookup import find_block, find_block_end
from bridge.runtime.callback.system_calls import WAIT_TRIES, WAIT_US, post_semaphore, sleep_us
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_void, load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import INSERT_CAPACITY, INSERT_MASK
from bridge.runtime.shared.slots import FADE_FRAMES


@callback_njit
def begin_insert_epoch(words: NDArray[np.int64]) -> None:
    """A new epoch for an insert point, from the next frame of its input on."""
    if words[w.INSERT_EPOCH] == 0 or words[w.INSERT_ORIGIN] != words[w.INSERT_HEAD]:
        words[w.INSERT_LAST_ORIGIN] = words[w.INSERT_ORIGIN]
        words[w.INSERT_ORIGIN] = words[w.INSERT_HEAD]
        store_release(words, w.INSERT_EPOCH, words[w.INSERT_EPOCH] + 1)


@callback_njit
def has_delay_or_fade(groups: NDArray[np.int64]) -> bool:
    """Whether a group of insert points was in use in the last cycle, or still fades in."""
    for group in range(GROUPS):
        own = groups[group]
        if own[GROUP_USED] != 0 or own[GROUP_DELAY] != 0 or own[GROUP_LEVEL] != FADE_FRAMES:
            return True
    return False


@callback_njit
def serve_insert_requests(state: NDArray[np.int64], inserts: InsertContext) -> None:
    """Begin the epochs that the control process asked for. Where freewheel begins, so that a bounce repeats exactly."""
    own, restart, freewheel = inserts.own, state[w.RESTARTED], state[w.FREEWHEEL]
    all_of_them = restart != own[INSERTS_RESTARTED] or (freewheel != 0 and own[FREEWHEELING] == 0)
    own[INSERTS_RESTARTED], own[FREEWHEELING] = restart, freewheel
    for point in range(inserts.words.shape[0]):
        words = inserts.words[point]
        request = load_acquire(words, w.INSERT_RESTART)
        if all_of_them or request != words[w.INSERT_RESTARTED]:
            begin_insert_epoch(words)
            words[w.INSERT_RESTARTED] = request


@callback_njit
def begin_inserts(context: CallbackContext, inserts: InsertContext) -> bool:
    """Serve requests, and decide whether any insert point is in use in this cycle: POINTS_IN_USE."""
    on = load_acquire(context.state, w.INSERTS_ON) != 0 or has_delay_or_fade(inserts.groups)
    context.callback_state[w.POINTS_IN_USE] = 1 if on else 0
    serve_insert_requests(context.state, inserts)
    return on


@callback_njit
def prepare_inserts(state: NDArray[np.int64], inserts: InsertContext, group: int, level: int) -> bool:
    """Apply a new delay of ``group`` where its output is silent, at ``level`` 0; whether its send rings are in use."""
    words, own, used = inserts.words[FIRST_POINTS[group]], inserts.groups[group], False
    wanted = load_acquire(words, w.INSERT_DELAY)
    for point in range(FIRST_POINTS[group], FIRST_POINTS[group + 1]):
        routed = load_acquire(inserts.words[point], w.INSERT_ROUTED) != 0
        used |= routed or not is_settled(inserts.fades[point], False)
    used |= wanted != 0 or own[GROUP_DELAY] != 0
    if used and own[GROUP_USED] == 0:
        own[GROUP_BEGIN] = words[w.INSERT_HEAD]
        for point in range(FIRST_POINTS[group], FIRST_POINTS[group + 1]):
            begin_insert_epoch(inserts.words[point])
    own[GROUP_USED] = used
    if state[w.CYCLES] == 1 or (level == 0 and words[w.INSERT_HEAD] - own[GROUP_BEGIN] >= wanted):
        own[GROUP_DELAY] = wanted
    return used


@callback_njit
def is_new_delay_due(inserts: InsertContext, group: int) -> bool:
    """Whether ``group`` has a new delay and its send rings go back far enough: the output must then fade to silence."""
    words, own = inserts.words[FIRST_POINTS[group]], inserts.groups[group]
    wanted = load_acquire(words, w.INSERT_DELAY)
    return wanted != own[GROUP_DELAY] and words[w.INSERT_HEAD] - own[GROUP_BEGIN] >= wanted  # type: ignore[no-any-return]


@callback_njit
def write_send(context: CallbackContext, inserts: InsertContext, point: int, row: int, frames: int) -> None:
    """Append the output from ``row`` on to the send ring of ``point``, and wake its worker."""
    words = inserts.words[point]
    head = words[w.INSERT_HEAD]
    start = head & INSERT_MASK
    first = min(frames, INSERT_CAPACITY - start)
    for channel in range(CHANNELS):
        source, ring = output_row(context, row + channel, frames), inserts.sends[point, channel]
        for k in range(first):
            ring[start + k] = source[k]
        for k in range(first, frames):
            ring[k - first] = source[k]
    store_release(words, w.INSERT_HEAD, head + frames)
    if inserts.wake[point] != 0:
        post_semaphore(as_void(inserts.wake[point]))


@callback_njit
def wait_for_insert(words: NDArray[np.int64], delay: int) -> None:
    """Freewheel: sleep until a living worker has returned all that this cycle puts out."""
    last, tries = words[w.INSERT_HEAD] - delay - 1, 0
    origin = words[w.INSERT_ORIGIN]
    while load_acquire(words, w.INSERT_ROUTED) != 0 and load_acquire(words, w.INSERT_ALIVE) != 0:
        progress = load_acquire(words, w.INSERT_PROGRESS)  # before the latency, which is then as new at least
        done = load_acquire(words, w.INSERT_DONE_EPOCH) == words[w.INSERT_EPOCH]
        end = find_block_end(words, origin, last, load_acquire(words, w.INSERT_LATENCY))
        if last < origin or end > words[w.INSERT_HEAD] or (done and progress >= end) or tries == WAIT_TRIES:
            return
        sleep_us(WAIT_US)
        tries += 1


@callback_njit
def copy_insert(
    context: CallbackContext, inserts: InsertContext, point: int, row: int, t: int, i: int, count: int, available: bool
) -> None:
    """`crossfade_insert` without a fade: the usual case, written for speed."""
    start = t & INSERT_MASK
    rings = inserts.returns[point] if available else inserts.sends[point]
    for channel in range(CHANNELS):
        sink, ring = output_row(context, row + channel, i + count), rings[channel]
        for k in range(count):
            sink[i + k] = ring[start + k]


@callback_njit
def crossfade_insert(
    context: CallbackContext, inserts: InsertContext, point: int, row: int, t: int, i: int, count: int, available: bool
) -> None:
    """Write frames ``i`` to ``i + count`` of this cycle from frame ``t`` on, crossfading input and returned audio."""
    fade = inserts.fades[point]
    for k in range(i, i + count):
        frame = t + k - i
        source, wet = step_fade(fade, frame, available)
        for channel in range(CHANNELS):
            sample = inserts.sends[point, channel, frame & INSERT_MASK] * (np.float32(1.0) - wet)
            if wet > 0.0:
                sample += inserts.returns[point, channel, source & INSERT_MASK] * wet
            output_row(context, row + channel, i + count)[k] = sample


@callback_njit
def read_return(
    context: CallbackContext, inserts: InsertContext, point: int, row: int, delay: int, frames: int
) -> None:
    """Fill the output from ``row`` on with what is due at ``point``."""
    words, fade = inserts.words[point], inserts.fades[point]
    routed = load_acquire(words, w.INSERT_ROUTED) != 0
    first, i = words[w.INSERT_HEAD] - frames - delay, 0
    while i < frames:
        t = first + i
        available, end, late = False, t + frames, False
        if routed:
            available, end, late = find_block(words, inserts.stamps[point], t)
        count = min(end - t, frames - i, INSERT_CAPACITY - (t & INSERT_MASK))
        if is_settled(fade, available):
            copy_insert(context, inserts, point, row, t, i, count, available)
        else:
            crossfade_insert(context, inserts, point, row, t, i, count, available)
        if late and not available:
            words[w.INSERT_LATE] += count
        i += count


@callback_njit
def pass_inserts(context: CallbackContext, inserts: InsertContext, group: int, row: int, frames: int) -> None:
    """Pass the output from ``row`` on, two channels a point, through the insert points of ``group``."""
    delay = inserts.groups[group, GROUP_DELAY]
    points = range(FIRST_POINTS[group], FIRST_POINTS[group + 1])
    for point in points:
        write_send(context, inserts, point, row + (point - FIRST_POINTS[group]) * CHANNELS, frames)
    for point in points:
        if load_acquire(context.state, w.FREEWHEEL) != 0:
            wait_for_insert(inserts.words[point], delay)
        read_return(context, inserts, point, row + (point - FIRST_POINTS[group]) * CHANNELS, delay, frames)


@callback_njit
def fade_insert_delay(
    context: CallbackContext, inserts: InsertContext, group: int, row: int, frames: int, is_awaited: bool
) -> None:
    """Fade the output from ``row`` on to silence and back around a new delay of ``group``, against clicks.

    ``is_awaited``: what goes into the group does not fit its delay yet, and the output stays silent.
    """
    own = inserts.groups[group]
    towards = 0 if is_awaited or is_new_delay_due(inserts, group) else FADE_FRAMES
    own[GROUP_LEVEL] = fade_rows(context, row, CHANNELS, frames, own[GROUP_LEVEL], towards)

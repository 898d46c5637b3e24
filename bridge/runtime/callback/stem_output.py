"""The audio half of a callback's answer: stems out of the ring, faded to dry where they are late, then mixed.

Compiled code. Whatever is missing, the stems sum to the delayed mix: the last stem is the mix minus the rest,
computed here, after every fade.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS
from bridge.runtime.callback.context import HALF_RAMP, SEPARATES, Room
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_float32, carray, load_acquire
from bridge.runtime.shared.callback_jit import compiled
from bridge.runtime.shared.layout import CAPACITY, SEPARATED
from bridge.runtime.shared.slots import FADE_FRAMES, STAMP_SHIFT

MASK = CAPACITY - 1
COUNT = len(STEMS)
TARGET, VALUE, FIRST, SECOND, LEFT, POSITION = range(6)  # a row of room.ramps


@compiled
def out(room: Room, row: int, frames: int) -> NDArray[np.float32]:
    """One channel of this cycle's output, shape (frames,); channels follow one another, by AUDIO_PATHS."""
    return carray(as_float32(room.outs[row]), (frames,))  # type: ignore[no-any-return]


@compiled
def find_hop(room: Room, t: int) -> tuple[bool, int, bool]:
    """Whether the stems at frame ``t`` are there, where that answer ends, and whether missing them is late.

    Frames before the present epoch's origin belong to the epoch before, whose results stay valid.
    """
    worker = room.workers[room.audio[SEPARATES]]
    origin, epoch, border = worker[w.ORIGIN], worker[w.EPOCH], t + CAPACITY
    if t < origin:
        border, origin, epoch = origin, worker[w.LAST_ORIGIN], epoch - 1
        if t < origin or epoch < 1:
            return False, border, False
    hop, latency = worker[w.HOP], worker[w.LATENCY]
    start = origin + (t + latency - origin) // hop * hop
    there = load_acquire(room.stamps, start & MASK) == (epoch << STAMP_SHIFT) + start
    return there, min(start + hop - latency, border), border == t + CAPACITY


@compiled
def split(room: Room, t: int, i: int, count: int, there: bool) -> None:
    """Write stems ``i`` to ``i + count`` of this cycle for frames from ``t`` on, whole or fading.

    Where stems go missing, what was heard last is mirrored in time and faded out over the dry mix: no step,
    and no frame of delay spent on looking ahead. A fade-out runs to its end before stems fade in again.
    """
    own = room.own
    for k in range(i, i + count):
        frame = t + k - i
        source = frame
        if not there and own[w.FADE] > 0 and own[w.FALLING] == 0:
            own[w.FALLING], own[w.FADE_FROM] = 1, frame
        if own[w.FALLING] == 1:
            source = 2 * own[w.FADE_FROM] - 1 - frame
            own[w.FADE] -= 1
            if own[w.FADE] <= 0:
                own[w.FADE], own[w.FALLING] = 0, 0
        elif there and own[w.FADE] < FADE_FRAMES:
            own[w.FADE] += 1
        wet = np.float32(own[w.FADE]) / np.float32(FADE_FRAMES)
        for channel in range(CHANNELS):
            rest = room.inputs[channel, frame & MASK]
            for stem in range(SEPARATED):
                row = stem * CHANNELS + channel
                sample = room.stems[row, source & MASK] * wet if wet > 0.0 else np.float32(0.0)
                out(room, row, i + count)[k] = sample
                rest -= sample
            out(room, SEPARATED * CHANNELS + channel, i + count)[k] = rest


@compiled
def split_steadily(room: Room, t: int, i: int, count: int, there: bool) -> None:
    """`split` where nothing fades: all wet or all dry, as nearly always, so it is written for speed."""
    start = t & MASK
    for channel in range(CHANNELS):
        rest = out(room, SEPARATED * CHANNELS + channel, i + count)
        dry = room.inputs[channel]
        for k in range(count):
            rest[i + k] = dry[start + k]
        for stem in range(SEPARATED):
            row = stem * CHANNELS + channel
            source, sink = room.stems[row], out(room, row, i + count)
            if there:
                for k in range(count):
                    sink[i + k] = source[start + k]
                    rest[i + k] -= source[start + k]
            else:
                for k in range(count):
                    sink[i + k] = 0.0


@compiled
def lay_out_stems(room: Room, first: int, frames: int) -> None:
    """Fill the stems of this cycle; its first frame is ``first`` of the input stream."""
    i = 0
    while i < frames:
        t = first + i
        there, end, late = False, t + frames, False
        if t < 0:
            end = 0
        elif room.audio[SEPARATES] >= 0:
            there, end, late = find_hop(room, t)
        count = min(end - t, frames - i, CAPACITY - (t & MASK))
        if room.own[w.FADE] == (FADE_FRAMES if there else 0) and room.own[w.FALLING] == 0:
            split_steadily(room, t, i, count, there)
        else:
            split(room, t, i, count, there)
        if late and not there:
            room.state[w.LATE_FRAMES] += count
        i += count


@compiled
def draw_curve(room: Room, gain: int, frames: int) -> bool:
    """The course of one gain over this cycle; False where it stands still, and no curve is drawn.

    Two moving averages of 2.5 ms in a row make a ramp of 5 ms without a corner: at 44.1 kHz the slope
    changes by at most 1/110^2 a frame (-82 dB), however often the target moves on the way.
    """
    ramp, box, curve = room.ramps[gain], room.boxes[gain], room.curves[gain]
    half = room.audio[HALF_RAMP]
    target = room.gains[gain]
    if target != ramp[TARGET]:
        if ramp[LEFT] == 0.0:
            for k in range(half):
                box[0, k] = box[1, k] = ramp[VALUE]
            ramp[FIRST] = ramp[SECOND] = ramp[VALUE] * half
            ramp[POSITION] = 0.0
        ramp[TARGET] = target
        ramp[LEFT] = 2.0 * half
    if ramp[LEFT] == 0.0:
        return False
    i = 0
    while i < frames and ramp[LEFT] > 0.0:
        k = int(ramp[POSITION])
        ramp[FIRST] += target - box[0, k]
        box[0, k] = target
        mean = ramp[FIRST] / half
        ramp[SECOND] += mean - box[1, k]
        box[1, k] = mean
        ramp[POSITION] = (k + 1) % half
        ramp[LEFT] -= 1.0
        ramp[VALUE] = target if ramp[LEFT] == 0.0 else ramp[SECOND] / half
        curve[i] = ramp[VALUE]
        i += 1
    for k in range(i, frames):
        curve[k] = ramp[VALUE]
    return True


@compiled
def apply_gain(room: Room, gain: int, stem: int, frames: int) -> None:
    """One fader of ``stem``: of its ports (gains below COUNT), or of its part in the mix, which it adds."""
    moves = draw_curve(room, gain, frames)
    level, curve = np.float32(room.ramps[gain, VALUE]), room.curves[gain]
    for channel in range(CHANNELS):
        row = out(room, stem * CHANNELS + channel, frames)
        total = out(room, COUNT * CHANNELS + channel, frames)
        if gain >= COUNT and moves:
            for i in range(frames):
                total[i] += row[i] * curve[i]
        elif gain >= COUNT:
            for i in range(frames):
                total[i] += row[i] * level
        elif moves:
            for i in range(frames):
                row[i] *= curve[i]
        elif level != 1.0:
            for i in range(frames):
                row[i] *= level


@compiled
def mix(room: Room, first: int, frames: int) -> None:
    """Sum the mix and apply the port faders; a path in ping mode is the delayed input itself."""
    for channel in range(CHANNELS):
        total = out(room, COUNT * CHANNELS + channel, frames)
        for i in range(frames):
            total[i] = 0.0
    for stem in range(COUNT):
        apply_gain(room, COUNT + stem, stem, frames)
        apply_gain(room, stem, stem, frames)
    ping = room.state[w.PING]
    for path in range(COUNT + 1):
        if ping >> path & 1:
            for channel in range(CHANNELS):
                row = out(room, path * CHANNELS + channel, frames)
                for i in range(frames):
                    row[i] = room.inputs[channel, (first + i) & MASK] if first + i >= 0 else 0.0


@compiled
def duck(room: Room, frames: int, towards: int) -> None:
    """Fade stems and mix to silence (``towards`` 0) or back (FADE_FRAMES), so that a new delay makes no click."""
    own = room.own
    if own[w.DELAY_CHANGE_FADE] == towards == FADE_FRAMES:
        return
    for i in range(frames):
        if own[w.DELAY_CHANGE_FADE] < towards:
            own[w.DELAY_CHANGE_FADE] += 1
        elif own[w.DELAY_CHANGE_FADE] > towards:
            own[w.DELAY_CHANGE_FADE] -= 1
        level = np.float32(own[w.DELAY_CHANGE_FADE]) / np.float32(FADE_FRAMES)
        for row in range((COUNT + 1) * CHANNELS):
            out(room, row, frames)[i] *= level


@compiled
def give_audio(room: Room, now: int, frames: int) -> None:
    """Fill the outputs of stems and mix for the cycle at stream frame ``now``."""
    state, own = room.state, room.own
    wanted = 0
    index = room.audio[SEPARATES]
    if index >= 0:
        wanted = room.workers[index, w.DEADLINE] + room.workers[index, w.LATENCY]
    if wanted != state[w.DELAY_NOW] and (own[w.DELAY_CHANGE_FADE] == 0 or state[w.CYCLES] == 1):
        state[w.DELAY_NOW] = wanted
        own[w.FADE], own[w.FALLING] = 0, 0
    first = now - state[w.DELAY_NOW]
    lay_out_stems(room, first, frames)
    mix(room, first, frames)
    duck(room, frames, FADE_FRAMES if wanted == state[w.DELAY_NOW] else 0)

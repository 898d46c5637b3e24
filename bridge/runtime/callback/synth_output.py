"""The band's sound: out of the synth's ring, faded to silence where it is missing, late or no longer wanted.

Compiled code. The synth runs ahead of the input, as its notes do, and its ring is addressed by their frames: the hop
that a worker gave for its input at frame f holds the sound from f - latency on, where the latency is below 0.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, STEMS
from bridge.runtime.callback.context import SYNTH, Room
from bridge.runtime.callback.stem_output import MASK, out
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire
from bridge.runtime.shared.callback_jit import compiled
from bridge.runtime.shared.layout import CAPACITY
from bridge.runtime.shared.slots import FADE_FRAMES, STAMP_SHIFT

BAND = len(STEMS) + 1
"""Its place among the audio paths, behind the mix: of its output rows, and its bit in the ping word."""


@compiled
def find_sound(room: Room, t: int) -> tuple[bool, int, bool]:
    """Whether frame ``t`` of the ring is there, where that answer ends, and whether missing it is late.

    What sounds up to a break is the epoch before's. A new epoch first answers for the frames that lie as far ahead
    of its origin as it runs ahead of the input: nothing is missing before.
    """
    worker = room.workers[room.audio[SYNTH]]
    origin, epoch, border = worker[w.ORIGIN], worker[w.EPOCH], t + CAPACITY
    heard = t + room.own[w.BAND_DELAY]  # the frame at which it is heard
    present = heard >= origin
    if not present:
        border, origin, epoch = t + origin - heard, worker[w.LAST_ORIGIN], epoch - 1
        if heard < origin or epoch < 1:
            return False, border, False
    hop, latency = max(worker[w.HOP], 1), worker[w.LATENCY]
    if t + latency < origin:
        return False, min(origin - latency, border), False
    start = origin + (t + latency - origin) // hop * hop
    there = load_acquire(room.band_stamps, start & MASK) == (epoch << STAMP_SHIFT) + start
    return there, min(start + hop - latency, border), present


@compiled
def lay_out(room: Room, t: int, i: int, count: int, there: bool) -> None:
    """Write ``count`` frames of the ring from ``t`` on to this cycle's output at ``i``, whole or fading.

    As for stems: what was heard last is mirrored in time while it fades, and a fade-out runs to its end.
    """
    own = room.own
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
            row = out(room, BAND * CHANNELS + channel, i + count)
            row[k] = room.band[channel, source & MASK] * level if level > 0.0 else np.float32(0.0)


@compiled
def lay_out_steadily(room: Room, t: int, i: int, count: int, there: bool) -> None:
    """`lay_out` where nothing fades, as nearly always."""
    for channel in range(CHANNELS):
        row, ring = out(room, BAND * CHANNELS + channel, i + count), room.band[channel]
        for k in range(count):
            row[i + k] = ring[(t + k) & MASK] if there else np.float32(0.0)


@compiled
def give_band(room: Room, now: int, frames: int) -> None:
    """Fill the band's outputs for the cycle at stream frame ``now``.

    A new delay comes into force once the sound has faded to silence; so does the quiet before leaving.
    """
    state, own = room.state, room.own
    wanted, index = 0, room.audio[SYNTH]
    if index >= 0:
        wanted = room.workers[index, w.DEADLINE] + room.workers[index, w.LATENCY]
    if wanted != own[w.BAND_DELAY] and own[w.BAND_FADE] == 0:
        own[w.BAND_DELAY] = wanted
    silent = index < 0 or wanted != own[w.BAND_DELAY] or state[w.MIDI_MUTED] != 0
    first = now - own[w.BAND_DELAY]
    i = 0
    while i < frames:
        t = first + i
        there, end, late = False, t + frames, False
        if not silent:
            there, end, late = find_sound(room, t)
        count = min(end - t, frames - i)
        if own[w.BAND_FADE] == (FADE_FRAMES if there else 0) and own[w.BAND_FALLING] == 0:
            lay_out_steadily(room, t, i, count, there)
        else:
            lay_out(room, t, i, count, there)
        if late and not there:
            state[w.BAND_LATE] += count
        i += count
    if state[w.PING] >> BAND & 1:
        for channel in range(CHANNELS):
            row = out(room, BAND * CHANNELS + channel, frames)
            for k in range(frames):
                row[k] = room.inputs[channel, (first + k) & MASK] if first + k >= 0 else 0.0

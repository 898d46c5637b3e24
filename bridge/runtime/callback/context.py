"""Callback context: all buffers and state of the audio callback, as one tuple of arrays for compiled code.

The shared arrays come from the arena; the rest is private to the callback. The JACK callback gets the addresses,
the offline driver the arrays; both run the same machine code on them.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.core.role import HOST_RING
from bridge.runtime.shared.array_table import Dimension
from bridge.runtime.shared.layout import (
    CALLBACK_RINGS,
    GAINS,
    MAX_EVENTS,
    WORK_ROW,
    Plan,
    SharedArrays,
    lengths_of,
)
from bridge.runtime.shared.slots import (
    CALLBACK_WORDS,
    DATA,
    DELAY_CHANGE_FADE,
    FADE_FRAMES,
    FADE_WORDS,
    PORT_WORDS,
    RECORD_WORDS,
    SEND_LEVEL,
    TRANSPORT_WORDS,
)

PORTS = len(MIDI_PORTS)
HOST = CALLBACK_RINGS.index(HOST_RING)
"""Index of the ring of the input's events."""
FIRST_PORT_RING = CALLBACK_RINGS.index(MIDI_PORTS[0])
"""Index of the ring of the first MIDI port; those of the others follow."""
OUTPUTS = len(AUDIO_PATHS) * CHANNELS
MAX_HALF_RAMP = 1024  # frames of half a ramp at 384 kHz
NOTES = 16 * 128  # of a MIDI port: channels times pitches
MAX_MESSAGE = 8 * (RECORD_WORDS - DATA)
"""Bytes of the longest MIDI message that a record holds."""
STEM_FADE, BAND_FADE, FADES = range(3)  # rows of CallbackContext.fades
SEPARATES, SYNTH, PLAYER, HALF_RAMP, AUDIO_WORDS = range(5)  # of CallbackContext.audio
METERS = 1 + len(STEMS) + len(AUDIO_PATHS)
"""Levels that are measured: of the input, of each stem before its fader, and of each audio path."""
PEAK, SQUARES, METERED_FRAMES, METER_WORDS = range(4)
"""Of a channel's meter: the largest magnitude of a sample, its float32 bits as a whole number; the sum of the squares;
the frames of both."""
TARGET, VALUE, FIRST_SUM, SECOND_SUM, FRAMES_LEFT, POSITION, RAMP_WORDS = range(7)  # of a row of CallbackContext.ramps


class CallbackContext(SharedArrays):
    """Arrays of one callback: the shared ones, and those below, which are private to it. A new one is a line here."""

    callback_state: Annotated[NDArray[np.int64], CALLBACK_WORDS]
    fades: Annotated[NDArray[np.int64], FADES, FADE_WORDS]  # of the stems over the dry mix, of the band over silence
    ports: Annotated[NDArray[np.int64], PORTS, PORT_WORDS]
    owners: Annotated[NDArray[np.int64], PORTS]  # index of the worker that feeds a port, -1: none
    audio: Annotated[NDArray[np.int64], AUDIO_WORDS]  # workers by what they do, -1: none; frames of half a ramp
    ramps: Annotated[NDArray[np.float64], GAINS, RAMP_WORDS]  # target, value, both sums, frames left, position
    moving_average: Annotated[NDArray[np.float64], GAINS, 2, MAX_HALF_RAMP]  # delay lines of the two moving averages
    gain_ramp: Annotated[NDArray[np.float32], GAINS, WORK_ROW]  # each gain over this cycle
    work_in: Annotated[NDArray[np.float32], CHANNELS, WORK_ROW]
    work_out: Annotated[NDArray[np.float32], OUTPUTS, WORK_ROW]
    ins: Annotated[NDArray[np.int64], CHANNELS]  # addresses of this cycle's input: JACK's buffers, else work_in's rows
    outs: Annotated[NDArray[np.int64], OUTPUTS]  # likewise of its output and work_out
    in_events: Annotated[NDArray[np.int64], MAX_EVENTS, RECORD_WORDS]  # FRAME counts from the cycle's start
    in_sysex: Annotated[NDArray[np.uint8], MAX_MESSAGE]  # of a system exclusive message that comes in pieces
    out_events: Annotated[NDArray[np.int64], PORTS, MAX_EVENTS, RECORD_WORDS]  # likewise
    out_counts: Annotated[NDArray[np.int64], PORTS]
    sounding: Annotated[NDArray[np.uint8], PORTS, NOTES]  # 1 between note-on and note-off
    transport: Annotated[NDArray[np.float64], TRANSPORT_WORDS]
    meters: Annotated[NDArray[np.float64], 2, METERS * CHANNELS, METER_WORDS]  # two banks: one is filled, one is read
    wake: Annotated[NDArray[np.int64], Dimension.WORKERS]  # address of each worker's semaphore; 0: it polls


def make_context(plan: Plan, shared: SharedArrays) -> CallbackContext:
    """A context over ``shared``, which is cleared, for the first callback: silent buffers, all gains at one."""
    lengths = lengths_of(plan)
    specs = (spec for name, spec in CallbackContext.specs.items() if name not in SharedArrays.specs)
    context = CallbackContext(*shared, *(np.empty(spec.shape_at(lengths), spec.dtype) for spec in specs))
    for array in context:
        array.fill(0)  # pre-faults the pages: the callback must not
    context.gains[:] = 1.0
    context.ramps[:, [TARGET, VALUE]] = 1.0
    context.callback_state[[DELAY_CHANGE_FADE, SEND_LEVEL]] = FADE_FRAMES
    context.owners[:] = -1
    for worker in plan.workers:
        for ring in (*worker.writes.values(), *worker.renders):
            if ring in MIDI_PORTS:
                context.owners[MIDI_PORTS.index(ring)] = worker.index
    half_ramp = max(1, min(MAX_HALF_RAMP, round(0.0025 * plan.rate)))  # two averages of 2.5 ms: a ramp of 5 ms
    context.audio[:] = plan.audio_worker, plan.synth_worker, plan.player, half_ramp
    context.ins[:] = [row.ctypes.data for row in context.work_in]
    context.outs[:] = [row.ctypes.data for row in context.work_out]
    return context

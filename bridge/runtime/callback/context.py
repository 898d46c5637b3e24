"""Callback context: all buffers and state of the audio callback, as one tuple of arrays for compiled code.

The shared arrays come from the arena; the rest is private to the callback. The JACK callback gets the addresses,
the offline graph of the tests the arrays; both run the same machine code on them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.runtime.shared.layout import MAX_EVENTS, WORK_ROW, Plan, Shared
from bridge.runtime.shared.slots import DELAY_CHANGE_FADE as _DUCK
from bridge.runtime.shared.slots import FADE_FRAMES, OWN_WORDS, PORT_WORDS, RECORD_WORDS, TRANSPORT_WORDS

GAINS = 2 * len(STEMS)
OUTPUTS = len(AUDIO_PATHS) * CHANNELS
MAX_BOX = 1024  # frames of half a ramp at 384 kHz
SEPARATES, SYNTH, PLAYER, HALF_RAMP, AUDIO_WORDS = range(5)  # of CallbackContext.audio


class CallbackContext(NamedTuple):
    """Arrays of one callback. The first twelve are shared (see layout.Shared), the others private."""

    state: NDArray[np.int64]
    workers: NDArray[np.int64]
    inputs: NDArray[np.float32]
    stems: NDArray[np.float32]
    stamps: NDArray[np.int64]
    band: NDArray[np.float32]
    band_stamps: NDArray[np.int64]
    gains: NDArray[np.float64]
    records: NDArray[np.int64]
    values: NDArray[np.float64]  # the same memory as records, read as float64
    heads: NDArray[np.int64]
    callback_bins: NDArray[np.int64]
    callback_state: NDArray[np.int64]  # (OWN_WORDS,)
    ports: NDArray[np.int64]  # (MIDI ports, PORT_WORDS)
    owners: NDArray[np.int64]  # (MIDI ports,) index of the worker that feeds a port, -1: none
    audio: NDArray[np.int64]  # (AUDIO_WORDS,) workers by what they do, -1: none; frames of half a ramp
    ramps: NDArray[np.float64]  # (GAINS, 6) target, value, first sum, second sum, frames left, position
    moving_average: NDArray[np.float64]  # (GAINS, 2, MAX_BOX) delay lines of the two moving averages
    gain_ramp: NDArray[np.float32]  # (GAINS, WORK_ROW) each gain over this cycle
    work_in: NDArray[np.float32]  # (CHANNELS, WORK_ROW)
    work_out: NDArray[np.float32]  # (OUTPUTS, WORK_ROW)
    ins: NDArray[np.int64]  # (CHANNELS,) addresses of this cycle's input: JACK's buffers, else the rows of work_in
    outs: NDArray[np.int64]  # (OUTPUTS,) likewise of its output and work_out
    in_events: NDArray[np.int64]  # (MAX_EVENTS, RECORD_WORDS) FRAME counts from the cycle's start
    out_events: NDArray[np.int64]  # (MIDI ports, MAX_EVENTS, RECORD_WORDS) likewise
    out_counts: NDArray[np.int64]  # (MIDI ports,)
    sounding: NDArray[np.uint8]  # (MIDI ports, 16 * 128) 1 between note-on and note-off
    transport: NDArray[np.float64]  # (TRANSPORT_WORDS,)
    wake: NDArray[np.int64]  # (workers,) address of each worker's semaphore; 0: it polls


def make_context(plan: Plan, shared: Shared) -> CallbackContext:
    """A context over ``shared`` for the first callback: silent buffers, all gains at one."""
    ports = len(MIDI_PORTS)
    owners = np.full(ports, -1, np.int64)
    for worker in plan.workers:
        for ring in (*worker.writes.values(), *worker.renders):
            if ring in MIDI_PORTS:
                owners[MIDI_PORTS.index(ring)] = worker.index
    half_ramp = max(1, min(MAX_BOX, round(0.0025 * plan.rate)))  # two averages of 2.5 ms: a ramp of 5 ms
    rings = (shared.inputs, shared.stems, shared.stamps, shared.band, shared.band_stamps, shared.records)
    for array in (*rings, shared.callback_bins):
        array.fill(0)  # pre-faults the pages: the callback must not
    shared.gains[:] = 1.0
    ramps = np.zeros((GAINS, 6))
    ramps[:, :2] = 1.0
    work_in = np.zeros((CHANNELS, WORK_ROW), np.float32)
    work_out = np.zeros((OUTPUTS, WORK_ROW), np.float32)
    own = np.zeros(OWN_WORDS, np.int64)
    own[_DUCK] = FADE_FRAMES
    return CallbackContext(
        state=shared.state,
        workers=shared.workers,
        inputs=shared.inputs,
        stems=shared.stems,
        stamps=shared.stamps,
        band=shared.band,
        band_stamps=shared.band_stamps,
        gains=shared.gains,
        records=shared.records,
        values=shared.records.view(np.float64),
        heads=shared.heads,
        callback_bins=shared.callback_bins,
        callback_state=own,
        ports=np.zeros((ports, PORT_WORDS), np.int64),
        owners=owners,
        audio=np.array([plan.audio_worker, plan.synth_worker, plan.player, half_ramp], np.int64),
        ramps=ramps,
        moving_average=np.zeros((GAINS, 2, MAX_BOX)),
        gain_ramp=np.ones((GAINS, WORK_ROW), np.float32),
        work_in=work_in,
        work_out=work_out,
        ins=np.array([row.ctypes.data for row in work_in], np.int64),
        outs=np.array([row.ctypes.data for row in work_out], np.int64),
        in_events=np.zeros((MAX_EVENTS, RECORD_WORDS), np.int64),
        out_events=np.zeros((ports, MAX_EVENTS, RECORD_WORDS), np.int64),
        out_counts=np.zeros(ports, np.int64),
        sounding=np.zeros((ports, 16 * 128), np.uint8),
        transport=np.zeros(TRANSPORT_WORDS),
        wake=np.zeros(len(shared.workers), np.int64),
    )

"""Callback input: audio and MIDI go into the rings; a discontinuity in time begins a new epoch.

Compiled code (see CallbackContext for the arrays). It copies, counts and compares; it never allocates or waits.
"""

from __future__ import annotations

import numpy as np

from bridge.core.events import Gap, Midi
from bridge.runtime.callback.clock_input import follow_clocks, is_midi_clock, record_clock, track_midi_clock
from bridge.runtime.callback.context import HOST, CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.callback.epochs import AFTER_GAP, EVERY, begin_epoch, begin_epochs, follow_band_insert, reset_synth
from bridge.runtime.callback.host_ring import claim_record, payload_values, publish_record
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_float32, carray, load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry
from bridge.runtime.shared.layout import CAPACITY, RING_MASK
from bridge.runtime.shared.slots import DATA, FRAME, RECORD_WORDS, SIZE

MIDI, GAP = Midi.KIND, Gap.KIND


@callback_njit
def find_frame(context: CallbackContext, frames: int, raw: int) -> int:
    """The stream frame at which this callback starts; a jump of JACK's frame time is filled with silence."""
    state, own = context.state, context.callback_state
    head = state[w.HEAD]
    gap = 0
    own[w.CYCLE_START] = head
    if own[w.STARTED] == 0:
        own[w.STARTED] = 1
        begin_epochs(context, head, EVERY)
    else:
        step = ((raw - own[w.RAW] + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)  # 32 bits, and they wrap
        gap = step - state[w.PERIOD]
        if abs(gap) > CAPACITY // 2:  # the server's clock restarted
            gap = 0
            begin_epochs(context, head, EVERY)
        elif gap < 0:  # a busy server corrected its clock: the audio is continuous
            gap = 0
            state[w.SLIPS] += 1
        elif gap > 0:
            for channel in range(context.inputs.shape[0]):
                for t in range(head, head + gap):
                    context.inputs[channel, t & RING_MASK] = 0.0
            state[w.SKIPPED] += max(1, gap // max(frames, 1))
            state[w.GAP_FRAMES] += gap
            own[w.CYCLE_START] = head + gap
            slot = claim_record(context, head + gap, GAP, 8)
            payload_values(context, slot)[0] = gap
            publish_record(context)
            begin_epochs(context, head + gap, AFTER_GAP)
    own[w.RAW] = raw
    state[w.PERIOD] = frames
    state[w.CYCLES] += 1
    return head + gap  # type: ignore[no-any-return]


@callback_njit
def read_events(context: CallbackContext, control: ControlContext, now: int) -> None:
    """Put this cycle's messages, stamped with stream frames, into the host ring, those of unselected clocks left out.

    While the audio leads, and shortly after, incoming MIDI clock is ignored: it may be our own, sent back.
    """
    ignores_clock = context.state[w.FOLLOWING] != 0 or now < context.callback_state[w.ECHO_END]
    if ignores_clock:
        context.callback_state[w.CLOCK_RUNNING] = 0
    for i in range(context.callback_state[w.IN_EVENTS]):
        event = context.in_events[i]
        frame = now + event[FRAME]
        is_clock = is_midi_clock(event[DATA])
        if ignores_clock and is_clock:
            continue
        record_clock(control, frame, event)
        if is_clock:
            track_midi_clock(context, frame, event[DATA])
            if context.callback_state[w.MIDI_UNSEEN] != 0:
                continue
        slot = claim_record(context, frame, MIDI, event[SIZE])
        for word in range(DATA, RECORD_WORDS):
            context.records[HOST, slot, word] = event[word]
        publish_record(context)


@callback_njit
def serve_requests(context: CallbackContext, now: int) -> None:
    """Carry out the new epochs and note releases that the control process requested since the last cycle."""
    state = context.state
    request = load_acquire(state, w.RESTART)
    if request != state[w.RESTARTED]:
        begin_epochs(context, now, EVERY)
        state[w.RESTARTED] = request
    for index in range(context.workers.shape[0]):
        worker = context.workers[index]
        request = load_acquire(worker, w.RESTART_ONE)
        if request != worker[w.RESTARTED_ONE]:
            begin_epoch(context, index, now)
            worker[w.RESTARTED_ONE] = request
    request = load_acquire(state, w.RELEASE)
    if request != state[w.RELEASED]:
        for port in range(context.ports.shape[0]):
            context.ports[port, w.RELEASING] = 1
        reset_synth(context, now)
        state[w.RELEASED] = request
    if context.callback_state[w.BAND_ENDS] != 0:
        reset_synth(context, now)
        context.callback_state[w.BAND_ENDS] = 0
    follow_band_insert(context, now)


@callback_njit_entry
def read_inputs(context: CallbackContext, control: ControlContext, frames: int, raw: int) -> int:
    """Read ``frames`` of input at JACK's frame time ``raw``; returns the stream frame at which the cycle starts."""
    now = find_frame(context, frames, raw)
    for channel in range(context.inputs.shape[0]):
        source = carray(as_float32(context.ins[channel]), (frames,))
        for i in range(frames):
            sample = source[i]
            if sample - sample != 0.0:  # infinite or not a number: silence
                sample = np.float32(0.0)
            context.inputs[channel, (now + i) & RING_MASK] = sample
    serve_requests(context, now)
    follow_clocks(context, control, now, frames)
    read_events(context, control, now)
    context.callback_state[w.IN_EVENTS] = 0
    store_release(context.state, w.HEAD, now + frames)
    return now

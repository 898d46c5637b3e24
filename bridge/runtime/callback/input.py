"""Callback input: audio and MIDI go into the rings; a discontinuity in time begins a new epoch.

Compiled code (see CallbackContext for the arrays). It copies, counts and compares; it never allocates or waits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.clock import MIDI_CLOCK_TICKS_PER_BEAT, MIDI_CLOCK_TICKS_PER_SIXTEENTH
from bridge.core.events import ClockPosition, Gap, Midi, Transport
from bridge.core.midi import CLOCK, CONTINUE, SONG_POSITION, START, STOP
from bridge.runtime.callback.context import HOST, PLAYER, SEPARATES, SYNTH, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_float32, carray, load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_inlined
from bridge.runtime.shared.layout import CAPACITY, RECORDS, RING_MASK
from bridge.runtime.shared.slots import DATA, FRAME, KIND, RECORD_WORDS, SIZE

MIDI, CLOCK_POSITION, TRANSPORT, GAP = Midi.KIND, ClockPosition.KIND, Transport.KIND, Gap.KIND
EVERY, EVENTS_ONLY, AFTER_GAP = range(3)  # the workers that a discontinuity resets


@callback_njit
def begin_worker_epoch(context: CallbackContext, index: int, frame: int) -> None:
    """A new epoch for worker ``index``."""
    worker = context.workers[index]
    if worker[w.EPOCH] == 0 or worker[w.ORIGIN] != frame:  # several at one frame (position, start) count once
        worker[w.LAST_ORIGIN], worker[w.LAST_FURTHER_AHEAD] = worker[w.ORIGIN], worker[w.FURTHER_AHEAD]
        worker[w.ORIGIN] = frame
        if index in (context.audio[PLAYER], context.audio[SYNTH]):
            worker[w.FURTHER_AHEAD] = context.callback_state[w.BAND_FURTHER_AHEAD]
        store_release(worker, w.EPOCH, worker[w.EPOCH] + 1)


@callback_njit
def begin_epoch(context: CallbackContext, index: int, frame: int) -> None:
    """Reset worker ``index`` at ``frame``: its MIDI ports release sounding notes, and so does the synth it feeds."""
    begin_worker_epoch(context, index, frame)
    if index == context.audio[PLAYER]:
        reset_synth(context, frame)
    for port in range(context.owners.size):
        if context.owners[port] == index:
            context.ports[port, w.RELEASING] = 1


@callback_njit
def reset_synth(context: CallbackContext, frame: int) -> None:
    """A new epoch for the synth at ``frame``, which drops its notes: nobody would send their note-offs."""
    if context.audio[SYNTH] >= 0:
        begin_worker_epoch(context, context.audio[SYNTH], frame)


@callback_njit_inlined
def follow_band_insert(context: CallbackContext, frame: int) -> None:
    """Begin an epoch of the player and its synth where the insert of the band has another delay than they know."""
    player, synth = context.audio[PLAYER], context.audio[SYNTH]
    if player < 0 or synth < 0 or context.workers[synth, w.ORIGIN] == frame:  # the player's must begin first
        return
    if context.workers[player, w.FURTHER_AHEAD] != context.callback_state[w.BAND_FURTHER_AHEAD]:
        begin_epoch(context, player, frame)


@callback_njit
def begin_epochs(context: CallbackContext, frame: int, which: int) -> None:
    """A new epoch at ``frame`` for every worker, for those of events only, or for those that reset after a gap."""
    for index in range(context.workers.shape[0]):
        if which == EVENTS_ONLY and index == context.audio[SEPARATES]:
            continue
        if which == AFTER_GAP and context.workers[index, w.GAP_RESETS] == 0:
            continue
        begin_epoch(context, index, frame)


@callback_njit
def claim_record(context: CallbackContext, frame: int, kind: int, size: int) -> int:
    """The next record of the host ring, its header written; fill DATA, then call `publish_record`."""
    slot = context.heads[HOST, w.RING_HEAD] & (RECORDS - 1)
    context.records[HOST, slot, FRAME] = frame
    context.records[HOST, slot, KIND] = kind
    context.records[HOST, slot, SIZE] = size
    return slot  # type: ignore[no-any-return]


@callback_njit
def payload_values(context: CallbackContext, slot: int) -> NDArray[np.float64]:
    """The payload of record ``slot`` of the host ring as float64, shape (RECORD_WORDS - DATA,)."""
    return context.records[HOST, slot, DATA:].view(np.float64)


@callback_njit
def publish_record(context: CallbackContext) -> None:
    """Make the record that was claimed last visible to the readers."""
    store_release(context.heads[HOST], w.RING_HEAD, context.heads[HOST, w.RING_HEAD] + 1)


@callback_njit_inlined
def find_frame(context: CallbackContext, frames: int, raw: int) -> int:
    """The stream frame at which this callback starts; a jump of JACK's frame time is filled with silence."""
    state, own = context.state, context.callback_state
    head = state[w.HEAD]
    gap = 0
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
            slot = claim_record(context, head + gap, GAP, 8)
            payload_values(context, slot)[0] = gap
            publish_record(context)
            begin_epochs(context, head + gap, AFTER_GAP)
    own[w.RAW] = raw
    state[w.PERIOD] = frames
    state[w.CYCLES] += 1
    return head + gap  # type: ignore[no-any-return]


@callback_njit
def track_midi_clock(context: CallbackContext, frame: int, message: int) -> None:
    """Count MIDI clock and song position, and begin epochs (MIDI 1.0, System Real Time).

    A start or a new position resets every worker; a stop or continue only those of events.
    """
    own = context.callback_state
    status = message & 0xFF
    if status == CLOCK:
        if own[w.TICKS] % MIDI_CLOCK_TICKS_PER_BEAT == 0 and own[w.CLOCK_RUNNING] == 1:
            slot = claim_record(context, frame, CLOCK_POSITION, 16)
            values = payload_values(context, slot)
            values[0], values[1] = own[w.TICKS], own[w.CLOCK_RUNNING]
            publish_record(context)
        own[w.TICKS] += own[w.CLOCK_RUNNING]
    elif status == START:
        own[w.TICKS], own[w.CLOCK_RUNNING] = 0, 1
        begin_epochs(context, frame, EVERY)
    elif status == SONG_POSITION:
        own[w.TICKS] = ((message >> 8) & 0x7F | ((message >> 16) & 0x7F) << 7) * MIDI_CLOCK_TICKS_PER_SIXTEENTH
        begin_epochs(context, frame, EVERY)
    elif status in (CONTINUE, STOP):
        own[w.CLOCK_RUNNING] = 1 if status == CONTINUE else 0
        begin_epochs(context, frame, EVENTS_ONLY)


@callback_njit_inlined
def read_events(context: CallbackContext, now: int) -> None:
    """Put this cycle's messages, stamped with stream frames, into the host ring.

    While the audio leads, and shortly after, incoming MIDI clock is ignored: it may be our own, sent back.
    """
    ignores_clock = context.state[w.FOLLOWING] != 0 or now < context.callback_state[w.ECHO_END]
    if ignores_clock:
        context.callback_state[w.CLOCK_RUNNING] = 0
    for i in range(context.callback_state[w.IN_EVENTS]):
        event = context.in_events[i]
        frame = now + event[FRAME]
        if ignores_clock and event[DATA] & 0xFF in (CLOCK, START, CONTINUE, STOP, SONG_POSITION):
            continue
        track_midi_clock(context, frame, event[DATA])
        slot = claim_record(context, frame, MIDI, event[SIZE])
        for word in range(DATA, RECORD_WORDS):
            context.records[HOST, slot, word] = event[word]
        publish_record(context)


@callback_njit_inlined
def track_transport(context: CallbackContext, now: int, frames: int) -> None:
    """Compare the host's transport with the expected position; a start, stop or jump begins epochs."""
    own, transport = context.callback_state, context.transport
    rolling, frame = int(transport[w.T_ROLLING]), int(transport[w.T_FRAME])
    started = rolling == 1 and own[w.ROLLING] == 0
    stopped = rolling == 0 and own[w.ROLLING] == 1
    skipped = now - context.state[w.HEAD]  # frames that the transport rolled through between callbacks
    jumped = rolling == 1 and own[w.ROLLING] == 1 and frame != own[w.EXPECTED] + skipped
    if context.state[w.FOLLOWING] != 0:
        pass  # the host may be following us
    elif started or jumped:
        begin_epochs(context, now, EVERY)
    elif stopped:
        begin_epochs(context, now, EVENTS_ONLY)
    own[w.ROLLING] = rolling
    own[w.EXPECTED] = frame + frames
    if transport[w.T_VALID] != 0.0 and (rolling == 1 or stopped):
        slot = claim_record(context, now, TRANSPORT, 32)
        values = payload_values(context, slot)
        values[0], values[1], values[2] = rolling, transport[w.T_BEAT], transport[w.T_TEMPO]
        values[3] = transport[w.T_BAR]
        publish_record(context)


@callback_njit_inlined
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


@callback_njit_inlined
def read_inputs(context: CallbackContext, frames: int, raw: int) -> int:
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
    track_transport(context, now, frames)
    read_events(context, now)
    context.callback_state[w.IN_EVENTS] = 0
    store_release(context.state, w.HEAD, now + frames)
    return now

"""MIDI output of the callback: sends what is due and leaves no note hanging.

Compiled code. The callback tracks every note-on that it sent. A release request, a new epoch or a stalled worker
sends all the note-offs, so that hanging notes never depend on an engine.
"""

from __future__ import annotations

from bridge.core.events import Midi
from bridge.core.latency import MIDI_PORTS, PATHS
from bridge.core.midi import CONTINUE, NOTE_OFF, NOTE_ON, START, STOP, SYSTEM
from bridge.runtime.callback.context import FIRST_PORT_RING, HOST, PLAYER, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry
from bridge.runtime.shared.layout import MAX_EVENTS, RECORDS
from bridge.runtime.shared.slots import DATA, EPOCH_SHIFT, FRAME, GRACE_FRAMES, KIND, SIZE

FIRST_PING = PATHS.index(MIDI_PORTS[0])  # ping bit of the first MIDI port
ECHO_FRAMES = 32768  # longest loopback delay of our own clock: two of the longest periods, and a peer between
MIDI = Midi.KIND


@callback_njit
def append_message(context: CallbackContext, port: int, offset: int, size: int, first_word: int) -> int:
    """Append a message to this cycle's output; returns its index, for the further words of a longer message."""
    place = context.out_counts[port]
    context.out_events[port, place, FRAME] = offset
    context.out_events[port, place, SIZE] = size
    context.out_events[port, place, DATA] = first_word
    context.out_counts[port] = place + 1
    return place  # type: ignore[no-any-return]


@callback_njit
def release_notes(context: CallbackContext, port: int) -> None:
    """Send the note-off of every sounding note, as many as this cycle's buffer holds; the rest in the next."""
    sounding = context.sounding[port]
    for note in range(sounding.size):
        if sounding[note] != 0:
            if context.out_counts[port] >= MAX_EVENTS - 1:
                return
            append_message(context, port, 0, 3, NOTE_OFF | note >> 7 | (note & 0x7F) << 8 | 0x40 << 16)
            sounding[note] = 0
    context.ports[port, w.RELEASING] = 0


@callback_njit
def send_record(context: CallbackContext, port: int, offset: int, ring: int, slot: int) -> None:
    """Send one record and track its note; a note that sounds already gets its note-off first."""
    size = context.records[ring, slot, SIZE]
    message = context.records[ring, slot, DATA]
    status, velocity = message & 0xF0, (message >> 16) & 0x7F
    if status in (NOTE_OFF, NOTE_ON):
        note = (message & 0x0F) << 7 | (message >> 8) & 0x7F
        on = status == NOTE_ON and velocity > 0
        if on and context.sounding[port, note] != 0:
            append_message(context, port, offset, 3, message & 0x7F0F | NOTE_OFF | 0x40 << 16)
        context.sounding[port, note] = 1 if on else 0
    realtime = message & 0xFF
    if realtime in (START, CONTINUE, STOP):
        context.ports[port, w.CLOCKING] = 0 if realtime == STOP else 1
    place = append_message(context, port, offset, size, message)
    for word in range(DATA + 1, DATA + 5):
        context.out_events[port, place, word] = context.records[ring, slot, word]


@callback_njit
def catch_up(context: CallbackContext, port: int, cursor: int, head: int) -> int:
    """The next record to read from ``cursor`` on. An overrun has lost note-offs, so it releases the sounding notes."""
    if head - cursor <= RECORDS // 2:
        return cursor
    context.ports[port, w.RELEASING] = 1
    release_notes(context, port)
    context.state[w.LOST_EVENTS] += head - RECORDS // 2 - cursor
    return head - RECORDS // 2


@callback_njit
def send_due(context: CallbackContext, port: int, now: int, frames: int) -> None:
    """Send the events that are due in this cycle; drop those of an older epoch."""
    worker = context.workers[context.owners[port]]
    ring, epoch = FIRST_PORT_RING + port, worker[w.EPOCH]
    delay = context.heads[ring, w.RING_DELAY]
    head = load_acquire(context.heads[ring], w.RING_HEAD)
    cursor = catch_up(context, port, context.ports[port, w.CURSOR], head)
    while cursor < head and context.out_counts[port] < MAX_EVENTS - 2:
        slot = cursor & (RECORDS - 1)
        if context.records[ring, slot, KIND] >> EPOCH_SHIFT == epoch:
            due = context.records[ring, slot, FRAME] + delay - now
            if due >= frames:
                break
            message = context.records[ring, slot, DATA]
            starts_note = message & 0xF0 == NOTE_ON and (message >> 16) & 0x7F > 0
            if due < 0:
                context.state[w.LATE_EVENTS] += 1
            if due >= -GRACE_FRAMES or not starts_note:
                send_record(context, port, max(due, 0), ring, slot)
        cursor += 1
    context.ports[port, w.CURSOR] = cursor


@callback_njit
def send_ping(context: CallbackContext, port: int, now: int, frames: int) -> None:
    """Ping mode: send the channel messages of the input, delayed by the declared latency, and nothing else."""
    delay = context.heads[FIRST_PORT_RING + port, w.RING_DELAY]
    head = context.heads[HOST, w.RING_HEAD]
    cursor = catch_up(context, port, context.ports[port, w.PING_CURSOR], head)
    while cursor < head and context.out_counts[port] < MAX_EVENTS - 2:
        slot = cursor & (RECORDS - 1)
        due = context.records[HOST, slot, FRAME] + delay - now
        if due >= frames:
            break
        if context.records[HOST, slot, KIND] == MIDI and NOTE_OFF <= context.records[HOST, slot, DATA] & 0xFF < SYSTEM:
            send_record(context, port, max(due, 0), HOST, slot)
        cursor += 1
    context.ports[port, w.PING_CURSOR] = cursor
    context.ports[port, w.CURSOR] = load_acquire(context.heads[FIRST_PORT_RING + port], w.RING_HEAD)


@callback_njit_entry
def write_midi(context: CallbackContext, now: int, frames: int, stall_frames: int) -> None:
    """Fill ``out_events`` for the cycle at ``now``. A worker ``stall_frames`` behind gets its notes released."""
    for port in range(context.owners.size):
        context.out_counts[port] = 0
        if context.owners[port] < 0:
            continue
        worker = context.workers[context.owners[port]]
        pinging = context.state[w.PING] >> (FIRST_PING + port) & 1
        behind = now - worker[w.INPUT_DELAY] - max(load_acquire(worker, w.PROGRESS), worker[w.ORIGIN])
        stalled = 1 if behind > stall_frames else 0
        if stalled > context.ports[port, w.STALLED] or pinging != context.ports[port, w.PINGING]:
            context.ports[port, w.RELEASING] = 1  # their note-offs will not come
            if stalled and context.owners[port] == context.audio[PLAYER]:
                context.callback_state[w.BAND_ENDS] = 1
        context.ports[port, w.STALLED], context.ports[port, w.PINGING] = stalled, pinging
        if context.ports[port, w.RELEASING] != 0:
            release_notes(context, port)
        if context.state[w.MIDI_MUTED] != 0:
            if context.ports[port, w.CLOCKING] != 0:
                append_message(context, port, 0, 1, STOP)
                context.ports[port, w.CLOCKING] = 0
            context.ports[port, w.CURSOR] = load_acquire(context.heads[FIRST_PORT_RING + port], w.RING_HEAD)
            context.ports[port, w.PING_CURSOR] = context.heads[HOST, w.RING_HEAD]
        elif pinging:
            send_ping(context, port, now, frames)
        else:
            send_due(context, port, now, frames)
            if context.ports[port, w.CLOCKING] != 0:
                context.callback_state[w.ECHO_END] = now + frames + ECHO_FRAMES
            context.ports[port, w.PING_CURSOR] = context.heads[HOST, w.RING_HEAD]

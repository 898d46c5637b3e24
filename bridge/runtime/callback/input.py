"""The first half of a callback: what arrived goes into the rings, and epochs begin where time breaks.

Compiled code (see room.Room for the arrays). It copies, counts and compares; it never allocates or waits.
"""

from __future__ import annotations

import numpy as np

from bridge.core.clock import (
    CLOCK,
    CONTINUE,
    MIDI_CLOCK_TICKS_PER_BEAT,
    MIDI_CLOCK_TICKS_PER_SIXTEENTH,
    SONG_POSITION,
    START,
    STOP,
)
from bridge.core.events import ClockPosition, Gap, Midi, Transport
from bridge.runtime.callback.context import PLAYER, SEPARATES, SYNTH, Room
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_float32, carray, load_acquire, store_release
from bridge.runtime.shared.callback_jit import compiled
from bridge.runtime.shared.layout import CAPACITY, RECORDS
from bridge.runtime.shared.slots import DATA, FRAME, KIND, RECORD_WORDS, SIZE

MASK = CAPACITY - 1
MIDI, CLOCK_POSITION, TRANSPORT, GAP = Midi.KIND, ClockPosition.KIND, Transport.KIND, Gap.KIND
HOST = 0  # the ring of what comes from the host is the first
EVERY, EVENTS_ONLY, AFTER_GAP = range(3)  # whom a break concerns


@compiled
def begin(room: Room, index: int, frame: int) -> None:
    """A new epoch for worker ``index``."""
    worker = room.workers[index]
    if worker[w.EPOCH] == 0 or worker[w.ORIGIN] != frame:  # breaks at one frame (position, start) are one break
        worker[w.LAST_ORIGIN] = worker[w.ORIGIN]
        worker[w.ORIGIN] = frame
        store_release(worker, w.EPOCH, worker[w.EPOCH] + 1)


@compiled
def begin_epoch(room: Room, index: int, frame: int) -> None:
    """Worker ``index`` starts afresh at ``frame``; its ports release what sounds, and so does the synth behind it."""
    begin(room, index, frame)
    if index == room.audio[PLAYER]:
        end_sound(room, frame)
    for port in range(room.owners.size):
        if room.owners[port] == index:
            room.ports[port, w.RELEASING] = 1


@compiled
def end_sound(room: Room, frame: int) -> None:
    """The synth starts afresh at ``frame``: what it was told to play is no longer wanted, or nobody would end it."""
    if room.audio[SYNTH] >= 0:
        begin(room, room.audio[SYNTH], frame)


@compiled
def begin_epochs(room: Room, frame: int, whom: int) -> None:
    """A break at ``frame`` for every worker, for those of events, or for those that a gap concerns."""
    for index in range(room.workers.shape[0]):
        if whom == EVENTS_ONLY and index == room.audio[SEPARATES]:
            continue
        if whom == AFTER_GAP and room.workers[index, w.GAP_RESETS] == 0:
            continue
        begin_epoch(room, index, frame)


@compiled
def claim(room: Room, frame: int, kind: int, size: int) -> int:
    """The next record of the host ring, its first words written; fill DATA, then `announce` it."""
    slot = room.heads[HOST, 0] & (RECORDS - 1)
    room.records[HOST, slot, FRAME] = frame
    room.records[HOST, slot, KIND] = kind
    room.records[HOST, slot, SIZE] = size
    return slot  # type: ignore[no-any-return]


@compiled
def announce(room: Room) -> None:
    """Let the readers see the record that was claimed last."""
    store_release(room.heads[HOST], 0, room.heads[HOST, 0] + 1)


@compiled
def find_frame(room: Room, frames: int, raw: int) -> int:
    """The stream frame at which this callback starts; a jump of JACK's frame time leaves a gap of silence."""
    state, own = room.state, room.own
    head = state[w.HEAD]
    gap = 0
    if own[w.STARTED] == 0:
        own[w.STARTED] = 1
        begin_epochs(room, head, EVERY)
    else:
        step = ((raw - own[w.RAW] + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)  # 32 bits, and they wrap
        gap = step - state[w.PERIOD]
        if abs(gap) > CAPACITY // 2:  # the server's clock began anew
            gap = 0
            begin_epochs(room, head, EVERY)
        elif gap < 0:  # a busy server corrected its clock: the sound went on, and so do we
            gap = 0
            state[w.SLIPS] += 1
        elif gap > 0:
            for channel in range(room.inputs.shape[0]):
                for t in range(head, head + gap):
                    room.inputs[channel, t & MASK] = 0.0
            state[w.SKIPPED] += max(1, gap // max(frames, 1))
            state[w.GAP_FRAMES] += gap
            slot = claim(room, head + gap, GAP, 8)
            room.values[HOST, slot, DATA] = gap
            announce(room)
            begin_epochs(room, head + gap, AFTER_GAP)
    own[w.RAW] = raw
    state[w.PERIOD] = frames
    state[w.CYCLES] += 1
    return head + gap  # type: ignore[no-any-return]


@compiled
def follow_clock(room: Room, frame: int, message: int) -> None:
    """What MIDI clock and song position mean for epochs (MIDI 1.0, System Real Time).

    A start or a new position is a break for everything; a stop or continue only for what plays in time.
    """
    own = room.own
    status = message & 0xFF
    if status == CLOCK:
        if own[w.TICKS] % MIDI_CLOCK_TICKS_PER_BEAT == 0 and own[w.CLOCK_RUNNING] == 1:
            slot = claim(room, frame, CLOCK_POSITION, 16)
            room.values[HOST, slot, DATA] = own[w.TICKS]
            room.values[HOST, slot, DATA + 1] = own[w.CLOCK_RUNNING]
            announce(room)
        own[w.TICKS] += own[w.CLOCK_RUNNING]
    elif status == START:
        own[w.TICKS], own[w.CLOCK_RUNNING] = 0, 1
        begin_epochs(room, frame, EVERY)
    elif status == SONG_POSITION:
        own[w.TICKS] = ((message >> 8) & 0x7F | ((message >> 16) & 0x7F) << 7) * MIDI_CLOCK_TICKS_PER_SIXTEENTH
        begin_epochs(room, frame, EVERY)
    elif status in (CONTINUE, STOP):
        own[w.CLOCK_RUNNING] = 1 if status == CONTINUE else 0
        begin_epochs(room, frame, EVENTS_ONLY)


@compiled
def take_events(room: Room, now: int) -> None:
    """Put this cycle's messages, stamped with stream frames, into the host ring.

    While the audio leads, and shortly after, a clock that comes in is nobody's: it may be our own.
    """
    deaf = room.state[w.FOLLOWING] != 0 or now < room.own[w.ECHO_END]
    if deaf:
        room.own[w.CLOCK_RUNNING] = 0
    for i in range(room.own[w.IN_EVENTS]):
        event = room.in_events[i]
        frame = now + event[FRAME]
        if deaf and event[DATA] & 0xFF in (CLOCK, START, CONTINUE, STOP, SONG_POSITION):
            continue
        follow_clock(room, frame, event[DATA])
        slot = claim(room, frame, MIDI, event[SIZE])
        for word in range(DATA, RECORD_WORDS):
            room.records[HOST, slot, word] = event[word]
        announce(room)


@compiled
def follow_transport(room: Room, now: int, frames: int) -> None:
    """Compare the host's transport with what was expected; a start, stop or jump begins epochs."""
    own, transport = room.own, room.transport
    rolling, frame = int(transport[w.T_ROLLING]), int(transport[w.T_FRAME])
    started = rolling == 1 and own[w.ROLLING] == 0
    stopped = rolling == 0 and own[w.ROLLING] == 1
    skipped = now - room.state[w.HEAD]  # the transport went on while we were not called
    jumped = rolling == 1 and own[w.ROLLING] == 1 and frame != own[w.EXPECTED] + skipped
    if room.state[w.FOLLOWING] != 0:
        pass  # the host may follow us: its start is no news
    elif started or jumped:
        begin_epochs(room, now, EVERY)
    elif stopped:
        begin_epochs(room, now, EVENTS_ONLY)
    own[w.ROLLING] = rolling
    own[w.EXPECTED] = frame + frames
    if transport[w.T_VALID] != 0.0 and (rolling == 1 or stopped):
        slot = claim(room, now, TRANSPORT, 32)
        room.values[HOST, slot, DATA] = rolling
        room.values[HOST, slot, DATA + 1] = transport[w.T_BEAT]
        room.values[HOST, slot, DATA + 2] = transport[w.T_TEMPO]
        room.values[HOST, slot, DATA + 3] = transport[w.T_BAR]
        announce(room)


@compiled
def serve_requests(room: Room, now: int) -> None:
    """New epochs and releases that the control process asked for since the last cycle."""
    state = room.state
    request = load_acquire(state, w.RESTART)
    if request != state[w.RESTARTED]:
        begin_epochs(room, now, EVERY)
        state[w.RESTARTED] = request
    for index in range(room.workers.shape[0]):
        worker = room.workers[index]
        request = load_acquire(worker, w.RESTART_ONE)
        if request != worker[w.RESTARTED_ONE]:
            begin_epoch(room, index, now)
            worker[w.RESTARTED_ONE] = request
    request = load_acquire(state, w.RELEASE)
    if request != state[w.RELEASED]:
        for port in range(room.ports.shape[0]):
            room.ports[port, w.RELEASING] = 1
        end_sound(room, now)
        state[w.RELEASED] = request
    if room.own[w.BAND_ENDS] != 0:
        end_sound(room, now)
        room.own[w.BAND_ENDS] = 0


@compiled
def take(room: Room, frames: int, raw: int) -> int:
    """Write ``frames`` of input at JACK's time ``raw``; returns the stream frame at which the cycle starts."""
    now = find_frame(room, frames, raw)
    for channel in range(room.inputs.shape[0]):
        source = carray(as_float32(room.ins[channel]), (frames,))
        for i in range(frames):
            sample = source[i]
            if sample - sample != 0.0:  # infinite or not a number: silence
                sample = np.float32(0.0)
            room.inputs[channel, (now + i) & MASK] = sample
    serve_requests(room, now)
    follow_transport(room, now, frames)
    take_events(room, now)
    room.own[w.IN_EVENTS] = 0
    store_release(room.state, w.HEAD, now + frames)
    return now

"""The event half of a callback's answer: MIDI that is due goes out, and no note is left hanging.

Compiled code. The callback remembers every note that it switched on. A release request, a new epoch or a
worker that stalled switches them all off, so a promise about hanging notes never depends on an engine.
"""

from __future__ import annotations

from bridge.core.audio import STEMS
from bridge.core.clock import CONTINUE, START, STOP
from bridge.core.events import Midi
from bridge.runtime.callback.context import PLAYER, Room
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import load_acquire
from bridge.runtime.shared.callback_jit import compiled
from bridge.runtime.shared.layout import MAX_EVENTS, RECORDS
from bridge.runtime.shared.slots import DATA, EPOCH_SHIFT, FRAME, GRACE_FRAMES, KIND, SIZE

HOST = 0
FIRST_PORT_RING = 1  # ring 0 is the host's; the MIDI ports' rings follow in order
FIRST_PING = len(STEMS) + 2  # ping bits: the stems, the mix, the band, the MIDI ports
ECHO_FRAMES = 32768  # our own clock comes back within this: two periods of the longest callback, and a peer between
MIDI = Midi.KIND


@compiled
def write(room: Room, port: int, offset: int, size: int, first_word: int) -> int:
    """Append a message to this cycle's output; returns its place, where longer ones fill the other words."""
    place = room.out_counts[port]
    room.out_events[port, place, FRAME] = offset
    room.out_events[port, place, SIZE] = size
    room.out_events[port, place, DATA] = first_word
    room.out_counts[port] = place + 1
    return place  # type: ignore[no-any-return]


@compiled
def release(room: Room, port: int) -> None:
    """Switch off what sounds, as far as this cycle's buffer holds; the rest follows in the next."""
    sounding = room.sounding[port]
    for note in range(sounding.size):
        if sounding[note] != 0:
            if room.out_counts[port] >= MAX_EVENTS - 1:
                return
            write(room, port, 0, 3, 0x80 | note >> 7 | (note & 0x7F) << 8 | 0x40 << 16)
            sounding[note] = 0
    room.ports[port, w.RELEASING] = 0


@compiled
def play(room: Room, port: int, offset: int, ring: int, slot: int) -> None:
    """Send one record, keeping account of what sounds; a note that sounds already is switched off first."""
    size = room.records[ring, slot, SIZE]
    message = room.records[ring, slot, DATA]
    status, velocity = message & 0xF0, (message >> 16) & 0x7F
    if status in (0x80, 0x90):
        note = (message & 0x0F) << 7 | (message >> 8) & 0x7F
        on = status == 0x90 and velocity > 0
        if on and room.sounding[port, note] != 0:
            write(room, port, offset, 3, message & 0x7F0F | 0x80 | 0x40 << 16)
        room.sounding[port, note] = 1 if on else 0
    realtime = message & 0xFF
    if realtime in (START, CONTINUE, STOP):
        room.ports[port, w.CLOCKING] = 0 if realtime == STOP else 1
    place = write(room, port, offset, size, message)
    for word in range(DATA + 1, DATA + 5):
        room.out_events[port, place, word] = room.records[ring, slot, word]


@compiled
def catch_up(room: Room, port: int, cursor: int, head: int) -> int:
    """Where to read on from ``cursor``; a reader that was overtaken has lost note-offs and releases what sounds."""
    if head - cursor <= RECORDS // 2:
        return cursor
    room.ports[port, w.RELEASING] = 1
    release(room, port)
    room.state[w.LOST_EVENTS] += head - RECORDS // 2 - cursor
    return head - RECORDS // 2


@compiled
def play_due(room: Room, port: int, now: int, frames: int) -> None:
    """Send what is due in this cycle; drop what an older epoch planned."""
    worker = room.workers[room.owners[port]]
    ring, epoch = FIRST_PORT_RING + port, worker[w.EPOCH]
    delay = room.heads[ring, w.RING_DELAY]
    head = load_acquire(room.heads[ring], 0)
    cursor = catch_up(room, port, room.ports[port, w.CURSOR], head)
    while cursor < head and room.out_counts[port] < MAX_EVENTS - 2:
        slot = cursor & (RECORDS - 1)
        if room.records[ring, slot, KIND] >> EPOCH_SHIFT == epoch:
            due = room.records[ring, slot, FRAME] + delay - now
            if due >= frames:
                break
            message = room.records[ring, slot, DATA]
            starts_note = message & 0xF0 == 0x90 and (message >> 16) & 0x7F > 0
            if due < 0:
                room.state[w.LATE_EVENTS] += 1
            if due >= -GRACE_FRAMES or not starts_note:
                play(room, port, max(due, 0), ring, slot)
        cursor += 1
    room.ports[port, w.CURSOR] = cursor


@compiled
def play_ping(room: Room, port: int, now: int, frames: int) -> None:
    """Ping mode: the channel messages of the input, delayed by what is declared; nothing else."""
    delay = room.heads[FIRST_PORT_RING + port, w.RING_DELAY]
    head = room.heads[HOST, w.RING_HEAD]
    cursor = catch_up(room, port, room.ports[port, w.PING_CURSOR], head)
    while cursor < head and room.out_counts[port] < MAX_EVENTS - 2:
        slot = cursor & (RECORDS - 1)
        due = room.records[HOST, slot, FRAME] + delay - now
        if due >= frames:
            break
        if room.records[HOST, slot, KIND] == MIDI and 0x80 <= room.records[HOST, slot, DATA] & 0xFF < 0xF0:
            play(room, port, max(due, 0), HOST, slot)
        cursor += 1
    room.ports[port, w.PING_CURSOR] = cursor
    room.ports[port, w.CURSOR] = load_acquire(room.heads[FIRST_PORT_RING + port], 0)


@compiled
def give_events(room: Room, now: int, frames: int, stall_frames: int) -> None:
    """Fill ``out_events`` for the cycle at ``now``. A worker ``stall_frames`` behind loses its sounding notes."""
    for port in range(room.owners.size):
        room.out_counts[port] = 0
        if room.owners[port] < 0:
            continue
        worker = room.workers[room.owners[port]]
        pinging = room.state[w.PING] >> (FIRST_PING + port) & 1
        behind = now - worker[w.INPUT_DELAY] - max(load_acquire(worker, w.PROGRESS), worker[w.ORIGIN])
        stalled = 1 if behind > stall_frames else 0
        if stalled > room.ports[port, w.STALLED] or pinging != room.ports[port, w.PINGING]:
            room.ports[port, w.RELEASING] = 1  # whoever would have ended the notes no longer does
            if stalled and room.owners[port] == room.audio[PLAYER]:
                room.own[w.BAND_ENDS] = 1
        room.ports[port, w.STALLED], room.ports[port, w.PINGING] = stalled, pinging
        if room.ports[port, w.RELEASING] != 0:
            release(room, port)
        if room.state[w.MIDI_MUTED] != 0:
            if room.ports[port, w.CLOCKING] != 0:
                write(room, port, 0, 1, STOP)
                room.ports[port, w.CLOCKING] = 0
            room.ports[port, w.CURSOR] = load_acquire(room.heads[FIRST_PORT_RING + port], 0)
            room.ports[port, w.PING_CURSOR] = room.heads[HOST, 0]
        elif pinging:
            play_ping(room, port, now, frames)
        else:
            play_due(room, port, now, frames)
            if room.ports[port, w.CLOCKING] != 0:
                room.own[w.ECHO_END] = now + frames + ECHO_FRAMES
            room.ports[port, w.PING_CURSOR] = room.heads[HOST, 0]

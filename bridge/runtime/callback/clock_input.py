"""Clock input of the callback: the host's transport, MIDI clock or the clock line becomes the clock of the engines.

Compiled code. The control process selects (see the clock table in `bridge.runtime.shared.slots`); what is not selected
does not get into the host ring. Messages about time, selected or not, are also in the clock ring for the control
process. The clock line is that of a source which is not in the callback: the internal transport, MIDI time code,
Ableton Link. It is extrapolated by frames, so that the jitter of the control process does not move it, and gives the
same records and epochs as the host's transport.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import ClockPosition, Midi, Transport
from bridge.core.midi import (
    CLOCK,
    CONTINUE,
    MIDI_CLOCK_TICKS_PER_BEAT,
    MIDI_CLOCK_TICKS_PER_SIXTEENTH,
    QUARTER_FRAME,
    SONG_POSITION,
    START,
    STOP,
    SYSTEM,
)
from bridge.runtime.callback.context import HOST, CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.callback.epochs import EVENTS_ONLY, EVERY, begin_epochs
from bridge.runtime.callback.host_ring import claim_record, payload_values, publish_record
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import exchange, load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.slots import DATA, NEW_TABLE, SIZE

MIDI, CLOCK_POSITION, TRANSPORT = Midi.KIND, ClockPosition.KIND, Transport.KIND
REALTIME_TIME_CODE = 0x01
"""Sub-ID 1 of a universal real-time system exclusive message that is MIDI time code."""
REALTIME = 0x7F
FULL_FRAME_BYTES = 10


@callback_njit
def is_midi_clock(message: int) -> bool:
    """Whether ``message`` (its bytes, the first lowest) is MIDI clock, or a start, stop or position of it."""
    return message & 0xFF in (CLOCK, START, CONTINUE, STOP, SONG_POSITION)


@callback_njit
def record_clock(control: ControlContext, frame: int, event: NDArray[np.int64]) -> None:
    """Append ``event`` (a row of `in_events`) to the clock ring if it is about time."""
    message = event[DATA]
    is_full_frame = (
        event[SIZE] == FULL_FRAME_BYTES
        and message & 0xFFFF == REALTIME << 8 | SYSTEM
        and message >> 24 & 0xFFFF == REALTIME_TIME_CODE << 8 | REALTIME_TIME_CODE
    )
    if is_midi_clock(message) or message & 0xFF == QUARTER_FRAME or is_full_frame:
        head = control.own[w.CLOCK_HEAD]
        row = control.clock_ring[head & (w.CLOCK_RECORDS - 1)]
        row[0], row[1], row[2], row[3] = frame, event[SIZE], message, event[DATA + 1]
        store_release(control.own, w.CLOCK_HEAD, head + 1)


@callback_njit
def track_midi_clock(context: CallbackContext, frame: int, message: int) -> None:
    """Count MIDI clock and song position, and begin epochs (MIDI 1.0, System Real Time).

    A start or a new position resets every worker; a stop or continue only those of events. While MIDI clock is not
    selected it is counted, and has no effect.
    """
    own = context.callback_state
    status, hidden = message & 0xFF, own[w.MIDI_UNSEEN] != 0
    if status == CLOCK:
        is_due = own[w.TICKS] % MIDI_CLOCK_TICKS_PER_BEAT == 0 or own[w.POSITION_DUE] != 0
        if is_due and own[w.CLOCK_RUNNING] == 1 and not hidden:
            slot = claim_record(context, frame, CLOCK_POSITION, 16)
            values = payload_values(context, slot)
            values[0], values[1] = own[w.TICKS], own[w.CLOCK_RUNNING]
            publish_record(context)
            own[w.POSITION_DUE] = 0
        own[w.TICKS] += own[w.CLOCK_RUNNING]
    elif status == START:
        own[w.TICKS], own[w.CLOCK_RUNNING] = 0, 1
        if not hidden:
            begin_epochs(context, frame, EVERY)
    elif status == SONG_POSITION:
        own[w.TICKS] = ((message >> 8) & 0x7F | ((message >> 16) & 0x7F) << 7) * MIDI_CLOCK_TICKS_PER_SIXTEENTH
        if not hidden:
            begin_epochs(context, frame, EVERY)
    elif status in (CONTINUE, STOP):
        own[w.CLOCK_RUNNING] = 1 if status == CONTINUE else 0
        if not hidden:
            begin_epochs(context, frame, EVENTS_ONLY)


@callback_njit
def send_position(
    context: CallbackContext, frame: int, rolling: int, beat: float, tempo: float, bar_beats: float
) -> None:
    """A record of a transport's position at ``frame``; ``tempo`` 0: there is none."""
    slot = claim_record(context, frame, TRANSPORT, 32)
    values = payload_values(context, slot)
    values[0], values[1], values[2], values[3] = rolling, beat, tempo, bar_beats
    publish_record(context)


@callback_njit
def track_transport(context: CallbackContext, now: int, frames: int, is_admitted: bool, is_hidden: bool) -> None:
    """Compare the host's transport with the expected position; a start, stop or jump begins epochs.

    Not admitted, it is only followed. ``is_hidden``: the clock line leads, and the engines get no position from here.
    """
    own, transport = context.callback_state, context.transport
    rolling, frame = int(transport[w.T_ROLLING]), int(transport[w.T_FRAME])
    was_seen = own[w.ROLLING] == 1 and own[w.HOST_UNSEEN] == 0
    is_seen = rolling == 1 and is_admitted
    skipped = now - context.state[w.HEAD]  # frames that the transport rolled through between callbacks
    jumped = is_seen and was_seen and frame != own[w.EXPECTED] + skipped
    if context.state[w.FOLLOWING] != 0:
        pass  # the host may be following us
    elif (is_seen and not was_seen) or jumped:
        begin_epochs(context, now, EVERY)
    elif was_seen and not is_seen:
        begin_epochs(context, now, EVENTS_ONLY)
    own[w.HOST_UNSEEN] = 0 if is_admitted else 1
    own[w.ROLLING], own[w.EXPECTED] = rolling, frame + frames
    if transport[w.T_VALID] != 0.0 and (is_seen or was_seen) and not is_hidden:
        tempo = transport[w.T_TEMPO] if is_admitted else 0.0  # as if there were none
        send_position(context, now, 1 if is_seen else 0, transport[w.T_BEAT], tempo, transport[w.T_BAR])


@callback_njit
def send_line(context: CallbackContext, line: NDArray[np.float64], frame: int, rolling: int) -> None:
    """A record of the clock line's position at ``frame``; none where it is off: then there is no host."""
    tempo = line[w.LINE_TEMPO] if line[w.LINE_ON] != 0.0 else 0.0
    beat = line[w.LINE_BEAT]
    if line[w.LINE_ROLLS] != 0.0:
        beat += (frame - line[w.LINE_FRAME]) * line[w.LINE_SLOPE]
    send_position(context, frame, rolling, beat, tempo, line[w.LINE_BAR])


@callback_njit
def change_line(context: CallbackContext, control: ControlContext, frame: int, hidden: bool) -> None:
    """Put the newest clock table in force at ``frame``; a start, stop or jump of the line begins epochs there.

    ``hidden``: the host's transport leads, and the line is not seen.
    """
    own, line = context.callback_state, control.clock_line
    table = control.clock_tables[control.own[w.CLOCK_FRONT]]
    was_on, was_rolling = line[w.LINE_ON] != 0.0, own[w.LINE_ROLLING] == 1
    is_new = line[w.LINE_JUMPS] != table[w.LINE_JUMPS]
    for word in range(w.CLOCK_TABLE_WORDS):
        line[word] = table[word]
    control.own[w.CLOCK_APPLIED] = 1
    rolls = line[w.LINE_ON] != 0.0 and line[w.LINE_ROLLS] != 0.0 and not hidden
    own[w.LINE_ROLLING] = 1 if rolls else 0
    if context.state[w.FOLLOWING] != 0:
        pass  # the audio leads
    elif rolls and (is_new or not was_rolling):
        begin_epochs(context, frame, EVERY)
    elif was_rolling and not rolls:
        begin_epochs(context, frame, EVENTS_ONLY)
    if rolls:
        send_line(context, line, frame, 1)
    elif not hidden and (was_rolling or is_new or was_on != (line[w.LINE_ON] != 0.0)):
        send_line(context, line, frame, 0)


@callback_njit
def track_line(context: CallbackContext, control: ControlContext, now: int, frames: int, hidden: bool) -> None:
    """Send the position of the clock line for the cycle at ``now``; a new line from its frame on."""
    own, line = context.callback_state, control.clock_line
    rolls = line[w.LINE_ON] != 0.0 and line[w.LINE_ROLLS] != 0.0 and not hidden
    at = now
    if control.own[w.CLOCK_APPLIED] == 0:
        at = max(now, int(np.ceil(control.clock_tables[control.own[w.CLOCK_FRONT], w.LINE_FRAME])))
    changes = control.own[w.CLOCK_APPLIED] == 0 and at < now + frames
    if changes and at == now:
        change_line(context, control, now, hidden)
        return
    if context.state[w.FOLLOWING] == 0 and rolls != (own[w.LINE_ROLLING] == 1):
        begin_epochs(context, now, EVERY if rolls else EVENTS_ONLY)
    own[w.LINE_ROLLING] = 1 if rolls else 0
    if rolls:
        send_line(context, line, now, 1)
    if changes:
        change_line(context, control, at, hidden)


@callback_njit
def admit_midi_clock(context: CallbackContext, now: int, is_admitted: bool) -> None:
    """Let the engines see MIDI clock from ``now`` on, or no longer: for them it then stops."""
    own = context.callback_state
    own[w.MIDI_UNSEEN] = 0 if is_admitted else 1
    if own[w.CLOCK_RUNNING] == 0:
        return
    if context.state[w.FOLLOWING] == 0:
        begin_epochs(context, now, EVENTS_ONLY)
    if is_admitted:
        own[w.POSITION_DUE] = 1
    else:
        slot = claim_record(context, now, MIDI, 1)
        context.records[HOST, slot, DATA] = STOP
        publish_record(context)


@callback_njit
def follow_clocks(context: CallbackContext, control: ControlContext, now: int, frames: int) -> None:
    """Take what the control process selected last, and follow the host's transport and the clock line.

    A host's transport that rolls, and has bars and beats, hides the line and MIDI clock in the same cycle.
    """
    if load_acquire(control.clock_middle, 0) & NEW_TABLE:
        front = exchange(control.clock_middle, 0, control.own[w.CLOCK_FRONT])
        control.own[w.CLOCK_FRONT], control.own[w.CLOCK_APPLIED] = front & (NEW_TABLE - 1), 0
    own, table, transport = context.callback_state, control.clock_tables[control.own[w.CLOCK_FRONT]], context.transport
    is_admitted = table[w.HOST_ADMITTED] != 0.0
    host_leads = is_admitted and transport[w.T_ROLLING] != 0.0 and transport[w.T_VALID] != 0.0
    is_midi_admitted = table[w.MIDI_ADMITTED] != 0.0 and not host_leads
    if is_midi_admitted != (own[w.MIDI_UNSEEN] == 0):
        admit_midi_clock(context, now, is_midi_admitted)
    if control.own[w.CLOCK_APPLIED] == 0 or control.clock_line[w.LINE_ON] != 0.0:
        track_line(context, control, now, frames, host_leads)
    track_transport(context, now, frames, is_admitted, control.clock_line[w.LINE_ON] != 0.0 and not host_leads)

"""Switch gains: the callback applies a mute or solo button in the very cycle in which its message arrives.

Compiled code. A busy Python thread holds the interpreter's lock for 5 ms at a time, several of them for longer, so a
button that waited for Python would be audible late. The control process says beforehand which gains each button leads
to (`ControlMidi.set_switches`). On such a message the callback uses them until the control process has handled it; from
then on the gains are what the control process set. So a table that is wrong is wrong for some milliseconds.
"""

from __future__ import annotations

import numpy as np

from bridge.core.midi import NOTE_OFF, NOTE_ON
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import exchange, load_acquire
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import GAINS
from bridge.runtime.shared.slots import ANTICIPATION_FRAMES, NEW_TABLE, SWITCH_ROWS

PRESSED = 1 << 16
"""Bit of a switch's key: its second data byte is above 0. The rest is the status byte and, above it, the first one."""


@callback_njit
def take_switch_table(context: CallbackContext) -> None:
    """Use the newest table. Three tables and an exchange: neither side waits, and none sees one half-written."""
    if load_acquire(context.switch_middle, 0) & NEW_TABLE:
        front = exchange(context.switch_middle, 0, context.control_state[w.SWITCH_FRONT])
        context.control_state[w.SWITCH_FRONT] = front & (NEW_TABLE - 1)


@callback_njit
def anticipate_gains(context: CallbackContext, now: int, end: int, message: int) -> None:
    """Hold the gains of a switch whose ``message`` (three bytes, the first lowest) came in the cycle at ``now``.

    ``end``: the position in the ring behind its record. A note-off is the release of its note-on.
    """
    own = context.control_state
    key = message & 0xFFFF
    if message >> 16 & 0xFF:
        key |= PRESSED
    if message & 0xF0 == NOTE_OFF:
        key = key & 0xFFFF ^ NOTE_OFF ^ NOTE_ON
    keys, rows = context.switch_keys[own[w.SWITCH_FRONT]], context.switch_gains[own[w.SWITCH_FRONT]]
    for row in range(SWITCH_ROWS):
        if keys[row] < 0:
            return
        if keys[row] == key:
            for gain in range(GAINS):
                if not np.isnan(rows[row, gain]):
                    context.anticipated[gain] = rows[row, gain]
            own[w.ANTICIPATED_END], own[w.ANTICIPATED_FRAME] = end, now
            return


@callback_njit
def update_gain_targets(context: CallbackContext, now: int) -> None:
    """Compute the target of each gain for the cycle at ``now``: what is anticipated, else what the parent set."""
    own = context.control_state
    if own[w.ANTICIPATED_END] != 0:
        handled = load_acquire(context.control_requests, w.CONTROL_HANDLED)  # before its gains are read
        if handled >= own[w.ANTICIPATED_END] or now - own[w.ANTICIPATED_FRAME] > ANTICIPATION_FRAMES:
            own[w.ANTICIPATED_END] = 0
            for gain in range(GAINS):
                context.anticipated[gain] = np.nan
    for gain in range(GAINS):
        value = context.anticipated[gain]
        context.gain_targets[gain] = context.gains[gain] if np.isnan(value) else value

"""Switch gains: the callback applies a mute or solo button in the very cycle in which its message arrives.

Compiled code. A busy Python thread holds the interpreter's lock for 5 ms at a time, several of them for longer, so a
button that waited for Python would be audible late. The control process says beforehand which gains each button leads
to (`ControlMidi.set_switches`). On such a message the callback uses them until the control process has handled it; from
then on the gains are what the control process set. So a table that is wrong is wrong for some milliseconds.
"""

from __future__ import annotations

import numpy as np

from bridge.core.midi import NOTE_OFF, NOTE_ON
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import exchange, load_acquire
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import GAINS
from bridge.runtime.shared.slots import ANTICIPATION_FRAMES, NEW_TABLE, SWITCH_ROWS

PRESSED = 1 << 16
"""Bit of a switch's key: its second data byte is above 0. The rest is the status byte and, above it, the first one."""


@callback_njit
def take_switch_table(control: ControlContext) -> None:
    """Use the newest table. Three tables and an exchange: neither side waits, and none sees one half-written."""
    if load_acquire(control.switch_middle, 0) & NEW_TABLE:
        front = exchange(control.switch_middle, 0, control.own[w.SWITCH_FRONT])
        control.own[w.SWITCH_FRONT] = front & (NEW_TABLE - 1)


@callback_njit
def anticipate_gains(control: ControlContext, now: int, end: int, message: int) -> None:
    """Hold the gains of a switch whose ``message`` (three bytes, the first lowest) came in the cycle at ``now``.

    ``end``: the position in the ring behind its record. A note-off is the release of its note-on.
    """
    own = control.own
    key = message & 0xFFFF
    if message >> 16 & 0xFF:
        key |= PRESSED
    if message & 0xF0 == NOTE_OFF:
        key = key & 0xFFFF ^ NOTE_OFF ^ NOTE_ON
    keys, rows = control.switch_keys[own[w.SWITCH_FRONT]], control.switch_gains[own[w.SWITCH_FRONT]]
    for row in range(SWITCH_ROWS):
        if keys[row] < 0:
            return
        if keys[row] == key:
            for gain in range(GAINS):
                if not np.isnan(rows[row, gain]):
                    control.anticipated[gain] = rows[row, gain]
            own[w.ANTICIPATED_END], own[w.ANTICIPATED_FRAME] = end, now
            return


@callback_njit
def end_anticipation(control: ControlContext, now: int) -> None:
    """Return to the gains that the control process set once it has handled the message, or does not come to it.

    ``now``: the cycle. `update_gain_targets` reads the gains later: then what was handled is in them.
    """
    own = control.own
    if own[w.ANTICIPATED_END] == 0:
        return
    handled = load_acquire(control.requests, w.CONTROL_HANDLED)
    if handled >= own[w.ANTICIPATED_END] or now - own[w.ANTICIPATED_FRAME] > ANTICIPATION_FRAMES:
        own[w.ANTICIPATED_END] = 0
        for gain in range(GAINS):
            control.anticipated[gain] = np.nan


@callback_njit
def update_gain_targets(control: ControlContext) -> None:
    """Set the target of each gain for this cycle: what is anticipated, else what the control process set.

    All of them come from one table, the newest: no cycle has some gains of a recall without the others.
    """
    if load_acquire(control.gain_middle, 0) & NEW_TABLE:
        control.own[w.GAIN_FRONT] = exchange(control.gain_middle, 0, control.own[w.GAIN_FRONT]) & (NEW_TABLE - 1)
    table = control.gain_tables[control.own[w.GAIN_FRONT]]
    for gain in range(GAINS):
        value = control.anticipated[gain]
        control.gain_targets[gain] = table[gain] if np.isnan(value) else value
    control.state[w.DRY] = int(table[GAINS])

"""Timebase: bars and beats of JACK's transport, from our clock or from the transport's own frames.

Compiled code, called in JACK's process thread behind the cycle. While our clock rolls, the bars and beats are the
clock's, at the frame of the stream at which JACK's position comes to pass. While it stands, they are counted by its
tempo: from the transport's frame 0 after a start or locate, then on from cycle to cycle, so a change of the tempo
keeps the beat.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import exchange, load_acquire
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry
from bridge.runtime.shared.slots import NEW_TABLE

TICKS_PER_BEAT = 1920
"""Ticks of a beat, as in JACK's own example of a timebase master. What they round is in TIMEBASE_OFFSET."""
ROUNDING_TICKS = 1e-3
"""Ticks, a hundredth of a frame: a beat that rounding puts so little before a tick is on it."""


@callback_njit
def find_timebase_beat(context: CallbackContext, control: ControlContext, frame: int, is_new: bool) -> Any:
    """The beat at the transport frame ``frame`` of the coming cycle; ``is_new``: after a start or locate.

    Sets TIMEBASE_LED.
    """
    if load_acquire(control.timebase_middle, 0) & NEW_TABLE:
        front = exchange(control.timebase_middle, 0, control.own[w.TIMEBASE_FRONT])
        control.own[w.TIMEBASE_FRONT] = front & (NEW_TABLE - 1)
    own, set_last = control.own, control.timebase
    table = control.timebase_tables[own[w.TIMEBASE_FRONT]]
    at = context.state[w.HEAD]
    if not is_new:
        at += frame - context.callback_state[w.EXPECTED]
    own[w.TIMEBASE_LED] = 1 if table[w.LINE_ROLLS] != 0.0 and at >= table[w.LINE_FRAME] else 0
    if own[w.TIMEBASE_LED] == 1:
        beat = table[w.LINE_BEAT] + (at - table[w.LINE_FRAME]) * table[w.LINE_SLOPE]
    elif is_new:
        beat = frame * table[w.LINE_SLOPE]
    else:
        beat = set_last[w.TIMEBASE_POSITION] + (frame - own[w.TIMEBASE_FRAME]) * set_last[w.TIMEBASE_SLOPE]
    set_last[w.TIMEBASE_POSITION], set_last[w.TIMEBASE_SLOPE] = beat, table[w.LINE_SLOPE]
    own[w.TIMEBASE_FRAME] = frame
    return beat


@callback_njit_entry
def update_timebase(context: CallbackContext, control: ControlContext, frame: int, is_new: bool) -> None:
    """Set TIMEBASE_BAR to TIMEBASE_OFFSET and TIMEBASE_BAR_START for the transport frame ``frame``."""
    own = control.own
    beat = find_timebase_beat(context, control, frame, is_new)
    table = control.timebase_tables[own[w.TIMEBASE_FRONT]]
    bar_ticks = max(int(table[w.LINE_BAR]), 1) * TICKS_PER_BEAT
    ticks = int(np.floor(beat * TICKS_PER_BEAT + ROUNDING_TICKS))
    bar = ticks // bar_ticks
    in_bar = ticks - bar * bar_ticks
    own[w.TIMEBASE_BAR], own[w.TIMEBASE_BEAT] = bar + 1, in_bar // TICKS_PER_BEAT + 1
    own[w.TIMEBASE_TICK] = in_bar % TICKS_PER_BEAT
    rest = (beat - ticks / TICKS_PER_BEAT) / table[w.LINE_SLOPE]
    own[w.TIMEBASE_OFFSET] = max(int(np.rint(rest)), 0)
    control.timebase[w.TIMEBASE_BAR_START] = bar * bar_ticks


@callback_njit_entry
def is_own_beat(control: ControlContext, bar: int, beat: int, tick: int) -> bool:
    """Whether these are bar and beat that we set from our clock: then they are no clock that we could follow."""
    own = control.own
    is_same = bar == own[w.TIMEBASE_BAR] and beat == own[w.TIMEBASE_BEAT] and tick == own[w.TIMEBASE_TICK]
    return bool(own[w.TIMEBASE_LED] == 1 and is_same)

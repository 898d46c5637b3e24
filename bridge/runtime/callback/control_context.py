"""Control context: what the callback and the control process share for control_in and control_out, gains and the clock.

A table of its own, not part of the callback context: compiled functions pass each array of a table on the stack, so
those in which the callback spends its time should have no more of them than they use.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.shared.array_table import ArrayTable
from bridge.runtime.shared.layout import GAINS, LINE_WORDS
from bridge.runtime.shared.slots import (
    CLOCK_FRONT,
    CLOCK_RECORD_WORDS,
    CLOCK_RECORDS,
    CLOCK_TABLE_WORDS,
    CLOCK_TABLES,
    CONTROL_REQUEST_WORDS,
    CONTROL_STATE_WORDS,
    GAIN_FRONT,
    GAIN_TABLES,
    HOST_ADMITTED,
    MIDI_ADMITTED,
    STATE_WORDS,
    SWITCH_FRONT,
    SWITCH_ROWS,
    SWITCH_TABLES,
    TIMEBASE_FRONT,
    TIMEBASE_WORDS,
)

CONTROL_IN_WORDS, CONTROL_OUT_WORDS = 1 << 17, 1 << 15
"""Words in the rings of control MIDI: 1 MiB is four seconds at 10,000 short messages a second, or 32 whole buffers of
JACK. Powers of two."""


class ControlContext(ArrayTable):
    """The arrays of control MIDI, gains and the clock; the first two are those of the callback context."""

    state: Annotated[NDArray[np.int64], STATE_WORDS]
    gain_targets: Annotated[NDArray[np.float64], GAINS]  # SharedArrays.gains, of each cycle
    gains: Annotated[NDArray[np.float64], GAINS]  # by the control process, which alone reads it: the newest gain table
    gain_tables: Annotated[NDArray[np.float64], GAIN_TABLES, GAINS + 1]  # targets unless anticipated; last: dry mix
    gain_middle: Annotated[NDArray[np.int64], LINE_WORDS]  # exchanged: index of the table between both, NEW_TABLE
    anticipated: Annotated[NDArray[np.float64], GAINS]  # until the control process has caught up; NaN: none
    own: Annotated[NDArray[np.int64], CONTROL_STATE_WORDS]  # by the callback
    requests: Annotated[NDArray[np.int64], CONTROL_REQUEST_WORDS]  # by the control process
    ring_in: Annotated[NDArray[np.int64], CONTROL_IN_WORDS]  # by the callback: records of frame, size, data
    ring_out: Annotated[NDArray[np.int64], CONTROL_OUT_WORDS]  # by the control process: records of size, data
    semaphore: Annotated[NDArray[np.int64], LINE_WORDS]  # a sem_t
    switch_middle: Annotated[NDArray[np.int64], LINE_WORDS]  # exchanged: index of the table between both, NEW_TABLE
    switch_keys: Annotated[NDArray[np.int64], SWITCH_TABLES, SWITCH_ROWS]  # message that a row is for, -1: none
    switch_gains: Annotated[NDArray[np.float64], SWITCH_TABLES, SWITCH_ROWS, GAINS]  # what it sets; NaN: unchanged
    clock_tables: Annotated[NDArray[np.float64], CLOCK_TABLES, CLOCK_TABLE_WORDS]  # what the control process selected
    clock_middle: Annotated[NDArray[np.int64], LINE_WORDS]  # exchanged: index of the table between both, NEW_TABLE
    clock_line: Annotated[NDArray[np.float64], CLOCK_TABLE_WORDS]  # by the callback: the table in force
    clock_ring: Annotated[NDArray[np.int64], CLOCK_RECORDS, CLOCK_RECORD_WORDS]  # by the callback: of all sources
    timebase_tables: Annotated[NDArray[np.float64], CLOCK_TABLES, CLOCK_TABLE_WORDS]  # a clock table, for JACK's BBT
    timebase_middle: Annotated[NDArray[np.int64], LINE_WORDS]  # exchanged: index of the table between both, NEW_TABLE
    timebase: Annotated[NDArray[np.float64], TIMEBASE_WORDS]  # by the timebase callback


def make_control_context(context: CallbackContext) -> ControlContext:
    """The control context of the callback of ``context``, for its first cycle."""
    shared = [context.state, context.gains]
    specs = list(ControlContext.specs.values())[len(shared) :]
    control = ControlContext(*shared, *(np.empty(spec.shape_at({}), spec.dtype) for spec in specs))
    for array in control[len(shared) :]:
        array.fill(0)  # pre-faults the pages: the callback must not
    control.gains[:] = context.gains
    control.gain_tables[:, :GAINS] = context.gains
    control.gain_middle[0], control.own[GAIN_FRONT] = 1, 0
    control.anticipated[:] = np.nan
    control.switch_keys[:] = -1
    control.switch_middle[0], control.own[SWITCH_FRONT] = 1, 0
    control.clock_tables[:, [HOST_ADMITTED, MIDI_ADMITTED]] = control.clock_line[[HOST_ADMITTED, MIDI_ADMITTED]] = 1.0
    control.clock_middle[0], control.own[CLOCK_FRONT] = 1, 0
    control.timebase_middle[0], control.own[TIMEBASE_FRONT] = 1, 0
    return control

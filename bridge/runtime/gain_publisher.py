"""Gain publisher: hands all gains and the dry mix to the callback as one table: they begin in the same cycle."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.shared.atomics import swap
from bridge.runtime.shared.layout import GAINS
from bridge.runtime.shared.slots import GAIN_TABLES, NEW_TABLE


class GainPublisher:
    """The control process's end of the gain tables of ``control``; there is one for each control context.

    Three tables and an exchange: neither side waits, and the callback sees none half-written.
    """

    def __init__(self, control: ControlContext) -> None:
        self._control = control
        self._back = GAIN_TABLES - 1  # the table that is ours
        self._lock = threading.Lock()

    def publish(self, gains: NDArray[np.float64], is_dry: bool) -> None:
        """Set the targets of all gains, shape (GAINS,), and the dry mix, from the next cycle on. From any thread."""
        with self._lock:
            table = self._control.gain_tables[self._back]
            table[:GAINS], table[GAINS] = gains, is_dry
            self._control.gains[:] = gains
            self._back = swap(self._control.gain_middle, 0, self._back | NEW_TABLE) & (NEW_TABLE - 1)

"""Graph watch: notices that ports or links of the JACK graph changed, without a call into Python.

libjack's own thread calls compiled code, which counts changes and notes the numbers of ports that left. Python looks at
the counts when it pleases. So a port that left and came back between two looks is known to have left.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import types as _numba_types

from bridge.core.jit import cfunc
from bridge.drivers.libjack import address, load
from bridge.errors import DriverError
from bridge.runtime.shared.atomics import carray

types: Any = _numba_types

CHANGES, PROPERTIES, LEFT, NUMBERS = 0, 1, 2, 3
"""Words: changes of the graph; those of them that concern metadata; ports that left; then their numbers, in a ring."""
RING = 1024
"""Ports that may leave between two looks; where there were more, it is unknown which."""
WORDS = NUMBERS + RING

_words = types.CPointer(types.int64)


@cfunc(types.int32(_words), error_model="numpy")  # type: ignore[untyped-decorator]
def note_order(argument: Any) -> int:
    """libjack's graph order callback."""
    words = carray(argument, (WORDS,))
    words[CHANGES] += 1
    return 0


@cfunc(types.void(types.uint32, types.int32, _words), error_model="numpy")  # type: ignore[untyped-decorator]
def note_registration(number: Any, is_there: Any, argument: Any) -> None:
    """libjack's port registration callback."""
    words = carray(argument, (WORDS,))
    if is_there == 0:
        words[NUMBERS + words[LEFT] % RING] = number
        words[LEFT] += 1
    words[CHANGES] += 1


@cfunc(types.void(types.uint32, types.uint32, types.int32, _words), error_model="numpy")  # type: ignore[untyped-decorator]
def note_connection(_source: Any, _destination: Any, _is_there: Any, argument: Any) -> None:
    """libjack's port connect callback."""
    words = carray(argument, (WORDS,))
    words[CHANGES] += 1


@cfunc(types.void(types.uint32, types.voidptr, types.voidptr, _words), error_model="numpy")  # type: ignore[untyped-decorator]
def note_rename(_number: Any, _before: Any, _after: Any, argument: Any) -> None:
    """libjack's port rename callback."""
    words = carray(argument, (WORDS,))
    words[CHANGES] += 1


@cfunc(types.void(types.uint64, types.voidptr, types.int32, _words), error_model="numpy")  # type: ignore[untyped-decorator]
def note_property(_subject: Any, _key: Any, _change: Any, argument: Any) -> None:
    """libjack's property change callback."""
    words = carray(argument, (WORDS,))
    words[PROPERTIES] += 1


CALLBACKS = {
    "jack_set_graph_order_callback": note_order,
    "jack_set_port_registration_callback": note_registration,
    "jack_set_port_connect_callback": note_connection,
    "jack_set_port_rename_callback": note_rename,
    "jack_set_property_change_callback": note_property,
}
"""Compiled callback by the libjack function that sets it."""


class GraphWatch:
    """Counts changes of the graph for one client; it must outlive the client. Make it before that is activated."""

    def __init__(self, client: Any) -> None:
        self._words = np.zeros(WORDS, np.int64)
        self._left = 0
        for setter, function in CALLBACKS.items():
            set_function = getattr(load(), setter)
            set_function.argtypes = [ctypes.c_void_p] * 3
            if set_function(address(client._ptr), function.address, ctypes.c_void_p(self._words.ctypes.data)):
                raise DriverError(f"JACK refused {setter}", "set it before the client is activated")

    @property
    def changes(self) -> int:
        """Changes of the graph so far."""
        return int(self._words[CHANGES])

    @property
    def property_changes(self) -> int:
        """Changes of metadata so far."""
        return int(self._words[PROPERTIES])

    def take_left(self) -> set[int]:
        """The numbers of the ports that left since the last call, the last `RING` of them."""
        left = int(self._words[LEFT])
        first = max(self._left, left - RING)
        numbers = {int(self._words[NUMBERS + at % RING]) for at in range(first, left)}
        self._left = left
        return numbers

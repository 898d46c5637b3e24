"""Control output of the callback: the ring of messages that Python wrote for the port ``control_out``.

Compiled code. A record is its size in bytes and the message, and lies in one piece, as JACK takes it. Where the ring's
end is too near for one there is padding, a record with its words as a number below 0.
"""

from __future__ import annotations

from bridge.runtime.callback.control_context import CONTROL_OUT_WORDS, ControlContext
from bridge.runtime.shared.callback_jit import callback_njit_entry

MASK = CONTROL_OUT_WORDS - 1


@callback_njit_entry
def skip_padding(control: ControlContext, tail: int, head: int) -> int:
    """The position of the next message from ``tail`` on; ``head`` where there is none."""
    if tail < head and control.ring_out[tail & MASK] < 0:
        tail -= control.ring_out[tail & MASK]
    return tail


@callback_njit_entry
def get_control_size(control: ControlContext, tail: int) -> int:
    """Bytes of the message at ``tail``."""
    return control.ring_out[tail & MASK]  # type: ignore[no-any-return]


@callback_njit_entry
def get_control_address(control: ControlContext, tail: int) -> int:
    """Address of the bytes of the message at ``tail``."""
    return control.ring_out[(tail & MASK) + 1 :].ctypes.data


@callback_njit_entry
def find_next_control(control: ControlContext, tail: int) -> int:
    """The position behind the message at ``tail``."""
    return tail + 1 + (control.ring_out[tail & MASK] + 7) // 8  # type: ignore[no-any-return]

"""libjack binding: native callbacks and latency calls, which JACK-Client 0.5.7 lacks.

Both can be used on the same client; both find libjack in the same manner.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import logging
import sys
from typing import Any

from bridge.errors import DriverError

log = logging.getLogger(__name__)

MISSING = DriverError(
    "libjack is not installed",
    "Debian, Ubuntu: apt install jackd2; macOS: brew install jack; then `sideman doctor`",
)

CAPTURE, PLAYBACK = 0, 1  # jack_latency_callback_mode_t


RTKIT_PRIORITY = 20
"""Priority of callback threads where libjack does not say it: desktop programs get theirs from RealtimeKit, which
grants no higher one (MaxRealtimePriority). PipeWire 0.3.65 answers -6, with its threads at 88."""


class LatencyRange(ctypes.Structure):
    """jack_latency_range_t: frames."""

    _fields_ = (("min", ctypes.c_uint32), ("max", ctypes.c_uint32))


def library_name() -> str | None:
    """The name under which libjack can be loaded, or None."""
    found = ctypes.util.find_library("jack64" if sys.platform == "win32" else "jack")
    return found or ("libjack.so.0" if sys.platform.startswith("linux") and _loads("libjack.so.0") else None)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


@functools.cache
def load() -> Any:
    """libjack with the argument types that are used here."""
    name = library_name()
    if name is None:
        raise MISSING
    lib = ctypes.CDLL(name)
    pointer, frames = ctypes.c_void_p, ctypes.c_uint32
    for function, arguments in {
        "jack_set_process_callback": [pointer, pointer, pointer],
        "jack_on_shutdown": [pointer, pointer, pointer],
        "jack_set_xrun_callback": [pointer, pointer, pointer],
        "jack_set_buffer_size_callback": [pointer, pointer, pointer],
        "jack_set_latency_callback": [pointer, pointer, pointer],
        "jack_set_error_function": [pointer],
        "jack_set_info_function": [pointer],
        "jack_port_set_latency_range": [pointer, ctypes.c_int, ctypes.POINTER(LatencyRange)],
        "jack_port_get_latency_range": [pointer, ctypes.c_int, ctypes.POINTER(LatencyRange)],
        "jack_recompute_total_latencies": [pointer],
        "jack_client_real_time_priority": [pointer],
        "jack_is_realtime": [pointer],
        "jack_set_freewheel": [pointer, ctypes.c_int],
        "jack_set_freewheel_callback": [pointer, pointer, pointer],
        "jack_port_get_buffer": [pointer, frames],
        "jack_set_sample_rate_callback": [pointer, pointer, pointer],
        "jack_set_timebase_callback": [pointer, ctypes.c_int, pointer, pointer],
        "jack_release_timebase": [pointer],
        "jack_get_version_string": [],
    }.items():
        getattr(lib, function).argtypes = arguments
    lib.jack_get_version_string.restype = ctypes.c_char_p
    return lib


def read_version() -> str:
    """What libjack says of its version: ``1.9.21``, or ``3.0.0.0 (using PipeWire 0.3.65)``."""
    return str((load().jack_get_version_string() or b"").decode(errors="replace"))


@functools.cache
def import_jack() -> Any:
    """The module of JACK-Client, without its chatter; it needs libjack to be imported at all.

    libjack's own threads print messages too, and no Python may run in those (see `bridge.drivers.cancel_safe`). So each
    text goes to a function of the C library that does nothing with it: strlen.
    """
    import jack

    for setter in (load().jack_set_error_function, load().jack_set_info_function):
        setter(c_function("strlen"))
    return jack


def c_function(name: str) -> int:
    """The address of a function of the C library, for libjack to call."""
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    return int(ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0)


def address(handle: Any) -> int:
    """A cffi pointer of JACK-Client (``client._ptr``, ``port._ptr``) as an integer."""
    return int(import_jack()._ffi.cast("uintptr_t", handle))


def read_connected_names(client: Any, port: Any) -> set[str]:
    """The full names of what ``port`` is connected to. JACK-Client looks each up, and fails where one has gone."""
    return set(read_strings(import_jack()._lib.jack_port_get_all_connections(client._ptr, port._ptr)))


def read_strings(found: Any) -> list[str]:
    """The strings of a list that libjack made, which is given back to it; none where there is no list."""
    jack = import_jack()
    if not found:
        return []
    strings, at = [], 0
    try:
        while found[at]:
            strings.append(jack._ffi.string(found[at]).decode(errors="replace"))
            at += 1
    finally:
        jack._lib.jack_free(found)
    return strings


def port_latency(port: Any, mode: int) -> tuple[int, int]:
    """Least and most frames between ``port`` and the far end; ``mode``: CAPTURE or PLAYBACK."""
    found = LatencyRange()
    load().jack_port_get_latency_range(address(port._ptr), mode, ctypes.byref(found))
    return int(found.min), int(found.max)


def read_latency_of(client: Any, name: str, mode: int) -> tuple[int, int]:
    """The range of a port of any client by its full name; 0 where it has gone."""
    handle = import_jack()._lib.jack_port_by_name(client._ptr, name.encode())
    found = LatencyRange()
    if handle:
        load().jack_port_get_latency_range(address(handle), mode, ctypes.byref(found))
    return int(found.min), int(found.max)


def set_port_latency(port: Any, mode: int, least: int, most: int) -> None:
    """Declare what lies between ``port`` and the far end; where it is not known already."""
    if port_latency(port, mode) == (least, most):
        return
    load().jack_port_set_latency_range(address(port._ptr), mode, ctypes.byref(LatencyRange(least, most)))


def realtime_priority(client: Any) -> int:
    """Priority of the callback thread where JACK runs in real time, else 0; RTKIT_PRIORITY where libjack knows none."""
    if not load().jack_is_realtime(address(client._ptr)):
        return 0
    said = int(load().jack_client_real_time_priority(address(client._ptr)))
    return said if said > 0 else RTKIT_PRIORITY

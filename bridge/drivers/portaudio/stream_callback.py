"""Stream callback: what PortAudio calls, compiled, free of the GIL, of allocation and of locks.

It gives the channels of the device to the compiled cycle of `bridge.drivers.offline_callback`, through its C function,
and so runs the machine code that runs offline. PortAudio may call with any number of frames, another one each time: a
fixed number would cost its whole length as delay, even where it is the device's own. More frames than `MAX_PERIOD` are
several cycles.

PortAudio counts no frames. The frame time is a count of our own; where it reports lost frames, their number comes from
the time of the stream.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import types as _numba_types
from numpy.typing import NDArray

from bridge.core.jit import cfunc
from bridge.drivers.portaudio.output_routes import ROUTE_LENGTH
from bridge.drivers.portaudio.stream_argument import (
    ADC_TIME,
    CALLBACKS,
    CLOCK_AT,
    CLOCK_WORDS,
    CURRENT_TIME,
    CYCLE,
    CYCLE_ARGUMENT,
    DAC_TIME,
    EXPECTED_TIME,
    FLAGGED,
    INPUT_COUNT,
    INS,
    INS_FROM,
    LEAST_LATE,
    LOG,
    LOG_ADC,
    LOG_CLOCK,
    LOG_DAC,
    LOG_EXPECTED,
    LOG_FLAGS,
    LOG_FRAME,
    LOG_LENGTH,
    LOG_NOW,
    LOG_ROWS,
    LOG_WORDS,
    LOSSES,
    NANOSECONDS,
    OUTPUT_COUNT,
    RAW,
    ROUTES,
    SECONDS,
    SETTLED_TIME,
    TIME_WORDS,
    TIMES,
    TIMES_RATE,
    WORDS,
    WORK_OUT,
)
from bridge.drivers.portaudio.stream_midi import collect_midi_output, deliver_midi_input
from bridge.runtime.callback.context import OUTPUTS
from bridge.runtime.callback.system_calls import CLOCK, get_time
from bridge.runtime.shared.atomics import (
    as_float32,
    as_float64,
    as_int64,
    as_void,
    call_process,
    carray,
    load_acquire,
    store_release,
)
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import CAPACITY, MAX_PERIOD, WORK_ROW

types: Any = _numba_types
int64: Any = np.int64

CONTINUE = 0
"""Answer of a PaStreamCallback: paContinue."""
SETTLING_S = 0.1
"""Time after a loss in which late callbacks may make up for it: a few periods of 2048 frames."""
SMOOTHING = 0.05
"""Part of the deviation of a callback's time by which the expected time follows: its jitter goes down to a fifth."""


@callback_njit
def find_gap(words: NDArray[np.int64], frames: int, now: float, flags: int) -> int:
    """Frames that were lost before this callback of ``frames``, at the stream's time ``now`` in seconds.

    They are looked for where PortAudio says that some were lost. A callback that comes late has lost nothing if the
    next ones make up for it; so what counts is by how much all callbacks of `SETTLING_S` come too late, and the gap is
    put behind them. Sets the expected time of the next callback.
    """
    times = carray(as_float64(words[TIMES]), (TIME_WORDS,))
    rate, late = times[TIMES_RATE], now - times[EXPECTED_TIME]
    if words[CALLBACKS] == 0 or now <= 0.0 or abs(late) * rate > CAPACITY // 2:  # the first one, or no sensible time
        times[EXPECTED_TIME], times[SETTLED_TIME] = now + frames / rate, 0.0
        return 0
    times[EXPECTED_TIME] += frames / rate
    if flags & LOSSES and times[SETTLED_TIME] == 0.0:
        times[SETTLED_TIME], times[LEAST_LATE] = now + SETTLING_S, late
    if times[SETTLED_TIME] == 0.0:
        times[EXPECTED_TIME] += SMOOTHING * late
        return 0
    times[LEAST_LATE] = min(times[LEAST_LATE], late)
    if now < times[SETTLED_TIME]:
        return 0
    times[SETTLED_TIME] = 0.0
    gap = max(int64(np.floor(times[LEAST_LATE] * rate / max(frames, 1) + 0.5)), 0) * frames
    times[EXPECTED_TIME] += gap / rate
    return gap  # type: ignore[no-any-return]


@callback_njit
def record_times(words: NDArray[np.int64], frames: int, clock: NDArray[np.float64], flags: int) -> None:
    """Append this callback to the log: first frame, frames, flags, and its times in seconds."""
    head = words[CALLBACKS]
    row = carray(as_float64(words[LOG]), (LOG_ROWS, LOG_WORDS))[head & (LOG_ROWS - 1)]
    times = carray(as_float64(words[TIMES]), (TIME_WORDS,))
    row[LOG_FRAME], row[LOG_LENGTH], row[LOG_FLAGS] = words[RAW], frames, flags
    row[LOG_ADC], row[LOG_NOW], row[LOG_DAC] = clock[ADC_TIME], clock[CURRENT_TIME], clock[DAC_TIME]
    row[LOG_EXPECTED] = times[EXPECTED_TIME] - frames / times[TIMES_RATE]
    get_time(CLOCK, as_void(words[CLOCK_AT]))
    at = carray(as_int64(words[CLOCK_AT]), (CLOCK_WORDS,))
    row[LOG_CLOCK] = at[SECONDS] + 1e-9 * at[NANOSECONDS]
    store_release(words, CALLBACKS, head + 1)


@callback_njit
def point_to_inputs(words: NDArray[np.int64], inputs: NDArray[np.int64], first: int) -> None:
    """Let the cycle read the device's channels from frame ``first`` of this callback on."""
    ins = carray(as_int64(words[INS]), (2,))
    for channel in range(2):
        source = words[INS_FROM + channel]
        if source >= 0:
            ins[channel] = inputs[source] + 4 * first


@callback_njit
def write_outputs(words: NDArray[np.int64], outputs: NDArray[np.int64], first: int, frames: int) -> None:
    """Fill the device's channels from frame ``first`` on: each with the sum of the rows that are routed to it."""
    rows = carray(as_float32(words[WORK_OUT]), (OUTPUTS, WORK_ROW))
    routes = carray(as_int64(words[ROUTES]), (words[OUTPUT_COUNT], ROUTE_LENGTH))
    for channel in range(words[OUTPUT_COUNT]):
        sink = carray(as_float32(outputs[channel] + 4 * first), (frames,))
        for i in range(frames):
            sink[i] = 0.0
        for place in range(ROUTE_LENGTH):
            row = routes[channel, place]
            if row >= 0:
                for i in range(frames):
                    sink[i] += rows[row, i]


@callback_njit
def silence_outputs(words: NDArray[np.int64], outputs: NDArray[np.int64], frames: int) -> None:
    """Fill the device's channels with silence."""
    for channel in range(words[OUTPUT_COUNT]):
        sink = carray(as_float32(outputs[channel]), (frames,))
        for i in range(frames):
            sink[i] = 0.0


@callback_njit
def run_cycles(
    words: NDArray[np.int64], inputs: NDArray[np.int64], outputs: NDArray[np.int64], frames: int, cycle: int
) -> None:
    """Run the C function ``cycle`` on the ``frames`` of this callback, in as few parts as it takes."""
    first = 0
    while first < frames:
        part = min(frames - first, MAX_PERIOD)
        point_to_inputs(words, inputs, first)
        deliver_midi_input(words, part)
        carray(as_int64(words[CYCLE_ARGUMENT]), (1,))[0] = words[RAW] & 0xFFFFFFFF
        call_process(cycle, part, words[CYCLE_ARGUMENT])
        collect_midi_output(words)
        write_outputs(words, outputs, first, part)
        words[RAW] += part
        first += part


@callback_njit
def serve_stream(
    words: NDArray[np.int64], inputs: Any, outputs: Any, frames: int, clock: NDArray[np.float64], flags: int
) -> None:
    """One callback of ``frames`` frames. ``inputs``, ``outputs``: addresses of the channels' samples, float32."""
    gap = find_gap(words, frames, clock[CURRENT_TIME], flags)
    if flags & LOSSES:
        words[FLAGGED] += 1
    words[RAW] += gap
    record_times(words, frames, clock, flags)
    sources = carray(inputs, (words[INPUT_COUNT],))
    sinks = carray(outputs, (words[OUTPUT_COUNT],))
    cycle = load_acquire(words, CYCLE)
    if cycle == 0:
        silence_outputs(words, sinks, frames)
        words[RAW] += frames
    else:
        run_cycles(words, sources, sinks, frames, cycle)


def make_callback(width: Any) -> Any:
    """PortAudio's PaStreamCallback where an unsigned long is of ``width``: 64 bits, but 32 on Windows."""
    pointers, times = types.CPointer(types.int64), types.CPointer(types.float64)

    # PaStreamCallbackTimeInfo is three doubles: the times of the input, of now, of the output
    @cfunc(types.int32(pointers, pointers, width, times, width, pointers), error_model="numpy")  # type: ignore[untyped-decorator]
    def process_stream(inputs: Any, outputs: Any, count: Any, clock: Any, flags: Any, address: Any) -> int:
        serve_stream(carray(address, (WORDS,)), inputs, outputs, int64(count), carray(clock, (3,)), int64(flags))
        return CONTINUE

    return process_stream


process = make_callback(types.uint64 if ctypes.sizeof(ctypes.c_ulong) == 8 else types.uint32)

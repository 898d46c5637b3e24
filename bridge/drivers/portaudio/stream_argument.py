"""Stream argument: the words that the stream callback is called with, and what Python reads and writes of them.

Each word has one writer: C is the callback, P the control process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.drivers.portaudio.output_routes import ROUTE_LENGTH
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.slots import DATA, FRAME, KIND, RECORD_WORDS, SIZE

# fmt: off
(
    CYCLE,              # P  address of the C function of a cycle; 0: the outputs are silent
    CYCLE_ARGUMENT,     # P  address of its argument, whose first word is the frame time
    INPUT_COUNT,        # P  channels of the stream's input
    OUTPUT_COUNT,       # P  channels of the stream's output
    INS_FROM,           # P  for each channel of the graph's input the channel of the device, from 0; -1: silence
    INS_FROM_LAST,      # P
    INS,                # P  addresses, as all below: CallbackContext.ins
    WORK_OUT,           # P  CallbackContext.work_out
    ROUTES,             # P  rows of work_out that are summed in each channel of the device, -1: none
    CALLBACK_STATE,     # P  CallbackContext.callback_state
    IN_RECORDS,         # P  CallbackContext.in_events
    OUT_COUNTS,         # P  CallbackContext.out_counts
    OUT_RECORDS,        # P  CallbackContext.out_events
    TIMES,              # P  the rate in Hz; C: the time expected of the next callback, and what is known of a loss
    CLOCK_AT,           # P  room for a time
    LOG,                # P  rows of the last callbacks
    MIDI_IN_RING,       # P  records for the input
    MIDI_OUT_RING,      # P  records of the outputs
    RAW,                # C  the frame time: frames since the stream began, lost ones included
    CALLBACKS,          # C  how often PortAudio has called
    FLAGGED,            # C  callbacks before which something was lost, as PortAudio said
    LOST,               # C  MIDI messages for which the ring had no room
    MIDI_IN_HEAD,       # P  records ever written
    MIDI_IN_TAIL,       # C  records ever read
    MIDI_OUT_HEAD,      # C  records ever written
    MIDI_OUT_TAIL,      # P  records ever read
    MIDI_OUT_OPEN,      # P  1 while somebody reads them
    WORDS,
) = range(28)
# fmt: on

TIMES_RATE, EXPECTED_TIME, SETTLED_TIME, LEAST_LATE, TIME_WORDS = range(5)
"""Words of TIMES. After a loss: the time at which its length is known, 0 at all others; and by how much callbacks came
too late since, at the least."""
SECONDS, NANOSECONDS, CLOCK_WORDS = range(3)
"""Words of CLOCK_AT: a struct timespec."""
ADC_TIME, CURRENT_TIME, DAC_TIME = range(3)
"""Words of a PaStreamCallbackTimeInfo: when the input's first frame came in, now, when the output's goes out."""
INPUT_UNDERFLOW, INPUT_OVERFLOW, OUTPUT_UNDERFLOW, OUTPUT_OVERFLOW = 1, 2, 4, 8
LOSSES = INPUT_UNDERFLOW | INPUT_OVERFLOW | OUTPUT_UNDERFLOW | OUTPUT_OVERFLOW
"""Flags of a callback before which something was lost. Another one says that output buffers are being filled."""
LOG_ROWS = 4096
"""Callbacks that the log holds: 1.4 s of the shortest ones, 16 frames at 48 kHz. A power of two, as MIDI_ROWS is."""
LOG_FRAME, LOG_LENGTH, LOG_FLAGS, LOG_ADC, LOG_NOW, LOG_DAC, LOG_EXPECTED, LOG_CLOCK, LOG_WORDS = range(9)
"""Words of a row of the log: first frame, frames, flags, then seconds: the three times of the stream, and now without
its jitter; and now on time.monotonic's clock."""
MIDI_ROWS = 4096
"""Messages that wait: twice of what one MIDI cable carries in a second."""
LONGEST_MESSAGE = 8 * (RECORD_WORDS - DATA)
"""Bytes of the longest message that a record holds."""


@dataclass(frozen=True, slots=True)
class MidiRecord:
    """A message of the MIDI port number ``port``, for the frame time ``frame``."""

    frame: int
    port: int
    data: bytes


class StreamArgument:
    """What one stream is called with; keeps all that it points to alive.

    ``rate``: in Hz. ``ins``: the channels of the device, from 0, that the graph's input gets. ``outputs``: for each
    channel of the device the rows of the callback's output, `OUTPUTS` in all, that are summed there.
    """

    def __init__(self, rate: int, inputs: int, ins: Sequence[int], outputs: Sequence[Sequence[int]]) -> None:
        self.words = np.zeros(WORDS, np.int64)
        self._times = np.zeros(TIME_WORDS, np.float64)
        self._times[TIMES_RATE] = rate
        self._clock = np.zeros(CLOCK_WORDS, np.int64)
        self._log = np.zeros((LOG_ROWS, LOG_WORDS), np.float64)
        self._midi_in = np.zeros((MIDI_ROWS, RECORD_WORDS), np.int64)
        self._midi_out = np.zeros((MIDI_ROWS, RECORD_WORDS), np.int64)
        self._routes = np.full((max(len(outputs), 1), ROUTE_LENGTH), -1, np.int64)
        for channel, rows in enumerate(outputs):
            self._routes[channel, : len(rows)] = rows
        self._kept: tuple[object, ...] = ()
        self._read_rows = 0
        words = self.words
        words[INPUT_COUNT], words[OUTPUT_COUNT] = inputs, len(outputs)
        words[INS_FROM : INS_FROM + CHANNELS] = ins if inputs else -1
        words[[TIMES, LOG]] = self._times.ctypes.data, self._log.ctypes.data
        words[CLOCK_AT] = self._clock.ctypes.data
        words[[MIDI_IN_RING, MIDI_OUT_RING]] = self._midi_in.ctypes.data, self._midi_out.ctypes.data
        words[ROUTES] = self._routes.ctypes.data

    @property
    def address(self) -> int:
        """Address of the words."""
        return int(self.words.ctypes.data)

    def set_cycle(self, context: CallbackContext, function: int, argument: int, keep: object) -> None:
        """Let each callback run the C function at ``function`` with ``argument``, on ``context``. ``keep``: what both
        point to."""
        self._kept = (context, keep)
        words = self.words
        words[INS], words[WORK_OUT] = context.ins.ctypes.data, context.work_out.ctypes.data
        words[CALLBACK_STATE], words[IN_RECORDS] = context.callback_state.ctypes.data, context.in_events.ctypes.data
        words[OUT_COUNTS], words[OUT_RECORDS] = context.out_counts.ctypes.data, context.out_events.ctypes.data
        words[CYCLE_ARGUMENT] = argument
        publish(words, CYCLE, function)

    def unset_cycle(self) -> None:
        """Let the outputs be silent from the next callback on."""
        publish(self.words, CYCLE, 0)

    @property
    def callbacks(self) -> int:
        """How often PortAudio has called."""
        return observe(self.words, CALLBACKS)

    @property
    def flag_count(self) -> int:
        """Callbacks before which something was lost, as PortAudio said."""
        return int(self.words[FLAGGED])

    @property
    def frame(self) -> int:
        """The frame time at the end of the last callback, lost frames included."""
        return int(self.words[RAW])

    def read_log(self) -> NDArray[np.float64]:
        """The callbacks since the last call, shape (callbacks, LOG_WORDS); those that the log has lost are left out."""
        head = observe(self.words, CALLBACKS)
        first = max(self._read_rows, head - LOG_ROWS // 2)
        self._read_rows = head
        rows: NDArray[np.float64] = self._log[np.arange(first, head) & (LOG_ROWS - 1)]
        return rows

    def read_last(self) -> NDArray[np.float64]:
        """The newest row of the log, shape (LOG_WORDS,)."""
        row: NDArray[np.float64] = self._log[(observe(self.words, CALLBACKS) - 1) & (LOG_ROWS - 1)].copy()
        return row

    def read_length(self) -> int:
        """Frames of the last callback; 0 before the first."""
        return int(self.read_last()[LOG_LENGTH])

    def open_midi_output(self) -> None:
        """Collect what the MIDI ports send, from the next cycle on; `read_midi` must be called often."""
        self.words[MIDI_OUT_TAIL] = observe(self.words, MIDI_OUT_HEAD)
        publish(self.words, MIDI_OUT_OPEN, 1)

    def read_midi(self) -> list[MidiRecord]:
        """The messages of the MIDI ports since the last call, port by port of each cycle."""
        head, tail = observe(self.words, MIDI_OUT_HEAD), int(self.words[MIDI_OUT_TAIL])
        rows = self._midi_out[np.arange(tail, head) & (MIDI_ROWS - 1)]
        publish(self.words, MIDI_OUT_TAIL, head)
        return [MidiRecord(int(row[FRAME]), int(row[KIND]), row[DATA:].tobytes()[: int(row[SIZE])]) for row in rows]

    def write_midi(self, frame: int, message: bytes) -> bool:
        """Let ``message`` come in at frame time ``frame``; False where it is too long, or too many wait.

        Called by one thread, with frames that do not decrease.
        """
        head = int(self.words[MIDI_IN_HEAD])
        if len(message) > LONGEST_MESSAGE or head - observe(self.words, MIDI_IN_TAIL) >= MIDI_ROWS:
            return False
        row = self._midi_in[head & (MIDI_ROWS - 1)]
        row[FRAME], row[SIZE] = frame, len(message)
        row[DATA:] = np.frombuffer(message.ljust(LONGEST_MESSAGE, b"\0"), np.int64)
        publish(self.words, MIDI_IN_HEAD, head + 1)
        return True

"""Stream MIDI: messages between the cycle and a Python thread, since PortAudio carries none.

Compiled code. Two rings of records, laid out as those of the callback context, with the frame on the frame time of
`stream_callback`: one that the callback reads, one that it writes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.drivers.portaudio.stream_argument import (
    CALLBACK_STATE,
    IN_RECORDS,
    LOST,
    MIDI_IN_HEAD,
    MIDI_IN_RING,
    MIDI_IN_TAIL,
    MIDI_OUT_HEAD,
    MIDI_OUT_OPEN,
    MIDI_OUT_RING,
    MIDI_OUT_TAIL,
    MIDI_ROWS,
    OUT_COUNTS,
    OUT_RECORDS,
    RAW,
)
from bridge.runtime.callback.context import PORTS
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_int64, carray, load_acquire, store_release
from bridge.runtime.shared.callback_jit import callback_njit
from bridge.runtime.shared.layout import MAX_EVENTS
from bridge.runtime.shared.slots import CALLBACK_WORDS, FRAME, KIND, RECORD_WORDS


@callback_njit
def deliver_midi_input(words: NDArray[np.int64], frames: int) -> None:
    """Give the messages that are due within these ``frames`` to the cycle; what is late comes at its first frame."""
    own = carray(as_int64(words[CALLBACK_STATE]), (CALLBACK_WORDS,))
    records = carray(as_int64(words[IN_RECORDS]), (MAX_EVENTS, RECORD_WORDS))
    ring = carray(as_int64(words[MIDI_IN_RING]), (MIDI_ROWS, RECORD_WORDS))
    head, tail, count = load_acquire(words, MIDI_IN_HEAD), words[MIDI_IN_TAIL], 0
    while tail < head and count < MAX_EVENTS:
        row = ring[tail & (MIDI_ROWS - 1)]
        if row[FRAME] >= words[RAW] + frames:
            break
        for word in range(RECORD_WORDS):
            records[count, word] = row[word]
        records[count, FRAME] = max(row[FRAME] - words[RAW], 0)
        count += 1
        tail += 1
    own[w.IN_EVENTS] = count
    store_release(words, MIDI_IN_TAIL, tail)


@callback_njit
def collect_midi_output(words: NDArray[np.int64]) -> None:
    """Take what the MIDI ports would send in this cycle, if anybody reads it."""
    if load_acquire(words, MIDI_OUT_OPEN) == 0:
        return
    counts = carray(as_int64(words[OUT_COUNTS]), (PORTS,))
    records = carray(as_int64(words[OUT_RECORDS]), (PORTS, MAX_EVENTS, RECORD_WORDS))
    ring = carray(as_int64(words[MIDI_OUT_RING]), (MIDI_ROWS, RECORD_WORDS))
    head, tail = words[MIDI_OUT_HEAD], load_acquire(words, MIDI_OUT_TAIL)
    for port in range(PORTS):
        for place in range(counts[port]):
            if head - tail >= MIDI_ROWS:
                words[LOST] += 1
                continue
            row = ring[head & (MIDI_ROWS - 1)]
            for word in range(RECORD_WORDS):
                row[word] = records[port, place, word]
            row[FRAME] += words[RAW]
            row[KIND] = port
            head += 1
    store_release(words, MIDI_OUT_HEAD, head)

"""Ring buffers for Python code: audio indexed by frame, events in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.core.events import Payload, TimedEvent, pack, unpack
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import CAPACITY, RECORDS
from bridge.runtime.shared.slots import DATA, EPOCH_SHIFT, FRAME, KIND, RING_DELAY, RING_HEAD, SIZE


def read_audio(ring: NDArray[np.float32], frame: int, out: Audio, capacity: int = CAPACITY) -> None:
    """Copy the frames from ``frame`` on into ``out``, shape (channels, frames)."""
    start, count = frame % capacity, out.shape[1]
    first = min(count, capacity - start)
    out[:, :first] = ring[:, start : start + first]
    out[:, first:] = ring[:, : count - first]


def write_audio(ring: NDArray[np.float32], row: int, frame: int, audio: Audio, capacity: int = CAPACITY) -> None:
    """Copy ``audio`` into the ring's rows from ``row`` on, at ``frame``."""
    rows = slice(row, row + audio.shape[0])
    start, count = frame % capacity, audio.shape[1]
    first = min(count, capacity - start)
    ring[rows, start : start + first] = audio[:, :first]
    ring[rows, : count - first] = audio[:, first:]


class EventWriter:
    """The one writer of an event ring."""

    def __init__(self, records: NDArray[np.int64], head: NDArray[np.int64]) -> None:
        self._records = records
        self._bytes = records.view(np.uint8).reshape(RECORDS, -1)
        self._head = head

    def write(self, event: TimedEvent, epoch: int) -> None:
        """Append ``event`` as a record of ``epoch``."""
        kind, size, data = pack(event.payload)
        written = int(self._head[RING_HEAD])
        slot = written % RECORDS
        self._records[slot, FRAME] = event.frame
        self._records[slot, KIND] = kind | epoch << EPOCH_SHIFT
        self._records[slot, SIZE] = size
        self._bytes[slot, 8 * DATA :] = np.frombuffer(data, np.uint8)
        publish(self._head, RING_HEAD, written + 1)


class EventReader:
    """A reader of an event ring, one of any number, with its own cursor."""

    def __init__(self, records: NDArray[np.int64], head: NDArray[np.int64]) -> None:
        self._records = records
        self._head = head
        self.cursor = 0
        self.lost = 0
        self.epoch = 0
        """Records of an older epoch of their writer are skipped."""

    @property
    def written(self) -> int:
        """Records ever written."""
        return observe(self._head, RING_HEAD)

    @property
    def delay(self) -> int:
        """Declared delay in frames of the path of this ring."""
        return int(self._head[RING_DELAY])

    def read(self, before: int | None = None) -> list[TimedEvent]:
        """The records not read yet, or those of them whose frame lies before ``before``."""
        return [event for _, event in self.read_with_epochs(before)]

    def read_with_epochs(self, before: int | None = None) -> list[tuple[int, TimedEvent]]:
        """As `read`, each with the epoch of its writer."""
        events: list[tuple[int, TimedEvent]] = []
        written = self.written
        while self.cursor < written:
            if written - self.cursor > RECORDS - 64:  # overrun, or about to be while we read
                self.lost += written - self.cursor - RECORDS // 2
                self.cursor = written - RECORDS // 2
            record = self._records[self.cursor % RECORDS].copy()
            epoch = int(record[KIND]) >> EPOCH_SHIFT
            if epoch < self.epoch:
                self.cursor += 1
                continue
            if before is not None and record[FRAME] >= before:
                break
            events.append((epoch, TimedEvent(int(record[FRAME]), read_payload(record))))
            self.cursor += 1
        return events


def read_payload(record: NDArray[np.int64]) -> Payload:
    """The payload of one record, shape (RECORD_WORDS,)."""
    kind = int(record[KIND]) & ((1 << EPOCH_SHIFT) - 1)
    return unpack(kind, int(record[SIZE]), record[DATA:].tobytes())

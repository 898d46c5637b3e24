"""Control MIDI: Python's end of the ports ``control_in`` and ``control_out``, which the audio callback serves.

The callback puts what arrives into a ring and wakes the reader; it takes what is to be sent out of another ring. So no
message is lost while Python is busy, and no audio is late because of one. A mute or solo button does not even wait for
Python: see `ControlMidi.set_switches`.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import STEMS
from bridge.core.midi import NOTE_OFF, NOTE_ON
from bridge.core.midi_stream import MidiStream
from bridge.errors import DriverError
from bridge.runtime.callback.control_context import CONTROL_IN_WORDS, CONTROL_OUT_WORDS, ControlContext
from bridge.runtime.callback.switch_gains import PRESSED
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, publish, swap
from bridge.runtime.shared.slots import AFTER_LOSS, CONTROL_DATA, NEW_TABLE, SWITCH_ROWS
from bridge.runtime.shared.wake import PollSleep, SemaphoreSleep, make_semaphore, post_semaphore

MAX_SENT_BYTES = 1 << 14
"""Longest message to a controller: half of a MIDI buffer of JACK 1.9."""
POLL_S = 0.001

Gains: TypeAlias = tuple[Mapping[str, float], Mapping[str, float]]
"""Linear gains by stem: of the stem ports, and in the mix (`control_binding.compute_port_and_mix_gains`)."""


class Switch(NamedTuple):
    """A message of three bytes that presses a button or releases it: data byte 2 above 0, or 0.

    Notes are written with the status of a note-on; a note-off counts as the release.
    """

    status: int
    data_1: int
    pressed: bool


class OutputFullError(DriverError):
    """What is to be sent finds no room, because no callback takes it."""

    def __init__(self) -> None:
        super().__init__("control_out is full: JACK takes no messages", "is the JACK server running?")


class ControlMidi:
    """A context manager: inside, the callback wakes the reader. One thread reads, one thread sends.

    ``control``: `Graph.control_context`.
    """

    def __init__(self, control: ControlContext) -> None:
        self._control = control
        self._own, self._requests = control.own, control.requests
        self._in_bytes = control.ring_in.view(np.uint8)
        self._out_bytes = control.ring_out.view(np.uint8)
        self._stream = MidiStream()
        self._read = observe(self._own, w.CONTROL_IN_HEAD)  # what an earlier reader left is not for this one
        publish(self._requests, w.CONTROL_IN_TAIL, self._read)
        self._back = 2  # the switch table that is ours
        self._sleep: Callable[[float], None] = PollSleep()
        self._woken = False
        self.received = self.sent = 0
        """Whole messages since the start."""

    def __enter__(self) -> ControlMidi:
        if semaphore := make_semaphore(self._control.semaphore):
            self._sleep = SemaphoreSleep(self._control.semaphore)
            publish(self._requests, w.CONTROL_WAKE, semaphore)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.set_switches({})
        self.confirm()
        publish(self._requests, w.CONTROL_WAKE, 0)

    @property
    def lost(self) -> int:
        """Events that arrived while the ring was full, and messages that JACK's buffer did not take."""
        return int(self._own[w.CONTROL_LOST] + self._own[w.CONTROL_REFUSED])

    @property
    def incomplete(self) -> int:
        """Messages that ended before they were whole."""
        return self._stream.incomplete

    @property
    def generation(self) -> int:
        """How often the client was connected to a server; devices of another one must be set up and lit again."""
        return observe(self._requests, w.CONTROL_GENERATION)

    @property
    def cycles(self) -> int:
        """How many cycles the server has run."""
        return observe(self._control.state, w.CYCLES)

    @property
    def is_drained(self) -> bool:
        """Whether all that was sent is in JACK's buffers. Others have it two cycles later: see `flush`."""
        return observe(self._own, w.CONTROL_OUT_TAIL) == int(self._requests[w.CONTROL_OUT_HEAD])

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something arrives, `wake` is called or ``timeout_s`` is over; returns whether something is there.

        Confirms, as `confirm` does.
        """
        self.confirm()
        end_s = time.monotonic() + timeout_s
        while not (arrived := observe(self._own, w.CONTROL_IN_HEAD) != self._read):
            left_s = end_s - time.monotonic()
            if left_s <= 0 or self._woken:
                break
            self._sleep(left_s)
        self._woken = False
        return arrived

    def wake(self) -> None:
        """Let `wait` return. From any thread."""
        self._woken = True
        if address := int(self._requests[w.CONTROL_WAKE]):
            post_semaphore(address)

    def receive(self) -> list[tuple[int, bytes]]:
        """The whole messages that arrived since the last call: (stream frame, message), in order.

        A system exclusive message has the frame of its end. Confirms what earlier calls returned, as `confirm` does.
        """
        self.confirm()
        head = observe(self._own, w.CONTROL_IN_HEAD)
        raw = self._copy_words(self._read, head)
        publish(self._requests, w.CONTROL_IN_TAIL, head)
        self._read = head
        messages: list[tuple[int, bytes]] = []
        at = 0
        while at < len(raw):
            frame, size = struct.unpack_from("=qq", raw, at)
            if size & AFTER_LOSS:
                self._stream.break_off()
                size &= AFTER_LOSS - 1
            at += 8 * CONTROL_DATA
            messages += [(frame, message) for message in self._stream.feed(raw[at : at + size])]
            at += (size + 7) // 8 * 8
        self.received += len(messages)
        return messages

    def _copy_words(self, start: int, end: int) -> bytes:
        """The words of the input ring from position ``start`` to ``end``."""
        first, last = 8 * (start % CONTROL_IN_WORDS), 8 * (end - start)
        part = self._in_bytes[first : first + last].tobytes()
        return part + self._in_bytes[: last - len(part)].tobytes()

    def confirm(self) -> None:
        """Say that all messages received so far are handled: the Bus and the graph have their effects.

        `wait` and `receive` say so too. From then on the gains are the graph's, not those that a switch anticipated.
        """
        if self._requests[w.CONTROL_HANDLED] != self._read:
            publish(self._requests, w.CONTROL_HANDLED, self._read)

    def send(self, message: bytes) -> None:
        """Send one whole message from the next callback on.

        Raises:
            OutputFullError: The ring is full because JACK does not run.
            DriverError: The message is empty or too long.
        """
        size = len(message)
        if not 0 < size <= MAX_SENT_BYTES:
            raise DriverError(
                f"a MIDI message of {size} bytes cannot be sent to a controller", f"send 1 to {MAX_SENT_BYTES} bytes"
            )
        head, words = int(self._requests[w.CONTROL_OUT_HEAD]), 1 + (size + 7) // 8
        left = CONTROL_OUT_WORDS - head % CONTROL_OUT_WORDS
        padding = left if left < words else 0
        if head + padding + words - observe(self._own, w.CONTROL_OUT_TAIL) > CONTROL_OUT_WORDS:
            raise OutputFullError
        if padding:
            self._control.ring_out[head % CONTROL_OUT_WORDS] = -padding
            head += padding
        place = head % CONTROL_OUT_WORDS
        self._control.ring_out[place] = size
        self._out_bytes[8 * (place + 1) : 8 * (place + 1) + size] = np.frombuffer(message, np.uint8)
        publish(self._requests, w.CONTROL_OUT_HEAD, head + words)
        self.sent += 1

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was sent has reached the other clients; False where ``timeout_s`` is not enough."""
        if not self.sent:
            return True  # also while no server runs
        end_s = time.monotonic() + timeout_s
        since = -1
        while time.monotonic() < end_s:
            cycles = self.cycles
            if self.is_drained:
                since = cycles if since < 0 else since
                if cycles >= since + 2:
                    return True
            time.sleep(POLL_S)
        return False

    def set_switches(self, rows: Mapping[Switch, Gains]) -> None:
        """Set which gains each switch leads to, as things are now; they replace all earlier ones.

        On such a message the callback lets these gains begin in the same cycle, and holds them until the message is
        confirmed (`wait`, `receive`, `confirm`). So call this after each change of what a button would do, in
        particular in handling a message before it is confirmed:

            for frame, message in control_midi.receive():
                controller.receive(message, now_s)              # sets controls on the Bus, so the graph's gains
            control_midi.set_switches({
                Switch(*key): compute_port_and_mix_gains({**bus.values(), **changes})
                for key, changes in controller.predict_switches().items()
            })

        Only the gains that differ from the present ones, on a press or on its release, are set by a row: two buttons
        for two stems do not undo one another. A button that is pressed again before the first press was handled is
        foreseen as the first one was, and is right as soon as it is handled. Rows beyond SWITCH_ROWS are left to
        Python. Call it from one thread.
        """
        present = self._control.gains
        found = {switch: _join_gains(gains) for switch, gains in rows.items()}
        moved: dict[tuple[int, int], NDArray[np.bool_]] = {}
        for switch, gains in found.items():
            moved[switch[:2]] = moved.get(switch[:2], False) | (gains != present)
        keys, table = self._control.switch_keys[self._back], self._control.switch_gains[self._back]
        keys[:] = -1
        used = [(switch, gains) for switch, gains in found.items() if moved[switch[:2]].any()]
        for row, (switch, gains) in enumerate(used[:SWITCH_ROWS]):
            keys[row] = _make_key(switch)
            table[row] = np.where(moved[switch[:2]], gains, np.nan)
        self._back = swap(self._control.switch_middle, 0, self._back | NEW_TABLE) & (NEW_TABLE - 1)


def _join_gains(gains: Gains) -> NDArray[np.float64]:
    """As `SharedArrays.gains`: of the ports, then in the mix."""
    return np.array([part[stem] for part in gains for stem in STEMS], np.float64)


def _make_key(switch: Switch) -> int:
    status = switch.status ^ NOTE_OFF ^ NOTE_ON if switch.status & 0xF0 == NOTE_OFF else switch.status
    return status | switch.data_1 << 8 | (PRESSED if switch.pressed else 0)

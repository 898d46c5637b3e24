"""A tape machine on JACK: plays a take and records the answer, each sample at its own JACK frame.

It stands in for a DAW in the demo and measures delays everywhere else. Two tapes started at the same JACK frame
share one time, so a player and a recorder measure a road to the frame, with no feedback edge between them.
Its callback is compiled like the sidecar's, and never misses a sample that JACK delivers.
"""

from __future__ import annotations

import ctypes
import errno
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.core.events import Midi, TimedEvent
from bridge.core.jit import cfunc
from bridge.drivers.clients import activate_client, close_client, open_client
from bridge.drivers.libjack import address, import_jack, load
from bridge.drivers.process_callback import (
    get_buffer,
    int64,
    last_frame_time,
    midi_clear,
    midi_count,
    midi_get,
    midi_write,
    types,
)
from bridge.errors import DriverError
from bridge.runtime.shared.atomics import (
    address_of,
    as_float32,
    as_int64,
    as_uint8,
    as_void,
    carray,
    observe,
    publish,
    store_release,
)
from bridge.runtime.shared.callback_jit import compiled

MAX_PORTS = 16
MAX_RECORDED = 1 << 16  # messages a port
SHORT = 8  # bytes of the longest message on tape

(
    CLIENT,
    ARMED,  # 1 once START is valid
    START,  # JACK frame time of the tape's frame 0
    FRAMES,  # length
    POSITION,  # tape frames passed
    CYCLES,
    SKIPPED,  # callbacks that never came
    LAST,  # frame time of the last one
    PERIOD,
    PLAYS,
    RECORDS,
    PLAY,  # address, float32 (plays, frames)
    RECORD,
    MIDI_PLAY,  # port, 0: none
    EVENTS,  # address, int64 (count, 3): frame, size, bytes
    EVENT_COUNT,
    NEXT_EVENT,
    MIDI_RECORDS,
    RECORDED,  # address, int64 (ports, MAX_RECORDED, 3)
    RECORDED_COUNTS,  # address, int64 (ports,)
    SCRATCH,  # address of a jack_midi_event_t
    PLAY_PORTS,
) = range(22)
RECORD_PORTS = PLAY_PORTS + MAX_PORTS
MIDI_PORTS_AT = RECORD_PORTS + MAX_PORTS
WORDS = MIDI_PORTS_AT + MAX_PORTS


@compiled
def pass_audio(tape: NDArray[np.int64], at: int, frames: int) -> None:
    length = tape[FRAMES]
    for row in range(tape[PLAYS]):
        sink = carray(as_float32(address_of(get_buffer(as_void(tape[PLAY_PORTS + row]), frames))), (frames,))
        reel = carray(as_float32(tape[PLAY]), (tape[PLAYS], length))
        for i in range(frames):
            sink[i] = reel[row, at + i] if 0 <= at + i < length else 0.0
    for row in range(tape[RECORDS]):
        source = carray(as_float32(address_of(get_buffer(as_void(tape[RECORD_PORTS + row]), frames))), (frames,))
        reel = carray(as_float32(tape[RECORD]), (tape[RECORDS], length))
        for i in range(frames):
            if 0 <= at + i < length:
                reel[row, at + i] = source[i]


@compiled
def play_midi(tape: NDArray[np.int64], at: int, frames: int) -> None:
    buffer = get_buffer(as_void(tape[MIDI_PLAY]), frames)
    midi_clear(buffer)
    events = carray(as_int64(tape[EVENTS]), (max(tape[EVENT_COUNT], 1), 3))
    while tape[NEXT_EVENT] < tape[EVENT_COUNT] and events[tape[NEXT_EVENT], 0] < at + frames:
        index = tape[NEXT_EVENT]
        data = as_void(tape[EVENTS] + (index * 3 + 2) * 8)
        midi_write(buffer, max(events[index, 0] - at, 0), data, events[index, 1])
        tape[NEXT_EVENT] += 1


@compiled
def record_midi(tape: NDArray[np.int64], at: int, frames: int) -> None:
    ports = tape[MIDI_RECORDS]
    kept = carray(as_int64(tape[RECORDED]), (max(ports, 1), MAX_RECORDED, 3))
    counts = carray(as_int64(tape[RECORDED_COUNTS]), (max(ports, 1),))
    event = carray(as_int64(tape[SCRATCH]), (3,))
    for port in range(ports):
        buffer = get_buffer(as_void(tape[MIDI_PORTS_AT + port]), frames)
        for i in range(midi_count(buffer)):
            if midi_get(as_void(tape[SCRATCH]), buffer, i) != 0 or counts[port] == MAX_RECORDED:
                continue
            data = carray(as_uint8(event[2]), (event[1],))
            word = int64(0)
            for k in range(min(event[1], SHORT)):
                word |= int64(data[k]) << (8 * k)
            row = kept[port, counts[port]]
            row[0], row[1], row[2] = at + (event[0] & 0xFFFFFFFF), event[1], word
            counts[port] += 1


@compiled
def turn(tape: NDArray[np.int64], frames: int) -> None:
    """One callback: the tape's position follows from JACK's frame time, so a skipped callback leaves a gap."""
    now = int64(last_frame_time(as_void(tape[CLIENT])))
    if tape[CYCLES] > 0 and (now - tape[LAST]) & 0xFFFFFFFF != tape[PERIOD]:
        tape[SKIPPED] += 1
    tape[LAST], tape[PERIOD] = now, frames
    armed = tape[ARMED] == 1  # once: set in the middle of this, it would have all notes out at its first moment
    at = int64(tape[FRAMES])
    if armed:
        at = ((now - tape[START] + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    pass_audio(tape, at, frames)
    if tape[MIDI_PLAY] != 0:
        if armed:
            play_midi(tape, at, frames)
        else:
            midi_clear(get_buffer(as_void(tape[MIDI_PLAY]), frames))
    if armed:
        record_midi(tape, at, frames)
        store_release(tape, POSITION, at + frames)
    store_release(tape, CYCLES, tape[CYCLES] + 1)


@cfunc(types.int32(types.uint32, types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def process(frames: Any, argument: Any) -> int:
    """libjack's JackProcessCallback."""
    turn(carray(argument, (WORDS,)), int64(frames))
    return 0


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a tape, by short names. ``midi_play`` names the one MIDI output, if any."""

    play: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    midi_play: str = ""
    midi_record: tuple[str, ...] = ()


class Tape:
    """A context manager: a client ``name`` on ``server``, its reels ``frames`` long."""

    def __init__(self, name: str, server: str | None, frames: int, ports: Ports) -> None:
        if max(len(ports.play), len(ports.record), len(ports.midi_record)) > MAX_PORTS:
            raise DriverError(f"a tape has at most {MAX_PORTS} ports of a kind")
        self._name, self._server, self._ports, self.frames = name, server, ports, frames
        # written now, so that no page of them is missing when the callback comes to it
        self._reel = np.full((len(ports.play), frames), 0.0, np.float32)
        self.recorded = np.full((len(ports.record), frames), 0.0, np.float32)
        """What came in, shape (record ports, frames)."""
        self._kept = np.zeros((max(len(ports.midi_record), 1), MAX_RECORDED, 3), np.int64)
        self._counts = np.zeros(max(len(ports.midi_record), 1), np.int64)
        self._events = np.zeros((0, 3), np.int64)
        self._scratch = np.zeros(3, np.int64)
        self._words = np.zeros(WORDS, np.int64)
        self.client: Any = None

    def load(self, audio: Audio | None = None, midi: Sequence[TimedEvent] = ()) -> None:
        """Put ``audio``, shape (play ports, at most frames), and short ``midi`` messages on the tape."""
        if audio is not None:
            self._reel[:, : audio.shape[1]] = audio
        messages = [(e.frame, e.payload.data) for e in midi if isinstance(e.payload, Midi)]
        rows = [
            (f, len(d), int.from_bytes(d, "little")) for f, d in sorted(messages, key=lambda m: m[0]) if len(d) < SHORT
        ]
        self._events = np.array(rows, np.int64).reshape(-1, 3)

    def __enter__(self) -> Tape:
        client = open_client(self._name, self._server)
        try:
            self._set_up(client)
        except BaseException:
            close_client(client)  # left open on a server that dies, it would keep all others of this process away
            raise
        self.client = client
        return self

    def _set_up(self, client: Any) -> None:
        words, ports = self._words, self._ports
        words[CLIENT] = address(client._ptr)
        for first, names, register in (
            (PLAY_PORTS, ports.play, client.outports.register),
            (RECORD_PORTS, ports.record, client.inports.register),
            (MIDI_PORTS_AT, ports.midi_record, client.midi_inports.register),
        ):
            for i, name in enumerate(names):
                words[first + i] = address(register(name)._ptr)
        if ports.midi_play:
            words[MIDI_PLAY] = address(client.midi_outports.register(ports.midi_play)._ptr)
        words[[PLAYS, RECORDS, MIDI_RECORDS]] = len(ports.play), len(ports.record), len(ports.midi_record)
        words[FRAMES] = self.frames
        words[PLAY], words[RECORD] = self._reel.ctypes.data, self.recorded.ctypes.data
        words[RECORDED], words[RECORDED_COUNTS] = self._kept.ctypes.data, self._counts.ctypes.data
        words[EVENTS], words[EVENT_COUNT] = self._events.ctypes.data, len(self._events)
        words[SCRATCH] = self._scratch.ctypes.data
        argument = ctypes.c_void_p(words.ctypes.data)
        if load().jack_set_process_callback(address(client._ptr), process.address, argument):
            raise DriverError("JACK refused the process callback")
        activate_client(client)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        close_client(self.client)

    def connect(self, links: dict[str, str]) -> None:
        """Connect our short port names to full names, whichever way each port points."""
        outs = {*self._ports.play, self._ports.midi_play}
        for ours, theirs in links.items():
            full = f"{self.client.name}:{ours}"
            try:
                self.client.connect(*((full, theirs) if ours in outs else (theirs, full)))
            except import_jack().JackErrorCode as error:
                if error.code != errno.EEXIST:  # the sidecar remembered the link and was quicker
                    raise DriverError(f"{full} cannot be connected to {theirs}: {error}") from error

    def start(self, frame: int) -> None:
        """The tape's frame 0 is JACK's frame time ``frame``."""
        self._words[START] = frame
        publish(self._words, ARMED, 1)

    @property
    def started_at(self) -> int:
        """JACK's frame time of tape frame 0."""
        return int(self._words[START])

    @property
    def position(self) -> int:
        """Tape frames that have passed; below 0 before the start."""
        return observe(self._words, POSITION) if self._words[ARMED] else -1

    @property
    def cycles(self) -> int:
        return observe(self._words, CYCLES)

    @property
    def skipped(self) -> int:
        return int(self._words[SKIPPED])

    def midi(self, port: str) -> list[TimedEvent]:
        """What came in at ``port`` so far, in tape frames."""
        index = self._ports.midi_record.index(port)
        rows = self._kept[index, : self._counts[index]]
        return [
            TimedEvent(int(f), Midi(int(word).to_bytes(8, "little", signed=True)[: int(size)]))
            for f, size, word in rows
        ]

    def wait(self, timeout_s: float) -> None:
        """Return when the tape is through; a DriverError where it does not move on."""
        deadline = time.monotonic() + timeout_s
        while self.position < self.frames:
            if time.monotonic() > deadline:
                raise DriverError(f"the tape {self._name!r} stands at frame {self.position} of {self.frames}")
            time.sleep(0.005)


def start_together(*tapes: Tape, margin_frames: int = 0) -> None:
    """Start all at one JACK frame a little ahead, so that each has it before it comes."""
    period = max(int(tape.client.blocksize) for tape in tapes)
    frame = max(int(tape.client.last_frame_time) for tape in tapes) + max(8 * period, margin_frames)
    for tape in tapes:
        tape.start(frame & 0xFFFFFFFF)

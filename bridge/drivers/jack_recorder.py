"""JACK player and recorder: plays audio and MIDI and records what returns, each sample at its own JACK frame.

It acts as the DAW in the demo and measures delays everywhere else. Two of them started at the same JACK frame share
one time line, so a player and a recorder measure a signal path to the frame, with no feedback edge between them.
The callback is compiled like the sidecar's, and never misses a sample that JACK delivers.
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
from bridge.runtime.shared.callback_jit import callback_njit

MAX_PORTS = 16
MAX_RECORDED = 1 << 16  # messages a port
MAX_MESSAGE_BYTES = 8

(
    CLIENT,
    ARMED,  # 1 once START is valid
    START,  # JACK frame time of the recording's frame 0
    FRAMES,  # length
    POSITION,  # recording frames passed
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
STATE_WORDS = MIDI_PORTS_AT + MAX_PORTS


@callback_njit
def process_audio(state: NDArray[np.int64], at: int, frames: int) -> None:
    length = state[FRAMES]
    for row in range(state[PLAYS]):
        sink = carray(as_float32(address_of(get_buffer(as_void(state[PLAY_PORTS + row]), frames))), (frames,))
        samples = carray(as_float32(state[PLAY]), (state[PLAYS], length))
        for i in range(frames):
            sink[i] = samples[row, at + i] if 0 <= at + i < length else 0.0
    for row in range(state[RECORDS]):
        source = carray(as_float32(address_of(get_buffer(as_void(state[RECORD_PORTS + row]), frames))), (frames,))
        samples = carray(as_float32(state[RECORD]), (state[RECORDS], length))
        for i in range(frames):
            if 0 <= at + i < length:
                samples[row, at + i] = source[i]


@callback_njit
def play_midi(state: NDArray[np.int64], at: int, frames: int) -> None:
    buffer = get_buffer(as_void(state[MIDI_PLAY]), frames)
    midi_clear(buffer)
    events = carray(as_int64(state[EVENTS]), (max(state[EVENT_COUNT], 1), 3))
    while state[NEXT_EVENT] < state[EVENT_COUNT] and events[state[NEXT_EVENT], 0] < at + frames:
        index = state[NEXT_EVENT]
        data = as_void(state[EVENTS] + (index * 3 + 2) * 8)
        midi_write(buffer, max(events[index, 0] - at, 0), data, events[index, 1])
        state[NEXT_EVENT] += 1


@callback_njit
def record_midi(state: NDArray[np.int64], at: int, frames: int) -> None:
    ports = state[MIDI_RECORDS]
    kept = carray(as_int64(state[RECORDED]), (max(ports, 1), MAX_RECORDED, 3))
    counts = carray(as_int64(state[RECORDED_COUNTS]), (max(ports, 1),))
    event = carray(as_int64(state[SCRATCH]), (3,))
    for port in range(ports):
        buffer = get_buffer(as_void(state[MIDI_PORTS_AT + port]), frames)
        for i in range(midi_count(buffer)):
            if midi_get(as_void(state[SCRATCH]), buffer, i) != 0 or counts[port] == MAX_RECORDED:
                continue
            data = carray(as_uint8(event[2]), (event[1],))
            word = int64(0)
            for k in range(min(event[1], MAX_MESSAGE_BYTES)):
                word |= int64(data[k]) << (8 * k)
            row = kept[port, counts[port]]
            row[0], row[1], row[2] = at + (event[0] & 0xFFFFFFFF), event[1], word
            counts[port] += 1


@callback_njit
def process_block(state: NDArray[np.int64], frames: int) -> None:
    """Process one callback. The position follows from JACK's frame time, so a skipped callback leaves a gap."""
    now = int64(last_frame_time(as_void(state[CLIENT])))
    if state[CYCLES] > 0 and (now - state[LAST]) & 0xFFFFFFFF != state[PERIOD]:
        state[SKIPPED] += 1
    state[LAST], state[PERIOD] = now, frames
    armed = state[ARMED] == 1  # read once: if it changed in the middle, all notes would be sent at the first frame
    at = int64(state[FRAMES])
    if armed:
        at = ((now - state[START] + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    process_audio(state, at, frames)
    if state[MIDI_PLAY] != 0:
        if armed:
            play_midi(state, at, frames)
        else:
            midi_clear(get_buffer(as_void(state[MIDI_PLAY]), frames))
    if armed:
        record_midi(state, at, frames)
        store_release(state, POSITION, at + frames)
    store_release(state, CYCLES, state[CYCLES] + 1)


@cfunc(types.int32(types.uint32, types.CPointer(types.int64)), error_model="numpy")  # type: ignore[untyped-decorator]
def process(frames: Any, argument: Any) -> int:
    """libjack's JackProcessCallback."""
    process_block(carray(argument, (STATE_WORDS,)), int64(frames))
    return 0


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a `JackRecorder`, by short names. ``midi_play`` names the one MIDI output, if any."""

    play: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    midi_play: str = ""
    midi_record: tuple[str, ...] = ()


class JackRecorder:
    """A context manager: a client ``name`` on ``server``, its reels ``frames`` long."""

    def __init__(self, name: str, server: str | None, frames: int, ports: Ports) -> None:
        if max(len(ports.play), len(ports.record), len(ports.midi_record)) > MAX_PORTS:
            raise DriverError(f"a player or recorder has at most {MAX_PORTS} ports of a kind")
        self._name, self._server, self._ports, self.frames = name, server, ports, frames
        # written now, so that the callback meets no page fault
        self._playback = np.full((len(ports.play), frames), 0.0, np.float32)
        self.recorded = np.full((len(ports.record), frames), 0.0, np.float32)
        """The recorded audio, shape (record ports, frames)."""
        self._midi_rows = np.zeros((max(len(ports.midi_record), 1), MAX_RECORDED, 3), np.int64)
        self._counts = np.zeros(max(len(ports.midi_record), 1), np.int64)
        self._events = np.zeros((0, 3), np.int64)
        self._scratch = np.zeros(3, np.int64)
        self._state = np.zeros(STATE_WORDS, np.int64)
        self.client: Any = None

    def load(self, audio: Audio | None = None, midi: Sequence[TimedEvent] = ()) -> None:
        """Set what is played: ``audio``, shape (play ports, at most frames), and short ``midi`` messages."""
        if audio is not None:
            self._playback[:, : audio.shape[1]] = audio
        messages = [(e.frame, e.payload.data) for e in midi if isinstance(e.payload, Midi)]
        rows = [
            (f, len(d), int.from_bytes(d, "little"))
            for f, d in sorted(messages, key=lambda m: m[0])
            if len(d) < MAX_MESSAGE_BYTES
        ]
        self._events = np.array(rows, np.int64).reshape(-1, 3)

    def __enter__(self) -> JackRecorder:
        client = open_client(self._name, self._server)
        try:
            self._register_ports(client)
        except BaseException:
            close_client(client)  # left open on a server that dies, it would block all other clients of this process
            raise
        self.client = client
        return self

    def _register_ports(self, client: Any) -> None:
        state, ports = self._state, self._ports
        state[CLIENT] = address(client._ptr)
        for first, names, register in (
            (PLAY_PORTS, ports.play, client.outports.register),
            (RECORD_PORTS, ports.record, client.inports.register),
            (MIDI_PORTS_AT, ports.midi_record, client.midi_inports.register),
        ):
            for i, name in enumerate(names):
                state[first + i] = address(register(name)._ptr)
        if ports.midi_play:
            state[MIDI_PLAY] = address(client.midi_outports.register(ports.midi_play)._ptr)
        state[[PLAYS, RECORDS, MIDI_RECORDS]] = len(ports.play), len(ports.record), len(ports.midi_record)
        state[FRAMES] = self.frames
        state[PLAY], state[RECORD] = self._playback.ctypes.data, self.recorded.ctypes.data
        state[RECORDED], state[RECORDED_COUNTS] = self._midi_rows.ctypes.data, self._counts.ctypes.data
        state[EVENTS], state[EVENT_COUNT] = self._events.ctypes.data, len(self._events)
        state[SCRATCH] = self._scratch.ctypes.data
        argument = ctypes.c_void_p(state.ctypes.data)
        if load().jack_set_process_callback(address(client._ptr), process.address, argument):
            raise DriverError("JACK refused the process callback")
        activate_client(client)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        close_client(self.client)

    def connect(self, links: dict[str, str]) -> None:
        """Connect our ports (short names) to others (full names), inputs or outputs."""
        outs = {*self._ports.play, self._ports.midi_play}
        for ours, theirs in links.items():
            full = f"{self.client.name}:{ours}"
            try:
                self.client.connect(*((full, theirs) if ours in outs else (theirs, full)))
            except import_jack().JackErrorCode as error:
                if error.code != errno.EEXIST:  # the sidecar remembered the link and was quicker
                    raise DriverError(f"{full} cannot be connected to {theirs}: {error}") from error

    def start(self, frame: int) -> None:
        """Start: frame 0 of the recording is JACK's frame time ``frame``."""
        self._state[START] = frame
        publish(self._state, ARMED, 1)

    @property
    def started_at(self) -> int:
        """JACK's frame time of the recording's frame 0."""
        return int(self._state[START])

    @property
    def position(self) -> int:
        """Recording frames that have passed; below 0 before the start."""
        return observe(self._state, POSITION) if self._state[ARMED] else -1

    @property
    def cycles(self) -> int:
        return observe(self._state, CYCLES)

    @property
    def skipped(self) -> int:
        return int(self._state[SKIPPED])

    def read_midi(self, port: str) -> list[TimedEvent]:
        """The messages received at ``port`` so far, in recording frames."""
        index = self._ports.midi_record.index(port)
        rows = self._midi_rows[index, : self._counts[index]]
        return [
            TimedEvent(int(f), Midi(int(word).to_bytes(8, "little", signed=True)[: int(size)]))
            for f, size, word in rows
        ]

    def wait(self, timeout_s: float) -> None:
        """Return at the end of the recording; a DriverError when it does not get there in time."""
        deadline = time.monotonic() + timeout_s
        while self.position < self.frames:
            if time.monotonic() > deadline:
                raise DriverError(f"the recording of {self._name!r} stopped at frame {self.position} of {self.frames}")
            time.sleep(0.005)


def start_together(*recorders: JackRecorder, margin_frames: int = 0) -> None:
    """Start all at one JACK frame a little ahead, so that each knows it in time."""
    period = max(int(recorder.client.blocksize) for recorder in recorders)
    frame = max(int(recorder.client.last_frame_time) for recorder in recorders) + max(8 * period, margin_frames)
    for recorder in recorders:
        recorder.start(frame & 0xFFFFFFFF)

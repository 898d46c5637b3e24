"""A callback driven by hand: what JACK would pass in goes in, what it would send on comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import Midi, TimedEvent, pack
from bridge.core.latency import MIDI_PORTS
from bridge.core.role import HOST_RING, SOUND_RING
from bridge.core.time import BlockTime
from bridge.runtime.callback.context import CallbackContext, make_context
from bridge.runtime.callback.control_context import ControlContext, make_control_context
from bridge.runtime.callback.control_input import append_control
from bridge.runtime.callback.cycle import STALL_FRAMES, read_control, write_audio_outputs
from bridge.runtime.callback.input import read_inputs
from bridge.runtime.callback.insert_context import InsertContext, make_insert_context
from bridge.runtime.callback.midi_output import write_midi
from bridge.runtime.clock_line import ClockPublisher, ClockSelection
from bridge.runtime.gain_publisher import GainPublisher
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.callback_jit import callback_njit_entry
from bridge.runtime.shared.layout import (
    CALLBACK_RINGS,
    CAPACITY,
    Plan,
    SharedArrays,
    WorkerPlan,
    map_arena,
    map_inserts,
    size_of,
)
from bridge.runtime.shared.rings import EventReader, EventWriter, write_audio

RATE = 44100
HOP = 64
SEPARATION, MIR, ACCOMPANIMENT, SYNTH = range(4)
RINGS = (*CALLBACK_RINGS, "mir.beats", "mir.chords", SOUND_RING)
AHEAD = 3 * HOP
"""By how much the synth runs ahead of the input."""

WORKERS = (
    WorkerPlan("separation", "toy.separation", SEPARATION, HOP, 0),
    WorkerPlan(
        "mir", "toy.mir", MIR, HOP, 0,
        writes={"beats": "mir.beats", "chords": "mir.chords"},
        renders={"beats": "beats", "chords": "chords", "clock": "beats"},
    ),
    WorkerPlan(
        "accompaniment", "toy.accompaniment", ACCOMPANIMENT, HOP, 0,
        reads={"chords": "mir.chords", "midi": HOST_RING},
        writes={"midi": "accompaniment", "sound": SOUND_RING}, waits_for=(MIR,),
    ),
)  # fmt: skip

SOUNDS = WorkerPlan(
    "synth", "toy.synth", SYNTH, HOP, 0, AHEAD,
    reads={"midi": "accompaniment", "sound": SOUND_RING}, waits_for=(ACCOMPANIMENT,),
)  # fmt: skip

PLAN = Plan(RATE, WORKERS, RINGS)
WITH_SYNTH = Plan(RATE, (*WORKERS, SOUNDS), RINGS)
NO_ENGINES = Plan(RATE, (), RINGS)
"""Nobody separates: the input passes through ``other`` at once."""

Sent = tuple[int, bytes]
"""(offset in the cycle, message)"""


@callback_njit_entry
def read_cycle_control(control: ControlContext, now: int) -> None:
    """`read_control`, which only compiled code calls."""
    read_control(control, now)


class Callback:
    """A callback context and JACK's frame time."""

    def __init__(self, plan: Plan, shared: SharedArrays, context: CallbackContext, inserts: InsertContext) -> None:
        self.plan, self.shared, self.context = plan, shared, context
        self.control = make_control_context(context)
        self.inserts = inserts
        control = self.control
        self._gain_publisher = GainPublisher(control)
        self._clock_publisher = ClockPublisher(control.clock_tables, control.clock_middle)
        self._timebase_publisher = ClockPublisher(control.timebase_tables, control.timebase_middle)
        self.raw = 0
        """JACK's frame time at the next callback; add to it to skip cycles."""
        self.now = 0
        """The stream frame at which the last cycle started."""
        self._writers = [EventWriter(shared.records[i], shared.heads[i]) for i in range(len(plan.rings))]

    @property
    def state(self) -> NDArray[np.int64]:
        return self.shared.state

    def worker(self, index: int) -> NDArray[np.int64]:
        words: NDArray[np.int64] = self.shared.workers[index]
        return words

    def set_gains(self, gains: Mapping[int, float], is_dry: bool = False) -> None:
        """Set gains by their index, as the control process does; the others stay."""
        table = self.control.gains.copy()
        for index, gain in gains.items():
            table[index] = gain
        self._gain_publisher.publish(table, is_dry)

    def set_clock(self, selection: ClockSelection) -> None:
        """Select the clock, as the control process does."""
        self._clock_publisher.publish(selection)

    def set_timebase(self, line: BlockTime) -> None:
        """Set what bars and beats of the host's transport are made of, as the control process does."""
        self._timebase_publisher.publish(ClockSelection(line))

    def read_inputs(self, audio: Audio | int, events: Sequence[Sent] = ()) -> int:
        """Read ``audio``, or so many silent frames, and ``events`` by offset; returns the cycle's frame."""
        context = self.context
        frames = audio if isinstance(audio, int) else audio.shape[1]
        context.work_in[:, :frames] = 0.0 if isinstance(audio, int) else audio
        for i, (offset, data) in enumerate(events):
            _, size, padded = pack(Midi(data))
            context.in_events[i, w.FRAME], context.in_events[i, w.SIZE] = offset, size
            context.in_events[i, w.DATA :] = np.frombuffer(padded, np.int64)
        context.callback_state[w.IN_EVENTS] = len(events)
        self.now = read_inputs(context, self.control, frames, self.raw & 0xFFFFFFFF)
        self.raw += frames
        return self.now

    def run_control(self, audio: Audio | int, events: Sequence[Sent] = ()) -> Audio:
        """One cycle with control input ``events`` by offset; returns the audio output, as `run_audio`."""
        frames = audio if isinstance(audio, int) else audio.shape[1]
        for offset, data in events:
            append_control(self.control, offset, np.frombuffer(data, np.uint8), len(data))
        read_cycle_control(self.control, self.read_inputs(audio))
        return self.write_audio(frames)

    def write_audio(self, frames: int) -> Audio:
        """The audio output of the last cycle, shape (stems, mix and band, channels, frames)."""
        write_audio_outputs(self.context, self.inserts, self.now, frames)
        return self.context.work_out[:, :frames].reshape(-1, CHANNELS, frames).copy()

    def write_midi(self, frames: int, stall_frames: int = STALL_FRAMES) -> dict[str, list[Sent]]:
        """The MIDI output of the last cycle, by port."""
        write_midi(self.context, self.now, frames, stall_frames)
        return {port: self._sent(i) for i, port in enumerate(MIDI_PORTS)}

    def _sent(self, port: int) -> list[Sent]:
        rows = self.context.out_events[port, : self.context.out_counts[port]]
        return [(int(row[w.FRAME]), row[w.DATA :].tobytes()[: int(row[w.SIZE])]) for row in rows]

    def run_audio(self, audio: Audio) -> Audio:
        """One cycle with ``audio`` as its input; returns the audio output."""
        self.read_inputs(audio)
        return self.write_audio(audio.shape[1])

    def run_midi(self, frames: int, events: Sequence[Sent] = ()) -> dict[str, list[Sent]]:
        """One silent cycle with every worker up to date; returns the MIDI output."""
        now = self.read_inputs(frames, events)
        self.shared.workers[:, w.PROGRESS] = now + frames
        return self.write_midi(frames)

    def write_stems(self, start: int, stems: Audio, epoch: int | None = None) -> None:
        """Write as the separation's worker does for the hop at ``start``; ``stems``: shape (stems * channels, hop)."""
        words = self.worker(SEPARATION)
        epoch = int(words[w.EPOCH]) if epoch is None else epoch
        write_audio(self.shared.stems, 0, start - int(words[w.LATENCY]), stems)
        publish(self.shared.stamps, start % CAPACITY, (epoch << w.STAMP_SHIFT) + start)

    def write_band(self, start: int, audio: Audio, epoch: int | None = None) -> None:
        """Write as the synth's worker does for the hop at ``start``; ``audio``: shape (channels, hop)."""
        words = self.worker(SYNTH)
        epoch = int(words[w.EPOCH]) if epoch is None else epoch
        write_audio(self.shared.band, 0, start - int(words[w.LATENCY]) + int(words[w.FURTHER_AHEAD]), audio)
        publish(self.shared.band_stamps, start % CAPACITY, (epoch << w.STAMP_SHIFT) + start)

    def write_message(self, ring: str, frame: int, data: bytes, epoch: int | None = None) -> None:
        """Write as a worker does that has ``data`` sent for ``frame``."""
        owner = int(self.context.owners[MIDI_PORTS.index(ring)])
        epoch = int(self.worker(owner)[w.EPOCH]) if epoch is None else epoch
        self.writer(ring).write(TimedEvent(frame, Midi(data)), epoch)

    def writer(self, ring: str) -> EventWriter:
        return self._writers[self.plan.rings.index(ring)]

    def reader(self, ring: str = HOST_RING) -> EventReader:
        """A reader from the ring's beginning."""
        index = self.plan.rings.index(ring)
        return EventReader(self.shared.records[index], self.shared.heads[index])


@contextmanager
def open_callback(plan: Plan = PLAN, latency: int = 0, slack: int = 0) -> Iterator[Callback]:
    """A callback on an arena of its own. ``latency`` and ``slack`` (frames) are the separation's."""
    with Arena.create(size_of(plan)) as arena:
        shared = map_arena(plan, arena)
        context = make_context(plan, shared)
        for worker in plan.workers:
            words = shared.workers[worker.index]
            words[w.HOP], words[w.GAP_RESETS] = worker.hop, int(worker.role == "separation")
        if plan.audio_worker >= 0:
            words = shared.workers[plan.audio_worker]
            words[w.LATENCY], words[w.DEADLINE] = latency, slack
        if plan.synth_worker >= 0:
            words = shared.workers[plan.synth_worker]
            words[w.LATENCY], words[w.DEADLINE] = -AHEAD, AHEAD
        yield Callback(plan, shared, context, make_insert_context(map_inserts(plan, arena)))


def note_on(note: int, channel: int = 0, velocity: int = 90) -> bytes:
    return bytes((0x90 | channel, note, velocity))


def note_off(note: int, channel: int = 0) -> bytes:
    return bytes((0x80 | channel, note, 64))


def make_noise(frames: int, seed: int = 0) -> Audio:
    """White noise within -1..1, shape (channels, frames)."""
    return np.random.default_rng(seed).uniform(-1, 1, (CHANNELS, frames)).astype(np.float32)

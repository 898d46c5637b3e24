"""Engine runner: feeds one engine from the rings hop by hop, and stamps its results for the callback."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from bridge.core.clock import HostClock
from bridge.core.engine import AudioPort, Engine, State, block_for
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import is_note_on
from bridge.core.role import CLOCK_PORT, HOST_RING, ROLES
from bridge.core.time import BlockTime
from bridge.runtime.analysis_to_midi import NoteRenderer
from bridge.runtime.chase import EventChaser
from bridge.runtime.choice_numbers import ChoiceNumbers
from bridge.runtime.midi_clock import MidiClockGenerator
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import ANSWER_BINS, CAPACITY, Plan, SharedArrays, WorkerPlan
from bridge.runtime.shared.rings import EventReader, EventWriter, write_audio
from bridge.runtime.shared.sequence_lock import read_whole
from bridge.runtime.shared.slots import (
    ALIVE,
    DEADLINE,
    DONE_EPOCH,
    DROPPED_HOPS,
    EPOCH,
    FAULTS,
    FOLLOWING,
    FREEWHEEL,
    FURTHER_AHEAD,
    GRACE_FRAMES,
    HEAD,
    HEARTBEAT,
    HOPS,
    INPUT_DELAY,
    ORIGIN,
    PERIOD,
    PROGRESS,
    RESTART,
    RESTART_ONE,
    STAMP_SHIFT,
    STEM_INPUT_DELAY,
)
from bridge.runtime.source_selector import SourceSelector

log = logging.getLogger(__name__)

MAX_BACKLOG_FRAMES = CAPACITY // 2
"""Frames behind the input at which a worker drops the hops it missed and resets."""

FAULT_LOG_INTERVAL_S = 10
"""Least seconds of the song between two logged failures of an engine; all of them are counted."""


class EngineRunner:
    """Feeds an engine hop by hop and writes its output, in a worker process or offline."""

    def __init__(self, plan: Plan, worker: WorkerPlan, shared: SharedArrays, engine: Engine) -> None:
        self._worker, self._shared, self._engine = worker, shared, engine
        self._rate, self._hop = plan.rate, worker.hop
        self._is_synth = bool(ROLES[worker.role].sounds)
        self._words = shared.workers[worker.index]
        spec = engine.spec
        self._block = block_for(spec.inputs, worker.hop, spec.controls)
        self._out = block_for(spec.outputs, worker.hop)
        self._choice_numbers = ChoiceNumbers(worker.choices, spec.controls)
        self._audio_in = [port.name for port in spec.inputs if isinstance(port, AudioPort)]
        self._source_selector = SourceSelector(plan, worker, worker.hop, shared)
        self._rows, self._audio_out, self._stamps = _find_audio_outputs(worker.role, shared)
        ring = {name: (shared.records[i], shared.heads[i]) for i, name in enumerate(plan.rings)}
        self._readers = {port: EventReader(*ring[name]) for port, name in worker.reads.items()}
        self._writers = {port: EventWriter(*ring[name]) for port, name in worker.writes.items()}
        self._renders = {
            source: (EventWriter(*ring[port]), NoteRenderer(plan.rate))
            for port, source in worker.renders.items()
            if port != CLOCK_PORT
        }
        self._midi_clock = MidiClockGenerator(plan.rate)
        self._clock_out = EventWriter(*ring[CLOCK_PORT]) if CLOCK_PORT in worker.renders else None
        self._follows = False
        self._values = shared.values[worker.index].copy()
        self._host, self._clock = EventReader(*ring[HOST_RING]), HostClock(plan.rate)
        self._sources = [shared.workers[index] for index in worker.waits_for]
        self._hops_of_sources = [plan.workers[index].hop for index in worker.waits_for]
        # no chase of the host's own controllers: the host sends them itself when it starts
        self._chasers = {port: EventChaser() for port, ring in worker.reads.items() if ring != HOST_RING}
        self._epochs_of_sources: list[int] | None = None
        self._resets_requested: int | None = None
        """Reset requests by the user so far; None before the first epoch."""
        self._epoch = self._origin = self._start = self._log_again_at = 0

    def prepare(self) -> None:
        """Prepare the engine and move to the present end of the rings; see `find_present`."""
        self._prepare_engine(observe(self._words, FURTHER_AHEAD))
        self.find_present()

    def _prepare_engine(self, further_ahead: int) -> None:
        """Prepare the engine to run ``further_ahead`` frames further ahead than planned, for the band's insert."""
        self._further_ahead = further_ahead
        lead = self._worker.lead_frames + further_ahead if self._engine.spec.predicts else self._worker.lead_frames
        self._engine.prepare(self._rate, self._hop, lead)
        self._latency = {port.name: self._engine.latency_frames(port.name) for port in self._engine.spec.outputs}

    @property
    def _ahead(self) -> int:
        """Frames by which a synth runs ahead of the input; 0 for any other engine."""
        return self._worker.ahead_frames + self._further_ahead if self._is_synth else 0

    def find_present(self) -> None:
        """Move to the present end of the rings and chase the settings in force there; may be called again later."""
        self._host.cursor = self._host.written
        for port, reader in self._readers.items():
            if self._worker.reads[port] != HOST_RING:
                reader.cursor = max(0, reader.written - 1024)
                self._chasers[port].remember(reader.read())
            reader.cursor = reader.written

    def process_available(self) -> int:
        """Process every hop whose input is complete; returns how many."""
        done = 0
        while self._step():
            done += 1
        return done

    def _step(self) -> bool:
        epoch = observe(self._words, EPOCH)
        if epoch != self._epoch:
            self._begin(epoch)
        head = observe(self._shared.state, HEAD) - observe(self._words, INPUT_DELAY)
        if self._epoch == 0 or head < self._start + self._hop:
            return False
        if head - self._start > MAX_BACKLOG_FRAMES:
            missed = (head - self._start) // self._hop - 1
            self._words[DROPPED_HOPS] += missed
            self._shared.answer_bins[self._worker.index, -1] += missed
            self._start += missed * self._hop
            self._reset()
        if self._shared.state[FREEWHEEL] and not self._are_sources_done():
            return False
        self._process()
        return True

    def _begin(self, epoch: int) -> None:
        """Reset for a new epoch at its origin."""
        origin, further_ahead = int(self._words[ORIGIN]), int(self._words[FURTHER_AHEAD])
        if observe(self._words, EPOCH) != epoch:
            return  # another one began meanwhile; the next step sees it
        self._epoch, self._origin, self._start = epoch, origin, origin
        epochs = [int(words[EPOCH]) for words in self._sources]
        if self._epochs_of_sources not in (None, epochs):  # they reset too, and will send it again
            for port, chaser in self._chasers.items():
                chaser.reset()
                self._readers[port].epoch = max(epochs)
        self._epochs_of_sources = epochs
        asked = int(self._shared.state[RESTART]) + int(self._words[RESTART_ONE])
        kept = self._save_kept_state() if asked == self._resets_requested else {}
        self._resets_requested = asked
        if further_ahead != self._further_ahead:
            self._prepare_engine(further_ahead)
        self._reset()
        if kept:
            self._engine.restore(self._engine.state() | kept)
        for _, renderer in self._renders.values():
            renderer.reset()
        self._midi_clock.reset()
        publish(self._words, PROGRESS, origin)
        publish(self._words, DONE_EPOCH, epoch)

    def _save_kept_state(self) -> State:
        """The part of the engine's state that outlives a start, stop or jump of the host (`EngineSpec.keeps`)."""
        keeps = self._engine.spec.keeps
        state = self._engine.state() if keeps else {}
        return {name: array for name, array in state.items() if f"{name}.".startswith(tuple(f"{k}." for k in keeps))}

    def _reset(self) -> None:
        """Reset the engine, and replay with its next hop the events that are still in force."""
        self._engine.reset()
        for port, chaser in self._chasers.items():
            self._block.events[port] = chaser.replay()

    def _are_sources_done(self) -> bool:
        """Freewheel: whether the workers that this one waits for have written all that this hop may read."""
        end = self._start + self._hop
        if not self._source_selector.is_ready(self._audio_in, end - observe(self._words, STEM_INPUT_DELAY)):
            return False
        for words, hop in zip(self._sources, self._hops_of_sources, strict=True):
            if observe(words, ALIVE) == 0:
                continue
            origin = int(words[ORIGIN])
            needed = origin + (end - observe(words, INPUT_DELAY) - origin) // hop * hop
            if needed > origin and (observe(words, PROGRESS) < needed or words[DONE_EPOCH] != words[EPOCH]):
                return False
        return True

    def _process(self) -> None:
        time = self._read_inputs(self._start)
        fault = False
        try:
            self._engine.process(self._block, time, self._out)
            fault = not all(np.isfinite(audio).all() for audio in self._out.audio.values())
        except Exception:
            if self._start >= self._log_again_at:  # an engine that fails at each hop must not fill the disk
                log.exception("engine %s failed at frame %d", self._worker.engine, self._start)
                self._log_again_at = self._start + FAULT_LOG_INTERVAL_S * self._rate
            fault = True
        for events in self._block.events.values():
            events.clear()
        if fault:  # the hop stays unstamped: the callback plays the dry mix, and the engine is reset
            self._words[FAULTS] += 1
            self._reset()
        else:
            self._write_outputs()
        for events in self._out.events.values():
            events.clear()
        self._start += self._hop
        self._words[HOPS] += 1
        self._words[HEARTBEAT] += 1  # while JACK freewheels there may always be a next hop
        publish(self._words, PROGRESS, self._start)
        if not fault and not self._shared.state[FREEWHEEL]:
            self._count_answer()

    def _count_answer(self) -> None:
        """Count the callbacks that began between the one that completed the hop and its result, just written."""
        state = self._shared.state
        begun = (observe(state, HEAD) - observe(self._words, INPUT_DELAY) - self._start) // max(int(state[PERIOD]), 1)
        self._shared.answer_bins[self._worker.index, min(begun, ANSWER_BINS - 1)] += 1

    def _read_inputs(self, start: int) -> BlockTime:
        """Fill the input block for the hop at ``start``; returns its time."""
        end, ahead = start + self._hop, self._ahead
        for event in self._host.read(end):
            self._clock.push(event)
        self._block.stem_delay_frames = observe(self._words, STEM_INPUT_DELAY)
        for name in self._audio_in:
            self._source_selector.fill(name, start - self._block.stem_delay_frames, self._block.audio[name])
        for port, reader in self._readers.items():
            # an analyser's event is read when its declared delay is over, never sooner, so that the same input
            # gives the same music at any speed. The notes for a synth are there ahead of their time
            events = reader.read(end + ahead if self._is_synth else end - reader.delay)
            if port in self._chasers:
                self._chasers[port].remember(events)
            if self._is_synth:
                events = [event for event in events if not _is_too_late(event, start + ahead)]
            self._block.events[port] += events
        values = read_whole(self._shared.values_sequence, self._shared.values[self._worker.index])
        self._values = self._values if values is None else values
        own = {name: float(self._values[i]) for i, name in enumerate(self._worker.controls)}
        self._choice_numbers.translate(own)
        self._block.values = own
        following = bool(observe(self._shared.state, FOLLOWING))
        if self._follows and not following:
            self._clock = HostClock(self._rate)  # the old one has missed events meanwhile
        self._follows = following
        time = self._clock.time_at(start + ahead)
        # while the audio leads there is no host: its transport may be following us
        return replace(time, beat=0.0, tempo=120.0, rolling=False, hosted=False) if following else time

    def _write_outputs(self) -> None:
        """Write the engine's output to the rings, then publish its stamp."""
        epoch = self._epoch
        for name, row in self._rows.items():
            audio, frame = self._out.audio[name], self._start + self._ahead - self._latency[name]
            # before the origin the previous epoch is in force, except for a synth, whose audio ends at a reset
            early = 0 if self._is_synth else max(0, self._origin - frame)
            write_audio(self._audio_out, row, frame + early, audio[:, early:])
        if self._rows:
            publish(self._stamps, self._start % CAPACITY, (epoch << STAMP_SHIFT) + self._start)
        for port, events in self._out.events.items():
            if port in self._writers:
                for event in events:
                    self._writers[port].write(event, epoch)
            if port in self._renders:
                writer, renderer = self._renders[port]
                for event in renderer.render(events, self._start + self._hop - self._latency[port]):
                    writer.write(event, epoch)
        if self._clock_out is not None:
            # the events of the next hop can be sent from here on, not earlier
            before = self._start + self._hop + observe(self._words, DEADLINE)
            beats = self._out.events[self._worker.renders[CLOCK_PORT]]
            for event in self._midi_clock.render(beats, before) if self._follows else self._midi_clock.stop(before):
                self._clock_out.write(event, epoch)


def _find_audio_outputs(role: str, shared: SharedArrays) -> tuple[dict[str, int], Audio, NDArray[np.int64]]:
    """The row of each audio output that is used of ``role``, the ring of these rows, and its stamps."""
    spec = ROLES[role]
    rows = {output: i * CHANNELS for i, output in enumerate(spec.audio_outputs)}
    if spec.audio_ring == "band":
        return rows, shared.band, shared.band_stamps
    return rows, shared.stems, shared.stamps


def _is_too_late(event: TimedEvent, now: int) -> bool:
    """Whether ``event`` is a note-on that is too late to be played."""
    return isinstance(event.payload, Midi) and is_note_on(event.payload.data) and event.frame < now - GRACE_FRAMES

"""Offline graph: the same graph and the same compiled cycle as behind JACK, on a virtual clock.

It waits for every hop, so the same input gives the same samples at any machine speed and block size. The output is
aligned with the input: the declared delays are removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import Midi, TimedEvent, pack
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.core.midi import CONTINUE, SONG_POSITION, START, STOP, is_note_off, is_note_on, make_note_off
from bridge.core.role import ROLES
from bridge.errors import ConfigError
from bridge.runtime.callback.cycle import write_outputs
from bridge.runtime.callback.input import read_inputs
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.resampled_engine import load_engine_at_rate
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_EVENTS, MAX_PERIOD
from bridge.runtime.shared.rings import EventReader
from bridge.runtime.wiring import wire
from tests.runtime.callback_driver import read_cycle_control
from tests.runtime.insert_worker import BLOCK, InsertWorker

BREAKS = (SONG_POSITION, START, CONTINUE, STOP)
"""MIDI messages at which engines start afresh: song position, start, continue, stop."""

NO_RESERVE: Mapping[str, int] = dict.fromkeys(ROLES, 0)
"""Offline no worker is late, so none needs headroom."""


@dataclass(frozen=True, slots=True)
class OfflineResult:
    """The graph's output, aligned with the input."""

    stems: NDArray[np.float32]  # (stems, channels, frames), through the faders
    mix: Audio  # (channels, frames)
    band: Audio  # (channels, frames), the accompaniment as the synth plays it; silence without a synth
    midi: dict[str, list[TimedEvent]]  # by port; notes that sound at the end get a note-off there
    analysis: list[TimedEvent] = field(default_factory=list)  # the analysers' events, by frame


@dataclass(frozen=True, slots=True)
class Cue:
    """A change of the faders; audible from ``frame`` of the aligned output on.

    One that lies before frame 0 by the audio's delay or more is in force from the first callback on.
    """

    frame: int
    act: Callable[[Graph], None]


def load_events(graph: Graph, events: Sequence[TimedEvent], now: int) -> None:
    context = graph.context
    if len(events) > MAX_EVENTS:
        raise ConfigError(f"{len(events)} MIDI messages about frame {now}", f"a callback takes {MAX_EVENTS}")
    for i, event in enumerate(events):
        _, size, data = pack(event.payload)
        context.in_events[i, w.FRAME], context.in_events[i, w.SIZE] = event.frame - now, size
        context.in_events[i, w.DATA :] = np.frombuffer(data, np.int64)
    context.callback_state[w.IN_EVENTS] = len(events)


def _read_sent_midi(graph: Graph, port: int, now: int) -> list[TimedEvent]:
    """The messages that the cycle at ``now`` sends, each less its path's present delay."""
    context, name = graph.context, MIDI_PORTS[port]
    now -= graph.ledger[name].declared if name in graph.ledger else 0
    rows = context.out_events[port, : context.out_counts[port]]
    return [TimedEvent(now + int(row[w.FRAME]), Midi(row[w.DATA :].tobytes()[: int(row[w.SIZE])])) for row in rows]


def _find_block_borders(midi: Sequence[TimedEvent], cues: Sequence[Cue], fader_delay: int, end: int) -> list[int]:
    """The frames at which blocks are split, because a callback applies some changes only at its start.

    These are messages at which engines start afresh (notes are released), cues (faders move) and the end. Every
    so many messages there is a border too, so that no block holds more than a callback takes.
    """
    breaks = {event.frame for event in midi if isinstance(event.payload, Midi) and event.payload.data[0] in BREAKS}
    moves = {cue.frame + fader_delay for cue in cues}
    crowds = {event.frame for event in midi[:: MAX_EVENTS // 2]}
    return sorted({frame for frame in breaks | moves | crowds if 0 < frame < end} | {end})


def process_offline(
    audio: Audio,
    rate: int,
    engines: Mapping[str, str],
    midi: Sequence[TimedEvent] = (),
    block: int = 1024,
    cues: Sequence[Cue] = (),
    inserts: Mapping[str, int] | None = None,
) -> OfflineResult:
    """Run ``audio``, shape (channels, frames), and ``midi`` through ``engines`` in blocks of ``block`` frames.

    ``midi``: messages from frame 0 on. ``cues`` take effect at their frame, whatever the block size: a block
    is cut where one falls. ``inserts``: a delay of so many frames at these insert points.
    """
    if not 1 <= block <= MAX_PERIOD:
        raise ConfigError(f"a block of {block} frames", f"use 1 to {MAX_PERIOD}")
    if audio.ndim != 2 or audio.shape[0] != CHANNELS:
        raise ConfigError(f"audio of shape {audio.shape}", f"pass ({CHANNELS}, frames)")
    if any(event.frame < 0 for event in midi):
        raise ConfigError("a MIDI message before frame 0", "shift the messages so that the first is at 0 or later")
    # declared for blocks of one frame: that covers any block size, and blocks that a cue cuts
    with Graph(wire(engines, rate, NO_RESERVE), 1, NO_RESERVE, {}) as graph:
        workers = [_insert(graph, point, latency, block) for point, latency in (inserts or {}).items()]
        midi, cues = sorted(midi, key=lambda e: e.frame), sorted(cues, key=lambda c: c.frame)
        return _run(graph, audio, midi, block, cues, workers)


def _insert(graph: Graph, point: str, latency: int, block: int) -> InsertWorker:
    """A delay of ``latency`` frames at ``point``; its worker runs between two callbacks, so its reserve is a block."""
    graph.set_insert(point, InsertTiming(BLOCK, block, latency))
    graph.route_insert(point, True)
    return InsertWorker(graph.insert_context, point, latency)


def _run(
    graph: Graph, audio: Audio, midi: list[TimedEvent], block: int, cues: list[Cue], inserts: list[InsertWorker]
) -> OfflineResult:
    plan, shared, context = graph.plan, graph.arrays, graph.context
    runners = [EngineRunner(plan, mine, shared, load_engine_at_rate(mine.engine, plan.rate)) for mine in plan.workers]
    for index, runner in enumerate(runners):
        runner.prepare()
        shared.workers[index, w.ALIVE] = 1
    shared.state[w.FREEWHEEL] = 1  # the runners then wait for one another, each for its inputs
    readers = [
        EventReader(shared.records[i], shared.heads[i]) for i, n in enumerate(plan.rings) if n.startswith("mir.")
    ]
    frames = audio.shape[1]
    end = frames + max((path.declared for path in graph.ledger), default=0)
    gathered = np.zeros((context.work_out.shape[0], end), np.float32)
    sent: dict[str, list[TimedEvent]] = {port: [] for port in MIDI_PORTS}
    analysis: list[TimedEvent] = []
    now = next_event = next_cue = 0
    fader_delay = graph.ledger["mix"].declared if "mix" in graph.ledger else 0
    borders = _find_block_borders(midi, cues, fader_delay, end)
    for border in borders:
        while next_cue < len(cues) and cues[next_cue].frame + fader_delay <= now:
            cues[next_cue].act(graph)
            next_cue += 1
        while now < border:
            count = min(block, border - now)
            last_event = next_event
            while last_event < len(midi) and midi[last_event].frame < now + count:
                last_event += 1
            part = audio[:, now : now + count]
            context.work_in[:, :count] = 0.0
            context.work_in[:, : part.shape[1]] = part
            load_events(graph, midi[next_event:last_event], now)
            next_event = last_event
            read_inputs(context, graph.control_context, count, now)
            read_cycle_control(graph.control_context, now)
            while sum(runner.process_available() for runner in runners):
                pass
            write_outputs(context, graph.insert_context, now, count)
            for insert in inserts:
                insert.work()
            gathered[:, now : now + count] = context.work_out[:, :count]
            for port, name in enumerate(MIDI_PORTS):
                sent[name] += _read_sent_midi(graph, port, now)
            for reader in readers:
                analysis += reader.read()
            now += count
        end = frames + max((path.declared for path in graph.ledger), default=0)
        if now == borders[-1] < end:  # a cue delayed a path: its last frames come later
            gathered = np.pad(gathered, ((0, 0), (0, end - now)))
            borders.append(end)
    return _align(graph, gathered, sent, analysis, frames)


def _end_open_notes(events: list[TimedEvent], frames: int) -> list[TimedEvent]:
    """``events`` before frame ``frames``, and note-offs there for all notes that still sound."""
    kept = [event for event in events if event.frame < frames]
    sounding: dict[tuple[int, int], None] = {}
    for event in kept:
        data = event.payload.data if isinstance(event.payload, Midi) else b""
        if is_note_on(data):
            sounding[data[0] & 0x0F, data[1]] = None
        elif is_note_off(data):
            sounding.pop((data[0] & 0x0F, data[1]), None)
    return kept + [TimedEvent(frames, make_note_off(channel, note, 64)) for channel, note in sounding]


def _align(
    graph: Graph, gathered: Audio, sent: dict[str, list[TimedEvent]], analysis: list[TimedEvent], frames: int
) -> OfflineResult:
    """The outputs without their declared delays, and without what the silence after the end gave."""

    def path(index: int) -> Audio:
        delay = graph.ledger[AUDIO_PATHS[index]].declared if AUDIO_PATHS[index] in graph.ledger else 0
        return gathered[index * CHANNELS : (index + 1) * CHANNELS, delay : delay + frames].copy()

    *stems, mix, band = (path(index) for index in range(len(AUDIO_PATHS)))
    midi = {name: _end_open_notes(events, frames) for name, events in sent.items()}
    analysis = sorted((event for event in analysis if event.frame < frames), key=lambda event: event.frame)
    return OfflineResult(np.stack(stems), mix, band, midi, analysis)

"""Helpers for engine tests: run one engine hop by hop on signals with known truth, and collect its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bridge.core.audio import Audio
from bridge.core.chords import QUALITIES, QUALITY_NUMBERS
from bridge.core.engine import Engine, block_for
from bridge.core.engine_stream import EngineStream
from bridge.core.events import Beat, Chord, Key, Midi, Tempo, TimedEvent
from bridge.core.time import BlockTime

RATE = 44100
BlockTimeAt = Callable[[int], BlockTime]


def no_host(frame: int) -> BlockTime:
    """Without a host: no song position."""
    return BlockTime(frame, RATE)


def rolling_host(tempo: float, bar_beats: int = 4, from_beat: float = 0.0) -> BlockTimeAt:
    """A host that rolls from ``from_beat`` at frame 0."""
    return lambda frame: BlockTime(frame, RATE, from_beat + frame * tempo / (60 * RATE), tempo, True, bar_beats, True)


def separate(
    engine: Engine, mix: Audio, rate: int = RATE, values: Mapping[str, float] | None = None
) -> dict[str, Audio]:
    """The stems of ``mix``, shape (2, frames), by name, with the engine's latency; whole hops only."""
    hop, spec = engine.spec.hop, engine.spec
    engine.prepare(rate, hop)
    block, out = block_for(spec.inputs, hop, spec.controls), block_for(spec.outputs, hop)
    block.values = {**block.values, **(values or {})}
    stems: dict[str, list[Audio]] = {name: [] for name in out.audio}
    for first in range(0, mix.shape[1] - hop + 1, hop):
        block.audio["mix"][:] = mix[:, first : first + hop]
        engine.process(block, BlockTime(first, rate), out)
        for name, array in out.audio.items():
            stems[name].append(array.copy())
    return {name: np.concatenate(hops, axis=1) for name, hops in stems.items()}


def run_engine(
    engine: Engine,
    frames: int,
    at: BlockTimeAt,
    mix: Audio | None = None,
    events: Mapping[str, Sequence[TimedEvent]] | None = None,
    values: Mapping[str, float] | None = None,
    lead_frames: int = 0,
) -> list[tuple[int, str, TimedEvent]]:
    """(block's first frame, port, event) of all output events; inputs arrive at their frames. Whole hops only."""
    hop = engine.spec.hop
    whole = frames - frames % hop
    stream = EngineStream(engine, RATE, values, at, lead_frames)
    outputs = stream.advance(whole, events) if mix is None else stream.push(mix[:, :whole], events)
    return [(output.reported, output.port, output.event) for output in outputs.events]


def find_beats(output: list[tuple[int, str, TimedEvent]]) -> list[tuple[int, Beat]]:
    return [(e.frame, e.payload) for _, _, e in output if isinstance(e.payload, Beat)]


def find_chords(output: list[tuple[int, str, TimedEvent]]) -> list[tuple[int, Chord]]:
    return [(e.frame, e.payload) for _, _, e in output if isinstance(e.payload, Chord)]


def find_keys(output: list[tuple[int, str, TimedEvent]]) -> list[str]:
    return [e.payload.label for _, _, e in output if isinstance(e.payload, Key)]


def find_tempi(output: list[tuple[int, str, TimedEvent]]) -> list[float]:
    return [e.payload.bpm for _, _, e in output if isinstance(e.payload, Tempo)]


def find_notes(output: list[tuple[int, str, TimedEvent]], channel: int) -> list[tuple[int, int]]:
    """(frame, note) of each note-on on ``channel``, counted from 0."""
    messages = [(e.frame, e.payload.data) for _, _, e in output if isinstance(e.payload, Midi)]
    return [(frame, data[1]) for frame, data in messages if data[0] == 0x90 | channel]


def parse_chord(label: str) -> Chord:
    """`Chord.label` backwards: "Am7" as an event."""
    names = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    flat = label[1:2] == "b"
    root = (names[label[0]] - flat) % 12
    return Chord(root, QUALITY_NUMBERS[label[1 + flat :]], root, 1.0)


def sine(hz: float, seconds: float, left: float = 0.5, right: float = 0.5) -> Audio:
    wave = np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.stack([left * wave, right * wave]).astype(np.float32)


def clicks(bpm: float, seconds: float, first: int = 3000) -> tuple[Audio, list[int]]:
    """Short bursts of noise at ``bpm``, and the frames at which they start."""
    rng = np.random.default_rng(5)
    mix = np.zeros((2, int(seconds * RATE)), np.float32)
    frames = [round(first + i * 60 * RATE / bpm) for i in range(int((mix.shape[1] - first - 1) * bpm / (60 * RATE)))]
    for frame in frames:
        burst = (rng.normal(0, 0.3, 800) * np.exp(-np.arange(800) / 150)).astype(np.float32)
        mix[:, frame : frame + 800] += burst[: mix.shape[1] - frame]
    return mix, frames


def synth(labels: Sequence[str], seconds_each: float = 1.0) -> Audio:
    """Chords of saw-like tones over their root in the bass, shape (2, frames)."""
    frames = int(seconds_each * RATE)
    time = np.arange(frames) / RATE
    fade = np.minimum(1.0, np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 400)
    parts = []
    for label in labels:
        sounding = parse_chord(label)
        intervals = QUALITIES[sounding.quality].intervals
        pitches = [
            36 + sounding.root,
            48 + sounding.root,
            *(60 + sounding.root + interval for interval in intervals[1:]),
        ]
        hz = [440 * 2 ** ((pitch - 69) / 12) for pitch in pitches]
        parts.append(sum(np.sin(2 * np.pi * f * h * time) / h for f in hz for h in range(1, 9)) * fade * 0.08)
    return np.tile(np.concatenate(parts), (2, 1)).astype(np.float32)

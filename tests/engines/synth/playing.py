"""Playing an instrument by hand, and asking of a sound when it begins and how high it is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.core.engine import block_for
from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import ConfigError
from engines.synth import synth_engine as engines
from engines.synth.fluidsynth import load_library
from engines.synth.fonts import find_font
from engines.synth.limiter import LATENCY_FRAMES
from engines.synth.synth_engine import HOP, INPUT, OUTPUT, Synth

RATE = 44100
Message = tuple[int, int, int, int] | tuple[int, int, int]


@functools.lru_cache(maxsize=1)
def has_fluidsynth() -> bool:
    try:
        load_library()
        find_font()
    except ConfigError:
        return False
    return True


needs_fluid = pytest.mark.skipif(not has_fluidsynth(), reason="FluidSynth and a sound font are not installed")
both = pytest.mark.parametrize("make", [pytest.param(engines.fluid, marks=needs_fluid), engines.plain])
"""FluidSynth itself, not what takes its place; and the plain one."""


def events(*messages: Message) -> list[TimedEvent]:
    """(frame, byte, byte, byte) as events."""
    return [TimedEvent(frame, Midi(bytes(data))) for frame, *data in messages]


def note(frame: int, frames: int, pitch: int, velocity: int = 100, channel: int = 0) -> list[TimedEvent]:
    return events((frame, 0x90 | channel, pitch, velocity), (frame + frames, 0x80 | channel, pitch, 0))


def make_synth(make: Callable[[], Synth], rate: int = RATE) -> Synth:
    synth = make()
    synth.prepare(rate, HOP)
    return synth


def play(
    synth: Synth,
    said: Sequence[TimedEvent],
    seconds: float,
    first: int = 0,
    values: Mapping[str, float] | None = None,
) -> Audio:
    """The output from frame ``first`` on, with its latency, shape (2, whole hops)."""
    spec, output = synth.spec, []
    said = sorted(said, key=lambda event: event.frame)
    for frame in range(first, first + int(seconds * RATE), HOP):
        block, out = block_for(spec.inputs, HOP, spec.controls), block_for(spec.outputs, HOP)
        block.values = {**block.values, **(values or {})}
        block.events[INPUT] += [event for event in said if frame <= event.frame < frame + HOP]
        synth.process(block, BlockTime(frame, RATE), out)
        output.append(out.audio[OUTPUT].copy())
    return np.concatenate(output, axis=1)


def find_start(audio: Audio) -> int:
    """The first frame of sound, less the latency; -1: none."""
    loud = np.flatnonzero(np.abs(audio).max(axis=0) > 0)
    return int(loud[0]) - LATENCY_FRAMES if len(loud) else -1


def estimate_pitch(audio: Audio) -> float:
    """The MIDI note of the strongest period between 40 and 1000 Hz, by autocorrelation."""
    wave = audio.mean(axis=0, dtype=np.float64)
    spectrum = np.abs(np.fft.rfft(wave, 2 * len(wave))) ** 2
    likeness = np.fft.irfft(spectrum)[: RATE // 40]
    likeness /= 1 + np.arange(len(likeness)) / len(wave)
    least = RATE // 1000
    lag = least + int(np.argmax(likeness[least:]))
    return float(69 + 12 * np.log2(RATE / lag / 440))


def loudness(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio**2, dtype=np.float64)))

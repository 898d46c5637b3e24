"""Warm-up: runs an engine's first hops before the stream, so that compiling, loading and allocating happen early.

The input is tones and noise bursts, chords, beats and notes, with the host stopped and rolling. Then the engine is
reset, which by its contract equals an engine that has processed nothing.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from bridge.core.engine import Block, Engine, block_for
from bridge.core.events import Beat, Chord, Midi, Note, Onset, Payload, TimedEvent
from bridge.core.midi import CONTROL_CHANGE, PROGRAM_CHANGE, VOLUME, make_note_off, make_note_on
from bridge.core.time import BlockTime

WARM_S = 0.25
"""Least length of the warm-up: a dozen steps of an analysis at fifty frames per second."""
WARM_HOPS = 4
TEMPO = 120.0
SEED = 1

_EVENTS: dict[str, tuple[Payload, ...]] = {
    "midi": (make_note_on(0, 60, 100), make_note_off(0, 60)),
    "sound": (Midi(bytes((PROGRAM_CHANGE, 0))), Midi(bytes((CONTROL_CHANGE, VOLUME, 100)))),
    "beats": (Beat(0, 4, TEMPO, 1.0, 0),),
    "chords": (Chord(0, 0, 0, 1.0), Chord(9, 1, 9, 1.0)),
    "onsets": (Onset(1.0, 1.0),),
    "notes": (Note(1, 69.0, 100, 1.0), Note(0, 69.0, 0, 1.0)),
}
"""The events of each hop, by event port."""


def warm_up(engine: Engine, rate: int) -> None:
    """Let ``engine``, prepared for ``rate`` in Hz, process a few hops, and reset it. Raises what the engine raises."""
    spec = engine.spec
    hops = max(WARM_HOPS, -(-round(WARM_S * rate) // spec.hop))
    block, out = block_for(spec.inputs, spec.hop, spec.controls), block_for(spec.outputs, spec.hop)
    sound = _make_test_signal(rate, hops * spec.hop)
    for hop in range(hops):
        frame = hop * spec.hop
        for audio in block.audio.values():
            audio[:] = sound[frame : frame + spec.hop]
        rolls = hop >= hops // 2
        beat = frame * TEMPO / (60.0 * rate) if rolls else 0.0
        engine.process(_set_events(block, frame), BlockTime(frame, rate, beat, TEMPO, rolls, hosted=rolls), out)
        for events in out.events.values():
            events.clear()
    engine.reset()


def _make_test_signal(rate: int, frames: int) -> Audio:
    """Tones with a noise burst at the start, shape (frames,)."""
    time_s = np.arange(frames) / rate
    tones = sum(0.1 * np.sin(2.0 * np.pi * hz * time_s) for hz in (110.0, 440.0, 554.4, 659.3))
    noise = np.random.default_rng(SEED).uniform(-0.3, 0.3, frames) * np.exp(-20.0 * time_s)
    return (tones + noise).astype(np.float32)


def _set_events(block: Block, frame: int) -> Block:
    """``block``, with the events of each of its event ports set for ``frame``."""
    for port, events in block.events.items():
        events[:] = [TimedEvent(frame, payload) for payload in _EVENTS.get(port, ())]
    return block

"""A MIDI file as sound: a stem for each part, and their mix."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from mido import MidiFile, tempo2bpm

from bridge.config import write_atomic
from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import Engine, block_for
from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime, TempoChange, TempoMap
from bridge.errors import ConfigError
from engines.offline.smf.metas import is_tempo
from engines.synth.instrument import is_heard, strikes
from engines.synth.limiter import limited
from engines.synth.synth_engine import INPUT, OUTPUT, fluid_for_files, instrument

RATE = 44100
TAIL_S = 2.0
"""How long stems go on behind the file's end, for what still rings."""
MIX = "mix"
USUAL_BPM = 120.0
"""Of a file that does not say."""
_UNSAFE = str.maketrans(dict.fromkeys('/\\:*?"<>|\0', "_"))

Make = Callable[[], Engine]


@dataclass(frozen=True, slots=True)
class Score:
    """``parts``: events by frame at ``rate`` Hz, by the name of each track that has notes. ``frames``: to its end."""

    rate: int
    frames: int
    parts: Mapping[str, Sequence[TimedEvent]]


def read_score(file: MidiFile, rate: int = RATE) -> Score:
    """What instruments have to know of a file; tracks without a name are numbered."""
    tempo = _tempo_map(file, rate)
    parts: dict[str, Sequence[TimedEvent]] = {}
    end = 0
    for number, track in enumerate(file.tracks):
        tick, events = 0, []
        for message in track:
            tick += message.time
            data = b"" if message.is_meta else bytes(message.bytes())
            if data and is_heard(data):
                events.append(TimedEvent(round(tempo.frame_at(tick / file.ticks_per_beat)), Midi(data)))
        end = max(end, round(tempo.frame_at(tick / file.ticks_per_beat)))
        if any(isinstance(e.payload, Midi) and strikes(e.payload.data) for e in events):
            parts[_unused(track.name.strip().translate(_UNSAFE) or f"track {number}", parts)] = events
    if not parts:
        raise ConfigError("the MIDI file has no notes", "give one with a track that plays")
    return Score(rate, end, parts)


def _tempo_map(file: MidiFile, rate: int) -> TempoMap:
    changes = {0.0: USUAL_BPM}
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo" and is_tempo(message.tempo):
                changes[tick / file.ticks_per_beat] = tempo2bpm(message.tempo)
    return TempoMap([TempoChange(beat, bpm) for beat, bpm in sorted(changes.items())], rate)


def _unused(name: str, taken: Mapping[str, object]) -> str:
    """``name``, with a number behind it where there is one of that name."""
    names = (name, *(f"{name} {n}" for n in range(2, len(taken) + 3)))
    used = {one.lower() for one in (*taken, MIX)}
    return next(one for one in names if one.lower() not in used)


def render(events: Sequence[TimedEvent], frames: int, rate: int, make: Make = fluid_for_files) -> Audio:
    """What the engine that ``make`` gives makes of ``events``: shape (2, frames), float32, without its latency."""
    engine = make()
    spec = engine.spec
    engine.prepare(rate, spec.hop)
    late = engine.latency_frames(OUTPUT)
    hops = -(-(frames + late) // spec.hop)
    heard = np.zeros((CHANNELS, hops * spec.hop), np.float32)
    block, out = block_for(spec.inputs, spec.hop, spec.controls), block_for(spec.outputs, spec.hop)
    coming = 0
    for first in range(0, hops * spec.hop, spec.hop):
        block.events[INPUT].clear()
        while coming < len(events) and events[coming].frame < first + spec.hop:
            block.events[INPUT].append(events[coming])
            coming += 1
        out.audio[OUTPUT] = heard[:, first : first + spec.hop]
        engine.process(block, BlockTime(first, rate), out)
    return np.ascontiguousarray(heard[:, late : late + frames])


def stems(score: Score, make: Make | None = None) -> Iterator[tuple[str, Audio]]:
    """Each part by itself, in the score's order: name and sound, all of one length. By default `instrument` plays."""
    make = make or instrument()
    for name, events in score.parts.items():
        yield name, render(events, score.frames + int(TAIL_S * score.rate), score.rate, make)


def write_stems(file: MidiFile, out: Path, make: Make | None = None, rate: int = RATE) -> list[Path]:
    """PART.wav for each part of ``file`` and mix.wav, their sum limited, in the folder ``out``: 24 bits at ``rate``."""
    score = read_score(file, rate)
    written: list[Path] = []
    total = np.zeros((CHANNELS, score.frames + int(TAIL_S * rate)), np.float32)
    for name, audio in stems(score, make):
        total += audio
        written.append(_write(out / f"{name}.wav", audio, rate))
    return [*written, _write(out / f"{MIX}.wav", limited(total, rate), rate)]


def _write(path: Path, audio: Audio, rate: int) -> Path:
    data = io.BytesIO()
    soundfile.write(data, audio.T, rate, subtype="PCM_24", format="WAV")
    write_atomic(path, data.getvalue())
    return path

"""MIDI file renderer: a stem for each part, and their mix."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from mido import MidiFile, tempo2bpm

from bridge.config import write_atomic
from bridge.core.audio import CHANNELS, Audio, db_to_gain
from bridge.core.engine import Engine
from bridge.core.engine_stream import EngineStream
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import is_note_on
from bridge.core.time import TempoChange, TempoMap
from bridge.errors import ConfigError
from engines.mastering.loudness import Loudness
from engines.mastering.mastering import Target, master_sound
from engines.mastering.true_peak_limiter import limit_true_peaks
from engines.offline.smf.metas import is_tempo
from engines.synth.instrument import is_channel_message
from engines.synth.synth_engine import INPUT, OUTPUT, choose_synth, fluid_for_files

RATE = 44100
TAIL_S = 2.0
"""Time that stems last beyond the file's end, for decaying notes."""
MIX = "mix"
CEILING_DBTP = -1.1
"""Highest true peak of the files: 0.1 dB below EBU R 128's -1 dBTP, for meters that differ."""
USUAL_BPM = 120.0
"""Tempo of a file that has none."""
_UNSAFE = str.maketrans(dict.fromkeys('/\\:*?"<>|\0', "_"))

EngineFactory = Callable[[], Engine]


@dataclass(frozen=True, slots=True)
class Score:
    """``parts``: events by frame at ``rate`` Hz, by name of each track with notes. ``frames``: the file's length."""

    rate: int
    frames: int
    parts: Mapping[str, Sequence[TimedEvent]]


def read_score(file: MidiFile, rate: int = RATE) -> Score:
    """Read the channel messages of a file; tracks without a name are numbered.

    Raises:
        ConfigError: The file has no notes.
    """
    tracks = []
    for track in file.tracks:
        tick, messages = 0, []
        for message in track:
            tick += message.time
            messages.append((tick / file.ticks_per_beat, b"" if message.is_meta else bytes(message.bytes())))
        tracks.append((track.name, messages))
    return make_score(tracks, _read_tempo_map(file, rate), rate)


def make_score(tracks: Sequence[tuple[str, Sequence[tuple[float, bytes]]]], tempo: TempoMap, rate: int) -> Score:
    """Make a score of tracks: the name of each, and beat and bytes of its messages; others than of a channel end it.

    Raises:
        ConfigError: There are no notes.
    """
    parts: dict[str, Sequence[TimedEvent]] = {}
    end = 0
    for number, (name, messages) in enumerate(tracks):
        events = [
            TimedEvent(round(tempo.frame_at(beat)), Midi(data))
            for beat, data in messages
            if data and is_channel_message(data)
        ]
        end = max(end, round(tempo.frame_at(messages[-1][0])) if messages else 0)
        if any(isinstance(e.payload, Midi) and is_note_on(e.payload.data) for e in events):
            parts[_make_unique_name(name.strip().translate(_UNSAFE) or f"track {number}", parts)] = events
    if not parts:
        raise ConfigError("the MIDI file has no notes", "give one with a track that plays")
    return Score(rate, end, parts)


def _read_tempo_map(file: MidiFile, rate: int) -> TempoMap:
    changes = {0.0: USUAL_BPM}
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo" and is_tempo(message.tempo):
                changes[tick / file.ticks_per_beat] = tempo2bpm(message.tempo)
    return TempoMap([TempoChange(beat, bpm) for beat, bpm in sorted(changes.items())], rate)


def _make_unique_name(name: str, taken: Mapping[str, object]) -> str:
    """``name``, followed by a number where it is taken."""
    names = (name, *(f"{name} {n}" for n in range(2, len(taken) + 3)))
    used = {one.lower() for one in (*taken, MIX)}
    return next(one for one in names if one.lower() not in used)


def render(events: Sequence[TimedEvent], frames: int, rate: int, make: EngineFactory = fluid_for_files) -> Audio:
    """Render ``events`` with an engine that ``make`` creates: shape (2, frames), float32, latency removed."""
    stream = EngineStream(make(), rate)
    rendered = stream.advance(frames, {INPUT: events}).audio[OUTPUT]
    return np.concatenate([rendered, stream.flush().audio[OUTPUT]], axis=1)


def render_stems(score: Score, make: EngineFactory | None = None) -> Iterator[tuple[str, Audio]]:
    """Render each part by itself. Yields its name and audio, shape (2, frames), in the order of the score.

    All parts have the same length. ``make`` creates the synth; by default it is what `choose_synth` chooses.
    """
    make = make or choose_synth()
    for name, events in score.parts.items():
        yield name, render(events, score.frames + int(TAIL_S * score.rate), score.rate, make)


@dataclass(frozen=True, slots=True)
class StemFiles:
    """``paths``: of each part, then of the mix. ``loudness``: of the mix."""

    paths: tuple[Path, ...]
    loudness: Loudness


def write_stems(
    file: MidiFile,
    out: Path,
    make: EngineFactory | None = None,
    rate: int = RATE,
    target_lufs: float | None = None,
) -> StemFiles:
    """Write PART.wav for each part of ``file``, and mix.wav, their sum, to ``out``: 24 bits at ``rate``.

    ``target_lufs``: the integrated loudness of the mix; the parts get the same gain. None, or a mix that is silent or
    shorter than 0.4 s: as the synth plays. No true peak is above CEILING_DBTP: each file is limited by itself.
    """
    score = read_score(file, rate)
    frames = score.frames + int(TAIL_S * rate)
    total = np.zeros((CHANNELS, frames), np.float32)
    with tempfile.TemporaryFile() as scratch:
        for _, audio in render_stems(score, make):
            total += audio
            scratch.write(np.ascontiguousarray(audio).data)
        scratch.flush()
        raw = np.memmap(scratch, np.float32, "r", shape=(len(score.parts), CHANNELS, frames))
        mix = master_sound(total, rate, Target(target_lufs, CEILING_DBTP))
        gain = db_to_gain(mix.gain_db)
        paths = [
            _write(out / f"{name}.wav", limit_true_peaks(audio, rate, gain, CEILING_DBTP), rate)
            for name, audio in zip(score.parts, raw, strict=True)
        ]
        paths.append(_write(out / f"{MIX}.wav", mix.read_blocks(), rate))
    return StemFiles(tuple(paths), mix.loudness)


def _write(path: Path, blocks: Iterable[Audio], rate: int) -> Path:
    data = io.BytesIO()
    with soundfile.SoundFile(data, "w", rate, CHANNELS, subtype="PCM_24", format="WAV") as file:
        for block in blocks:
            file.write(block.T)
    write_atomic(path, data.getvalue())
    return path

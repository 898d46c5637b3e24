"""Drum replacement: a song's drums replaced by a synthesised MIDI file of the same loudness."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mido import MidiFile

from bridge.audiofile import Song
from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine_stream import EngineStream
from bridge.errors import ConfigError
from engines.offline.rates import StreamResampler, choose_rate
from engines.offline.song_batch import ProgressCallback
from engines.offline.stemfile import FORMATS, write_stem
from engines.offline.tags import read_tags
from engines.synth.limiter import CHUNK_FRAMES, LATENCY_FRAMES, Limiter
from engines.synth.stems import EngineFactory, read_score
from engines.synth.synth_engine import INPUT, OUTPUT, fluid

FORMAT = FORMATS["wav24"]
NEW, MIX = "drums", "mix"
"""The files written: the new drums by themselves, and the song with them."""
MAX_GAIN = 8.0
"""The most gain (18 dB) for the new drums, however loud the song's were."""


def mix_new_drums(
    midi: bytes, song: Path, own: Path, rest: Path, out: Path, progress: ProgressCallback, make: EngineFactory = fluid
) -> dict[str, Path]:  # fmt: skip
    """Write the drums in ``midi``, and their mix with ``rest``, into ``out``; the files, by name.

    Both have the rate, channels, length and tags of ``song``, and no sample above the limiter's ceiling. The drums are
    as loud (RMS) as those in the file ``own``, which they replace.
    """
    tags = read_tags(song)
    files = {name: out / f"{name}{FORMAT.suffix}" for name in (NEW, MIX)}
    if song.resolve() in [file.resolve() for file in files.values()]:
        raise ConfigError(f"{song}: would be written over", "give another --out")
    scratch = {name: out / f"{name}.f32.part" for name in (*files, "synth")}
    try:
        with Song(rest) as left:
            rate, channels = left.rate, min(left.channels, CHANNELS)
            own_power, frames = _measure_power(own)
            power = _render_midi(midi, scratch["synth"], rate, frames, make, progress)
            gain = min((own_power / power) ** 0.5, MAX_GAIN) if power > 0 else 1.0
            _write_mixes(left, scratch, gain, channels, progress)
        done = 0

        def report_written(more: int) -> None:
            nonlocal done
            done += more
            progress("writing", done, len(files) * frames, rate)

        for name, file in files.items():
            draft = file.with_name(file.name + ".part")
            title = tags.make_stem_tags(f"new {NEW}")
            write_stem(scratch[name], draft, FORMAT, rate, channels, 1.0, title, report_written)
            draft.replace(file)
    finally:
        for path in scratch.values():
            path.unlink(missing_ok=True)
    return files


def _render_midi(
    midi: bytes, scratch: Path, rate: int, frames: int, make: EngineFactory, progress: ProgressCallback
) -> float:
    """Render ``frames`` of ``midi`` as raw stereo to ``scratch``; returns the power."""
    power, written = 0.0, 0
    with scratch.open("wb") as file:
        for block in _synthesise(midi, rate, frames, make):
            power += float((block.astype(np.float64) ** 2).sum())
            file.write(np.ascontiguousarray(block.T).data)
            written += block.shape[1]
            progress("playing", written, frames, rate)
    return power / max(CHANNELS * frames, 1)


def _synthesise(midi: bytes, rate: int, frames: int, make: EngineFactory) -> Iterator[Audio]:
    """The audio that the engine of ``make`` renders from ``midi``, hop by hop at ``rate`` Hz, without its latency."""
    engine = make()
    own = choose_rate(engine.spec.rates, rate)
    parts = list(read_score(MidiFile(file=io.BytesIO(midi)), own).parts.values())
    resampling = StreamResampler(own, rate, CHANNELS) if own != rate else None
    stream, given = EngineStream(engine, own), 0
    stream.advance(0, {INPUT: [event for part in parts for event in part]})
    while given < frames:
        sound = stream.advance(engine.spec.hop).audio[OUTPUT]
        sound = resampling.push(sound) if resampling else sound
        sound = sound[:, : frames - given]
        given += sound.shape[1]
        yield sound


def _measure_power(path: Path) -> tuple[float, int]:
    """Measure the mean power of both channels of the file at ``path``; returns it and the frames."""
    total, frames = 0.0, 0
    with Song(path) as song:
        for block in song.read_blocks():
            total += float((block.astype(np.float64) ** 2).sum())
            frames += block.shape[1]
    return total / max(CHANNELS * frames, 1), frames


def _write_mixes(rest: Song, scratch: dict[str, Path], gain: float, channels: int, progress: ProgressCallback) -> None:
    """Write the synth's raw audio times ``gain``, and its mix with ``rest``, each limited, to scratch."""
    limited = {name: _BlockLimiter(rest.rate) for name in (NEW, MIX)}
    done = 0
    with scratch["synth"].open("rb") as synth, scratch[NEW].open("wb") as drums, scratch[MIX].open("wb") as mix:
        files = {NEW: drums, MIX: mix}
        for block in rest.read_blocks():
            frames = block.shape[1]
            raw = np.frombuffer(synth.read(frames * CHANNELS * 4), np.float32).reshape(-1, CHANNELS).T
            new = np.zeros_like(block)
            new[:, : raw.shape[1]] = np.float32(gain) * raw
            for name, sound in ((NEW, new), (MIX, block + new)):
                files[name].write(_to_raw_frames(limited[name].push(sound), channels))
            done += frames
            progress("mixing", done, rest.frames, rest.rate)
        for name, file in files.items():
            file.write(_to_raw_frames(limited[name].finish(), channels))


def _to_raw_frames(audio: Audio, channels: int) -> bytes:
    """Raw frames of so many channels; one is the mean of both."""
    sound = audio if channels == CHANNELS else audio.mean(axis=0, keepdims=True)
    return np.ascontiguousarray(sound.T, np.float32).tobytes()


class _BlockLimiter:
    """A limiter for blocks of a file, its delay removed: output and input have the same length in all."""

    def __init__(self, rate: int) -> None:
        self._limiter = Limiter(rate, CHUNK_FRAMES)
        self._early, self._owed = LATENCY_FRAMES, 0

    def push(self, audio: Audio) -> Audio:
        """The next (2, any) frames; none after a block that is no whole number of chunks."""
        self._owed += audio.shape[1]
        sound = np.pad(audio, ((0, 0), (0, -audio.shape[1] % CHUNK_FRAMES)))
        for first in range(0, sound.shape[1], CHUNK_FRAMES):
            chunk = sound[:, first : first + CHUNK_FRAMES]
            self._limiter.process(chunk, chunk)
        out = sound[:, self._early :][:, : self._owed]
        self._early = 0
        self._owed -= out.shape[1]
        return out

    def finish(self) -> Audio:
        """The rest."""
        owed = self._owed
        return self.push(np.zeros((CHANNELS, LATENCY_FRAMES), np.float32))[:, :owed]

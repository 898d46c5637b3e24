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
from engines.backing.band_level import measure_file
from engines.mastering.loudness import measure_loudness
from engines.mastering.true_peak_limiter import limit_true_peaks, read_blocks
from engines.offline.rates import StreamResampler, choose_rate
from engines.offline.song_batch import ProgressCallback
from engines.offline.stemfile import FORMATS, write_stem
from engines.offline.tags import read_tags
from engines.synth.stems import CEILING_DBTP, EngineFactory, read_score
from engines.synth.synth_engine import INPUT, OUTPUT, fluid

FORMAT = FORMATS["wav24"]
NEW, MIX = "drums", "mix"
"""The files written: the new drums by themselves, and the song with them."""
MAX_GAIN = 8.0
"""The most gain (18 dB) for the new drums, however loud the song's were."""


def mix_new_drums(
    midi: bytes,
    song: Path,
    own: Path,
    rest: Path,
    out: Path,
    progress: ProgressCallback,
    level_lu: float = 0.0,
    make: EngineFactory = fluid,
) -> dict[str, Path]:
    """Write the drums in ``midi``, and their mix with ``rest``, into ``out``; the files, by name.

    Both have the rate, channels, length and tags of ``song``, and no true peak above CEILING_DBTP. The drums are
    ``level_lu`` louder (integrated loudness) than those in the file ``own``, which they replace.
    """
    tags = read_tags(song)
    files = {name: out / f"{name}{FORMAT.suffix}" for name in (NEW, MIX)}
    if song.resolve() in [file.resolve() for file in files.values()]:
        raise ConfigError(f"{song}: would be written over", "give another --out")
    scratch = {name: out / f"{name}.f32.part" for name in (*files, "synth", "sum")}
    try:
        with Song(rest) as left:
            rate, channels = left.rate, min(left.channels, CHANNELS)
            frames = _count_frames(own)
            _render_midi(midi, scratch["synth"], rate, frames, make, progress)
            gain = _choose_gain(own, scratch["synth"], rate, frames, level_lu)
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
) -> None:
    """Render ``frames`` of ``midi`` as raw stereo to ``scratch``."""
    written = 0
    with scratch.open("wb") as file:
        for block in _synthesise(midi, rate, frames, make):
            file.write(np.ascontiguousarray(block.T).data)
            written += block.shape[1]
            progress("playing", written, frames, rate)


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


def _count_frames(path: Path) -> int:
    with Song(path) as song:
        return sum(block.shape[1] for block in song.read_blocks())


def _choose_gain(own: Path, synth: Path, rate: int, frames: int, level_lu: float) -> float:
    """The gain with which the raw audio in ``synth`` is ``level_lu`` louder than ``own``, MAX_GAIN at most.

    1 where either has no loudness: it is silent, or shorter than 0.4 s.
    """
    if not frames:
        return 1.0
    wanted = measure_file(own).integrated_lufs
    made = measure_loudness(read_blocks(_map_raw_frames(synth, frames)), rate).integrated_lufs
    if wanted is None or made is None:
        return 1.0
    gain: float = 10.0 ** ((wanted + level_lu - made) / 20.0)
    return min(gain, MAX_GAIN)


def _map_raw_frames(path: Path, frames: int) -> Audio:
    """The raw stereo audio in the file at ``path``, shape (2, frames)."""
    return np.memmap(path, np.float32, "r", shape=(frames, CHANNELS)).T


def _write_mixes(rest: Song, scratch: dict[str, Path], gain: float, channels: int, progress: ProgressCallback) -> None:
    """Write the synth's raw audio times ``gain``, and its mix with ``rest``, each limited, to scratch."""
    frames, done = 0, 0
    with scratch["synth"].open("rb") as synth, scratch["sum"].open("wb") as mix:
        for block in rest.read_blocks():
            raw = np.frombuffer(synth.read(block.shape[1] * CHANNELS * 4), np.float32).reshape(-1, CHANNELS).T
            block[:, : raw.shape[1]] += np.float32(gain) * raw
            mix.write(np.ascontiguousarray(block.T).data)
            frames += block.shape[1]
    for name, source, factor in ((NEW, "synth", gain), (MIX, "sum", 1.0)):
        with scratch[name].open("wb") as file:
            given = scratch[source].stat().st_size // (4 * CHANNELS)
            whole = _map_raw_frames(scratch[source], given) if given else np.zeros((CHANNELS, 0), np.float32)
            for block in limit_true_peaks(whole, rest.rate, factor, CEILING_DBTP):
                file.write(_to_raw_frames(block, channels))
                done += block.shape[1]
                progress("mixing", done, 2 * frames, rest.rate)


def _to_raw_frames(audio: Audio, channels: int) -> bytes:
    """Raw frames of so many channels; one is the mean of both."""
    sound = audio if channels == CHANNELS else audio.mean(axis=0, keepdims=True)
    return np.ascontiguousarray(sound.T, np.float32).tobytes()

"""A song with other drums: what a MIDI file says, as sound, in the place of the song's own, as loud as they were."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mido import MidiFile

from bridge.audiofile import Song
from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import block_for
from bridge.core.time import BlockTime
from bridge.errors import ConfigError
from engines.offline.rates import StreamResampler, choose_rate
from engines.offline.song_batch import ProgressCallback
from engines.offline.stemfile import FORMATS, write_stem
from engines.offline.tags import read_tags
from engines.synth.limiter import LATENCY_FRAMES, Limiter
from engines.synth.stems import Make, read_score
from engines.synth.synth_engine import INPUT, OUTPUT, fluid

FORMAT = FORMATS["wav24"]
NEW, MIX = "drums", "mix"
"""What is written: the new drums by themselves, and the song with them."""
CHUNK_FRAMES = 1024
"""What the limiter takes at a time; blocks of a file are whole chunks but the last."""
MOST = 8.0
"""The new drums are made no louder than by this (18 dB), however loud the song's were."""


def mix_anew(
    midi: bytes, song: Path, own: Path, rest: Path, out: Path, told: ProgressCallback, make: Make = fluid
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
            own_power, frames = _power(own)
            power = _render(midi, scratch["synth"], rate, frames, make, told)
            gain = min((own_power / power) ** 0.5, MOST) if power > 0 else 1.0
            _add(left, scratch, gain, channels, told)
        done = 0

        def wrote(more: int) -> None:
            nonlocal done
            done += more
            told("writing", done, len(files) * frames, rate)

        for name, file in files.items():
            draft = file.with_name(file.name + ".part")
            title = tags.for_stem(f"new {NEW}")
            write_stem(scratch[name], draft, FORMAT, rate, channels, 1.0, title, wrote)
            draft.replace(file)
    finally:
        for path in scratch.values():
            path.unlink(missing_ok=True)
    return files


def _render(midi: bytes, scratch: Path, rate: int, frames: int, make: Make, told: ProgressCallback) -> float:
    """Write ``frames`` of what ``midi`` sounds like as raw stereo to ``scratch``; its power."""
    power, written = 0.0, 0
    with scratch.open("wb") as file:
        for block in _sounds(midi, rate, frames, make):
            power += float((block.astype(np.float64) ** 2).sum())
            file.write(np.ascontiguousarray(block.T).data)
            written += block.shape[1]
            told("playing", written, frames, rate)
    return power / max(CHANNELS * frames, 1)


def _sounds(midi: bytes, rate: int, frames: int, make: Make) -> Iterator[Audio]:
    """What the engine that ``make`` gives makes of ``midi``, hop by hop at ``rate`` Hz, without its latency."""
    engine = make()
    spec = engine.spec
    own = choose_rate(spec.rates, rate)
    engine.prepare(own, spec.hop)
    events = list(read_score(MidiFile(file=io.BytesIO(midi)), own).parts.values())
    coming = sorted((event for part in events for event in part), key=lambda event: event.frame)
    resampling = StreamResampler(own, rate, CHANNELS) if own != rate else None
    block, out = block_for(spec.inputs, spec.hop, spec.controls), block_for(spec.outputs, spec.hop)
    early, given, first, place = engine.latency_frames(OUTPUT), 0, 0, 0
    while given < frames:
        here = block.events[INPUT]
        here.clear()
        while place < len(coming) and coming[place].frame < first + spec.hop:
            here.append(coming[place])
            place += 1
        engine.process(block, BlockTime(first, own), out)
        first += spec.hop
        heard = out.audio[OUTPUT][:, min(early, spec.hop) :].copy()
        early = max(early - spec.hop, 0)
        heard = resampling.push(heard) if resampling else heard
        heard = heard[:, : frames - given]
        given += heard.shape[1]
        yield heard


def _power(path: Path) -> tuple[float, int]:
    """The mean power of both channels of the file at ``path``, and its frames."""
    total, frames = 0.0, 0
    with Song(path) as song:
        for block in song.blocks():
            total += float((block.astype(np.float64) ** 2).sum())
            frames += block.shape[1]
    return total / max(CHANNELS * frames, 1), frames


def _add(rest: Song, scratch: dict[str, Path], gain: float, channels: int, told: ProgressCallback) -> None:
    """The synth's raw sound times ``gain``, and that with ``rest``, each through a limiter of its own, to scratch."""
    limited = {name: _Limited(rest.rate) for name in (NEW, MIX)}
    done = 0
    with scratch["synth"].open("rb") as synth, scratch[NEW].open("wb") as drums, scratch[MIX].open("wb") as mix:
        files = {NEW: drums, MIX: mix}
        for block in rest.blocks():
            frames = block.shape[1]
            raw = np.frombuffer(synth.read(frames * CHANNELS * 4), np.float32).reshape(-1, CHANNELS).T
            new = np.zeros_like(block)
            new[:, : raw.shape[1]] = np.float32(gain) * raw
            for name, sound in ((NEW, new), (MIX, block + new)):
                files[name].write(_frames(limited[name].push(sound), channels))
            done += frames
            told("mixing", done, rest.frames, rest.rate)
        for name, file in files.items():
            file.write(_frames(limited[name].finish(), channels))


def _frames(audio: Audio, channels: int) -> bytes:
    """Raw frames of so many channels; one is the mean of both."""
    sound = audio if channels == CHANNELS else audio.mean(axis=0, keepdims=True)
    return np.ascontiguousarray(sound.T, np.float32).tobytes()


class _Limited:
    """A limiter for blocks of a file, without its delay: what came out, joined, is as long as what went in."""

    def __init__(self, rate: int) -> None:
        self._limiter = Limiter(rate, CHUNK_FRAMES)
        self._early, self._owed = LATENCY_FRAMES, 0

    def push(self, audio: Audio) -> Audio:
        """The next (2, any) frames; none after a block that is no whole number of chunks."""
        self._owed += audio.shape[1]
        sound = np.pad(audio, ((0, 0), (0, -audio.shape[1] % CHUNK_FRAMES)))
        for first in range(0, sound.shape[1], CHUNK_FRAMES):
            chunk = sound[:, first : first + CHUNK_FRAMES]
            self._limiter(chunk, chunk)
        out = sound[:, self._early :][:, : self._owed]
        self._early = 0
        self._owed -= out.shape[1]
        return out

    def finish(self) -> Audio:
        """The rest."""
        owed = self._owed
        return self.push(np.zeros((CHANNELS, LATENCY_FRAMES), np.float32))[:, :owed]

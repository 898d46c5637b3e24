"""Audio and MIDI files of the demo: reads a user's song, writes stems and MIDI. A write never leaves half a file."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr

from bridge.audiofile import Song
from bridge.config import write_atomic
from bridge.core.audio import Audio
from bridge.core.events import Chord, Midi, TimedEvent
from bridge.core.midi import SYSTEM
from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap
from bridge.errors import ConfigError
from engines.offline.smf.writing import TimedMessage, to_tempo_messages, write_smf

log = logging.getLogger(__name__)

FASTEST_BPM = 300.0
"""The fastest tempo of a map made of beats; not every DAW knows faster tempi."""
SLOWEST_US = 0xFFFFFF
"""Microseconds a quarter note: the most that a MIDI file can hold."""


def read_song(path: Path, rate: int, seconds: float | None = None) -> Audio:
    """The song at ``path``, or its first ``seconds``, at ``rate``: shape (2, frames), float32.

    Every command reads songs this way (`bridge.audiofile.Song`). Oddities of the file are logged.
    """
    blocks, frames = [], 0
    with Song(path) as song:
        wanted = None if seconds is None else round(seconds * song.rate)
        for block in song.read_blocks():
            blocks.append(block[:, : None if wanted is None else wanted - frames])
            frames += blocks[-1].shape[1]
            if wanted is not None and frames >= wanted:
                break
    for note in song.notes:
        log.warning("%s: %s", path, note)
    audio = np.concatenate(blocks, axis=1)
    if song.rate != rate:
        audio = soxr.resample(audio.T, song.rate, rate, quality="VHQ").T
    if not audio.shape[1]:
        raise ConfigError(f"{path}: shorter than one frame at {rate} Hz", "give a longer file")
    return np.ascontiguousarray(audio, dtype=np.float32)


def write_wav(path: Path, audio: Audio, rate: int) -> None:
    """Write (channels, frames) as WAV: 24 bits, or 32-bit float where it passes full scale, so nothing clips."""
    loud = audio.size > 0 and float(np.max(np.abs(audio))) > 1.0
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.T, rate, format="WAV", subtype="FLOAT" if loud else "PCM_24")
    write_atomic(path, buffer.getvalue())


def write_midi(path: Path, events_by_track: Mapping[str, Sequence[TimedEvent]], tempo_map: TempoMap, rate: int) -> None:
    """Write a standard MIDI file, type 1, 480 ticks a beat: a tempo track, then a track a name.

    Frames are at ``rate`` and become ticks through ``tempo_map``; a tick is about a millisecond, so that is the
    file's resolution. Chord events of any track become markers in the tempo track; other analysis events and real-time
    messages (clock, start, stop) are left out, because the file's tempo replaces them.
    """

    def to_ticks(frame: int) -> int:
        return max(round(tempo_map.beat_at(frame * tempo_map.rate / rate) * TICKS_PER_BEAT), 0)

    markers: list[tuple[int, str]] = []
    tracks: dict[str, list[tuple[int, bytes]]] = {name: [] for name in events_by_track}
    for name, events in events_by_track.items():
        for event in events:
            if isinstance(event.payload, Chord):
                markers.append((to_ticks(event.frame), event.payload.label))
            elif isinstance(event.payload, Midi) and event.payload.data[0] < SYSTEM:
                tracks[name].append((to_ticks(event.frame), event.payload.data))
    end = max([at for track in tracks.values() for at, _ in track] + [at for at, _ in markers], default=0)

    head = to_tempo_messages(_list_tempi(tempo_map, end))
    head += [(at, mido.MetaMessage("marker", text=text)) for at, text in markers]
    written = [_name_track("tempo", head)]
    for name, messages in tracks.items():
        written.append(_name_track(name, [(at, mido.Message.from_bytes(data)) for at, data in messages]))
    write_atomic(path, write_smf(written, 0))


def tempo_map_from_beats(beats: Sequence[int], rate: int) -> TempoMap:
    """The tempo map whose beats fall on detected ``beats`` (frames, ascending), for a song without one.

    Before the first beat lies an upbeat of whole beats at about the same tempo, and a pause is several beats. A beat
    less than a third of one behind another is left out. Fewer than two beats give 120.
    """
    if len(beats) < 2:
        return TempoMap([TempoChange(0.0, 120.0)], rate)
    usual = max(float(np.median(np.diff(np.asarray(beats, dtype=np.float64)))), 60.0 * rate / FASTEST_BPM)
    kept = list(beats[:1])
    for frame in beats[1:]:
        if frame - kept[-1] >= usual / 3:
            kept.append(frame)
    if kept[0] and kept[0] < usual / 2 and len(kept) > 1:  # a sliver of an upbeat would be a wild tempo
        kept = kept[1:]
    changes, beat, before = [], 0, 0
    for frame in kept:
        if frame > before:
            count = max(round((frame - before) / usual), 1)
            changes.append(TempoChange(float(beat), 60.0 * rate * count / (frame - before)))
            beat, before = beat + count, frame
    return TempoMap(changes or [TempoChange(0.0, 120.0)], rate)


def _list_tempi(tempo_map: TempoMap, end_ticks: int) -> list[tuple[int, int]]:
    """The tempo changes up to ``end_ticks`` as (tick, microseconds a beat)."""
    tempi: list[tuple[int, int]] = []
    for at in range(end_ticks + 1):
        tempo = min(max(int(mido.bpm2tempo(tempo_map.tempo_at(at / TICKS_PER_BEAT))), 1), SLOWEST_US)
        if not tempi or tempi[-1][1] != tempo:
            tempi.append((at, tempo))
    return tempi


def _name_track(name: str, messages: Sequence[TimedMessage]) -> list[TimedMessage]:
    return [(0, mido.MetaMessage("track_name", name=name)), *messages]

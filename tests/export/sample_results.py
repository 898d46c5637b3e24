"""Sample results: a song of two stems and its analysis as files, so that no engine is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bridge.core.audio import Audio
from engines.mir.offline.midi_export import format_midi_file
from engines.mir.offline.song_map import ChordSpan, SongBeat, SongMap, TempoPoint, to_json

RATE, FRAMES = 44100, 3 * 44100
BEAT_S = 0.5


@dataclass(frozen=True, slots=True)
class SongFiles:
    """``song``: the recording. ``stems``: a folder. ``analysis``: the JSON, with its MIDI file beside it."""

    song: Path
    stems: Path
    analysis: Path


def write_song_files(folder: Path, name: str = "song", loudness: float = 0.3) -> SongFiles:
    """A song of three seconds at 120 BPM with the chords Am and F, written as 16 bits; the stems do not quite sum."""
    rng = np.random.default_rng(7)
    drums = rng.uniform(-loudness, loudness, (2, FRAMES)).astype(np.float32)
    vocals = rng.uniform(-loudness, loudness, (2, FRAMES)).astype(np.float32)
    stems = folder / "given stems"
    stems.mkdir(parents=True)
    files = SongFiles(folder / f"{name}.wav", stems, folder / f"{name}.json")
    _write(files.song, np.clip(drums + vocals, -1, 1), "PCM_16")
    _write(stems / "drums.wav", drums, "FLOAT")
    _write(stems / "vocals.wav", 0.5 * vocals, "FLOAT")
    _write(stems / "no_vocals.wav", drums, "FLOAT")
    beats = tuple(SongBeat(n * BEAT_S, n % 4 + 1, 4, 1.0) for n in range(6))
    chords = (
        ChordSpan(0.0, 1.04, "Am", "A:min", 9, -1, (9, 0, 4), 1.0),
        ChordSpan(1.04, 2.5, "F", "F:maj", 5, -1, (5, 9, 0), 1.0),
        ChordSpan(2.5, 3.0, "N", "N", -1, -1, (), 1.0),
    )
    tempo = (TempoPoint(0.0, 120.0, 1.0),)
    song_map = SongMap(str(files.song), "mir.standard", RATE, FRAMES, 3.0, beats, tempo, chords)
    files.analysis.write_bytes(to_json(song_map))
    files.analysis.with_suffix(".mid").write_bytes(format_midi_file(song_map, name))
    return files


def _write(path: Path, audio: Audio, subtype: str) -> None:
    soundfile.write(path, audio.T, RATE, subtype=subtype)

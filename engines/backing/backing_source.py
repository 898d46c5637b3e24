"""Backing source: chords, a chord sheet, a MIDI file or a song, recognised by content and name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ConfigError
from engines.accompaniment.note_names import normalise
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.timed_sheet import TimedSheet, make_steady_tempo
from engines.accompaniment.sheet import Sheet, read_sheet
from engines.accompaniment.sheet_file import read_sheet_file
from engines.backing.song_timeline import SongTimeline, analyse_song
from engines.offline.smf.containers import PREFIX_BYTES, is_smf
from engines.offline.smf.reading import LARGEST_BYTES
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import SUFFIXES, check_reachable

MIDI_SUFFIXES = (".mid", ".midi", ".smf", ".kar", ".rmi")
AUDIO_HEADS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"caff", b".snd", b"riff")
"""First bytes of audio files, whatever their names; MP3 without tags is recognised by its name alone."""


@dataclass(frozen=True, slots=True)
class BackingSource:
    """``name``: as the user gave it. ``timeline``: a song's."""

    name: str
    piece: TimedSheet
    timeline: SongTimeline | None = None


def is_song(given: str) -> bool:
    """Whether ``given`` is a file of audio."""
    path = Path(given)
    if _is_chord_text(given) or path.is_dir() or _is_midi(path):
        return False
    return _read_head(path).startswith(AUDIO_HEADS) or path.suffix.lower() in SUFFIXES


def read_source(given: str, bpm: float, progress: ProgressCallback, harmony: bool = True) -> BackingSource:
    """Read ``given``: chords where it begins with a bar line, else the file of that name.

    ``bpm``: the tempo of a sheet without one. Without ``harmony`` a song without chords is accepted. A source that
    cannot be played to is a `ConfigError`.
    """
    if _is_chord_text(given):
        return BackingSource("chords", _to_timed_sheet(read_sheet(given), bpm))
    if not given:
        raise ConfigError("the name of the song is empty", "give one song, MIDI file or chord sheet")
    path = Path(given)
    if path.is_dir():
        raise ConfigError(f"{given}: is a folder", "give one song, MIDI file or chord sheet")
    if _is_midi(path):
        with path.open("rb") as file:
            return BackingSource(given, read_midi(file.read(LARGEST_BYTES + 1), given, harmony))
    if is_song(given):
        timeline = analyse_song(path, progress, harmony)
        return BackingSource(given, timeline.piece, timeline)
    return BackingSource(given, _to_timed_sheet(read_sheet_file(path), bpm))


def _is_chord_text(given: str) -> bool:
    return normalise(given).lstrip().startswith("|")


def _is_midi(path: Path) -> bool:
    return is_smf(_read_head(path)) or path.suffix.lower() in MIDI_SUFFIXES


def _read_head(path: Path) -> bytes:
    """The file's first bytes."""
    check_reachable(path)
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, without end
            raise ConfigError(f"{path}: no plain file", "give a song, a MIDI file or a file with chords")
        with path.open("rb") as file:
            return file.read(PREFIX_BYTES)
    except OSError as error:
        hint = "give a song, a MIDI file, a file with chords, or chords that begin with |"
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", hint) from error


def _to_timed_sheet(sheet: Sheet, bpm: float) -> TimedSheet:
    return TimedSheet(sheet, make_steady_tempo(bpm if sheet.tempo is None else sheet.tempo))

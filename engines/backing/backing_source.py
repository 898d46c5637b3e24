"""What the band is given to play to: chords, a chord sheet, a MIDI file or a song, each told from the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ConfigError
from engines.accompaniment.note_names import plain
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.piece import Piece, steady
from engines.accompaniment.sheet import Sheet, read_sheet
from engines.accompaniment.sheet_file import read_sheet_file
from engines.backing.song_timeline import Course, follow
from engines.offline.smf.containers import PREFIX_BYTES, is_smf
from engines.offline.smf.reading import LARGEST_BYTES
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import SUFFIXES, check_reachable

MIDI_SUFFIXES = (".mid", ".midi", ".smf", ".kar", ".rmi")
AUDIO_HEADS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"caff", b".snd", b"riff")
"""What files of audio begin with, whatever they are called; MP3 without tags is told by its name alone."""


@dataclass(frozen=True, slots=True)
class Source:
    """``name``: what the user called it. ``course``: a song's."""

    name: str
    piece: Piece
    course: Course | None = None


def is_song(given: str) -> bool:
    """Whether ``given`` is a file of audio."""
    path = Path(given)
    if _is_chords(given) or path.is_dir() or _is_midi(path):
        return False
    return _head(path).startswith(AUDIO_HEADS) or path.suffix.lower() in SUFFIXES


def read_source(given: str, bpm: float, told: ProgressCallback, harmony: bool = True) -> Source:
    """What ``given`` is: chords where it begins with a bar line, else the file of that name.

    ``bpm``: the tempo of a sheet that says none. Without ``harmony`` what has no chords will do. What cannot be played
    to is a `ConfigError`.
    """
    if _is_chords(given):
        return Source("chords", _of_sheet(read_sheet(given), bpm))
    path = Path(given)
    if path.is_dir():
        raise ConfigError(f"{given}: is a folder", "give one song, MIDI file or chord sheet")
    if _is_midi(path):
        with path.open("rb") as file:
            return Source(given, read_midi(file.read(LARGEST_BYTES + 1), given, harmony))
    if is_song(given):
        course = follow(path, told, harmony)
        return Source(given, course.piece, course)
    return Source(given, _of_sheet(read_sheet_file(path), bpm))


def _is_chords(given: str) -> bool:
    return plain(given).lstrip().startswith("|")


def _is_midi(path: Path) -> bool:
    return is_smf(_head(path)) or path.suffix.lower() in MIDI_SUFFIXES


def _head(path: Path) -> bytes:
    """What the file begins with."""
    check_reachable(path)
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, without end
            raise ConfigError(f"{path}: no plain file", "give a song, a MIDI file or a file with chords")
        with path.open("rb") as file:
            return file.read(PREFIX_BYTES)
    except OSError as error:
        mend = "give a song, a MIDI file, a file with chords, or chords that begin with |"
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", mend) from error


def _of_sheet(sheet: Sheet, bpm: float) -> Piece:
    return Piece(sheet, steady(bpm if sheet.tempo is None else sheet.tempo))

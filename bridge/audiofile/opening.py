"""Opening: the right reader for a file, by what it begins with."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.audiofile.aiff import read_aiff
from bridge.audiofile.au import read_au
from bridge.audiofile.caf import read_caf
from bridge.audiofile.flac import MARK as FLAC_MARK
from bridge.audiofile.flac import FlacSound
from bridge.audiofile.headed import with_wav_head
from bridge.audiofile.joined import JoinedSound
from bridge.audiofile.kinds import HEAD_BYTES, beginning, kind_of, other_than_audio
from bridge.audiofile.library import open_library
from bridge.audiofile.mp3 import MpegSound
from bridge.audiofile.mpeg import is_free_format
from bridge.audiofile.ogg import pages
from bridge.audiofile.oggsound import OggSound
from bridge.audiofile.plain import Box, PlainSound, checked
from bridge.audiofile.sound import Sound
from bridge.audiofile.w64 import read_w64
from bridge.audiofile.wav import MPEG, MPEG_III, next_wav, read_wav
from bridge.audiofile.window import Window

SHORT = "was cut short: its header announces more than is there"
_SEARCHED_BYTES = 1 << 18
_MOST_JOINED = 1000


def open_sound(window: Window) -> Sound:
    """The sound of the file in ``window``, nothing decoded. Raises: ValueError, with what is wrong; OSError."""
    whole = window
    window = whole.part(beginning(whole))
    head = window.read_at(0, HEAD_BYTES)
    kind = kind_of(head)
    if kind == "flac":
        return FlacSound(window)
    if kind == "ogg":
        return OggSound(window)
    if kind:
        return _joined(window) if kind == "wav" else _boxed(window, kind)
    if what := other_than_audio(head):
        raise ValueError(f"it is {what}")
    return _unboxed(window)


def _joined(window: Window) -> Sound:
    """A WAV, and those that were joined to it."""
    sounds = [_boxed(window, "wav")]
    while len(sounds) < _MOST_JOINED and isinstance(last := sounds[-1], PlainSound):
        at = next_wav(last.window, last.box.end)
        if at is None:
            break
        try:
            sounds.append(_boxed(last.window.part(at), "wav"))
        except ValueError:
            break
    return sounds[0] if len(sounds) == 1 else JoinedSound(sounds)


def _boxed(window: Window, kind: str) -> Sound:
    box: Box | None
    if kind in ("wav", "w64"):
        wav = read_wav(window) if kind == "wav" else read_w64(window)
        box = wav.box if wav else None
        if wav and wav.tag in (MPEG, MPEG_III):
            return MpegSound(window.part(wav.box.start, wav.box.end))
    else:
        box = {"aiff": read_aiff, "caf": read_caf, "au": read_au}[kind](window)
        wav = None
    if box is None:
        return open_library(window)
    checked(box)
    if box.subtype:
        return PlainSound(window, box)
    if wav and kind == "wav" and not box.big_endian and (box.note or box.missing):
        headed = with_wav_head(wav.fmt, window.part(box.start, box.end))
        return open_library(headed or window, (box.note or SHORT,))
    return open_library(window)


def _unboxed(window: Window) -> Sound:
    """Frames without a box; or one of the many rare kinds that libsndfile knows."""
    if is_free_format(window, 0):
        return open_library(window)
    for at, kind in _later(window):
        return FlacSound(window.part(at)) if kind == "flac" else OggSound(window)
    try:
        return MpegSound(window) if _begins_as_mpeg(window) else open_library(window)
    except ValueError as error:
        try:
            return MpegSound(window)
        except ValueError:
            raise error from None


def _later(window: Window) -> Iterator[tuple[int, str]]:
    """Where in the first bytes a stream begins that was caught in its middle, or that something was put in front of."""
    head = window.read_at(0, _SEARCHED_BYTES)
    if next(pages(window.part(0, _SEARCHED_BYTES)), None):
        yield 0, "ogg"
    if (at := head.find(FLAC_MARK)) >= 0:
        yield at, "flac"


def _begins_as_mpeg(window: Window) -> bool:
    head = window.read_at(0, 2)
    return len(head) == 2 and head[0] == 0xFF and head[1] >= 0xE0

"""Reader selection: opens a file with the reader for its first bytes."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.audiofile.aiff import read_aiff
from bridge.audiofile.au import read_au
from bridge.audiofile.caf import read_caf
from bridge.audiofile.flac import MARK as FLAC_MARK
from bridge.audiofile.flac import FlacSound
from bridge.audiofile.headed import wrap_in_wav
from bridge.audiofile.joined import JoinedSound
from bridge.audiofile.kinds import HEAD_BYTES, detect_kind, detect_other_kind, find_beginning
from bridge.audiofile.library import open_library
from bridge.audiofile.mp3 import MpegSound
from bridge.audiofile.mpeg import is_free_format
from bridge.audiofile.ogg import read_pages
from bridge.audiofile.oggsound import OggSound
from bridge.audiofile.plain import ContainerInfo, PlainSound, check_container
from bridge.audiofile.sound import Sound
from bridge.audiofile.w64 import read_w64
from bridge.audiofile.wav import MPEG, MPEG_III, find_next_wav, read_wav
from bridge.audiofile.window import Window

SHORT = "was cut short: its header announces more than is there"
_SEARCHED_BYTES = 1 << 18
_MOST_JOINED = 1000


def open_sound(window: Window) -> Sound:
    """Open the file in ``window`` without decoding. Raises: ValueError, with what is wrong; OSError."""
    whole = window
    window = whole.slice(find_beginning(whole))
    head = window.read_at(0, HEAD_BYTES)
    kind = detect_kind(head)
    if kind == "flac":
        return FlacSound(window)
    if kind == "ogg":
        return OggSound(window)
    if kind:
        return _open_wavs(window) if kind == "wav" else _open_container(window, kind)
    if what := detect_other_kind(head):
        raise ValueError(f"it is {what}")
    return _open_bare(window)


def _open_wavs(window: Window) -> Sound:
    """A WAV, and others that were appended to it."""
    sounds = [_open_container(window, "wav")]
    while len(sounds) < _MOST_JOINED and isinstance(last := sounds[-1], PlainSound):
        at = find_next_wav(last.window, last.container.end)
        if at is None:
            break
        try:
            sounds.append(_open_container(last.window.slice(at), "wav"))
        except ValueError:
            break
    return sounds[0] if len(sounds) == 1 else JoinedSound(sounds)


def _open_container(window: Window, kind: str) -> Sound:
    container: ContainerInfo | None
    if kind in ("wav", "w64"):
        wav = read_wav(window) if kind == "wav" else read_w64(window)
        container = wav.container if wav else None
        if wav and wav.tag in (MPEG, MPEG_III):
            return MpegSound(window.slice(wav.container.start, wav.container.end))
    else:
        container = {"aiff": read_aiff, "caf": read_caf, "au": read_au}[kind](window)
        wav = None
    if container is None:
        return open_library(window)
    check_container(container)
    if container.subtype:
        return PlainSound(window, container)
    if wav and kind == "wav" and not container.big_endian and (container.note or container.missing):
        headed = wrap_in_wav(wav.fmt, window.slice(container.start, container.end))
        return open_library(headed or window, (container.note or SHORT,))
    return open_library(window)


def _open_bare(window: Window) -> Sound:
    """Frames without a container, or one of the many rare file types that libsndfile knows."""
    if is_free_format(window, 0):
        return open_library(window)
    for at, kind in _find_streams(window):
        return FlacSound(window.slice(at)) if kind == "flac" else OggSound(window)
    try:
        return MpegSound(window) if _begins_as_mpeg(window) else open_library(window)
    except ValueError as error:
        try:
            return MpegSound(window)
        except ValueError:
            raise error from None


def _find_streams(window: Window) -> Iterator[tuple[int, str]]:
    """Find the first Ogg page or FLAC stream, in a capture that starts midway or a file with junk in front."""
    head = window.read_at(0, _SEARCHED_BYTES)
    if next(read_pages(window.slice(0, _SEARCHED_BYTES)), None):
        yield 0, "ogg"
    if (at := head.find(FLAC_MARK)) >= 0:
        yield at, "flac"


def _begins_as_mpeg(window: Window) -> bool:
    head = window.read_at(0, 2)
    return len(head) == 2 and head[0] == 0xFF and head[1] >= 0xE0

"""Tag reader: what a file says of its song, in any kind of tag, by the names of Vorbis comments in lower case."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen import apev2, flac
from mutagen import id3 as id3_frames
from mutagen.oggflac import OggFLAC

from bridge.audiofile.window import Window
from engines.offline.chunks import has_chunks, read_chunks
from engines.offline.covers import OF_TEXTS, cover, covers_of, covers_of_ogg_flac

id3: Any = id3_frames  # its frames' fields are made at run time
FRAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TDRC": "date", "TCON": "genre", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TPE2": "albumartist", "TCOM": "composer", "TEXT": "lyricist", "TCOP": "copyright",
    "TBPM": "bpm", "TKEY": "initialkey", "TSRC": "isrc", "TPUB": "organization", "TIT3": "version",
    "TLAN": "language", "TPE3": "conductor", "TPE4": "remixer", "TIT1": "grouping", "TSSE": "encoder",
    "TENC": "encoder",
}  # fmt: skip
"""ID3v2.4 text frames and the comments that they stand for."""
APE = {"year": "date", "track": "tracknumber", "disc": "discnumber", "album artist": "albumartist"}
"""APEv2's names that are not Vorbis comments'."""
APE_COVER = "cover art (front)"
DROPPED = (
    "encoder", "replaygain_", "r128_", "mp3gain_", "acoustid_", "itunnorm", "itunsmpb", "waveformatextensible",
    *OF_TEXTS,
)  # fmt: skip
"""What names begin with that are true of the song's sound or file, not of a stem's, or that carry its covers."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class Read:
    """``texts``: values by name, none of them empty. ``pictures``: covers. ``notes``: what could not be read."""

    texts: dict[str, tuple[str, ...]]
    pictures: tuple[flac.Picture, ...]
    notes: tuple[str, ...]


def read_file(path: Path) -> Read:
    """What the file at ``path`` says of itself; of tags that are broken what can be read, and a note."""
    collected = _Collected()
    collected.attempt(lambda: collected.take_file(path))
    return collected.read()


class _Collected:
    """Texts and covers as they are found, and what was wrong with them."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, None]] = {}  # of each name its values, each once
        self._pictures: list[flac.Picture] = []
        self._notes: dict[str, None] = {}

    def attempt(self, act: Callable[[], None]) -> None:
        """Do ``act``; what it fails of is a note, and what it has found by then stays."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a library reads any bytes here, and the song is separated already
            reason = " ".join(str(error).split())[:100] or type(error).__name__
            self._notes[f"its tags cannot be read ({reason})"] = None

    def take_file(self, path: Path) -> None:
        """What the file's own kind of tag says, and beside it what other kinds say that some programs put there."""
        with path.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
        if has_chunks(head):
            found = read_chunks(path)
            if found.id3:
                self.attempt(lambda: self.take(id3.ID3(io.BytesIO(found.id3))))
            self._add_missing({name: [text] for name, text in found.texts.items()})
            return
        try:
            file: Any = mutagen.File(path)
        except mutagen.MutagenError:
            file = None  # what libsndfile reads and this does not, such as an MP3 that begins with something else
        if file is not None:
            self._pictures += getattr(file, "pictures", ())
            if isinstance(file, OggFLAC):
                with path.open("rb") as opened:
                    self._pictures += covers_of_ogg_flac(Window(opened, 0, path.stat().st_size))
            if (
                isinstance(file.tags, id3.ID3Tags) and file.tags.version[0] == 1
            ):  # thirty letters each: what else is there?
                self.attempt(lambda: self._take_whole(path, apev2.APEv2, apev2.APENoHeaderError))
                first, self._texts = self._texts, {}
                self.take(file.tags)
                cut, self._texts = self._texts, first
                self._add_missing(cut)
            else:
                self.take(file.tags)
        if not self._texts:  # tags at either end of any file
            self.attempt(lambda: self._take_whole(path, id3.ID3, id3.ID3NoHeaderError))
            self.attempt(lambda: self._take_whole(path, apev2.APEv2, apev2.APENoHeaderError))

    def _take_whole(self, path: Path, kind: Any, absent: type[Exception]) -> None:
        try:
            self.take(kind(path))
        except absent:
            return

    def _add_missing(self, texts: Mapping[str, Iterable[str]]) -> None:
        for name, values in texts.items():
            if name not in self._texts:
                self._add(name, values)

    def take(self, tags: Any) -> None:
        if isinstance(tags, id3.ID3Tags):
            for frame in tags.values():
                self._take_frame(frame)
        elif isinstance(tags, apev2.APEv2):
            for name, value in tags.items():  # type: ignore[no-untyped-call]
                self._take_ape(name.lower(), value)
        elif tags is not None:
            for name, value in tags:
                self._add(name, [value])

    def _take_frame(self, frame: Any) -> None:
        if isinstance(frame, id3.APIC):
            self._take_picture(frame.data, frame.mime, int(frame.type), frame.desc)
        elif isinstance(frame, id3.TXXX):
            self._add(str(frame.desc), frame.text)
        elif isinstance(frame, id3.COMM):
            if not frame.desc:  # described ones are programs' own, such as iTunes's
                self._add("comment", frame.text)
        elif isinstance(frame, id3.TCON):
            self._add("genre", frame.genres)  # numbers by their names
        elif isinstance(frame, id3.USLT):
            self._add("lyrics", [frame.text])
        elif name := FRAMES.get(frame.FrameID, ""):
            self._add(name, frame.text)

    def _take_ape(self, name: str, value: Any) -> None:
        if name == APE_COVER and value.kind == apev2.BINARY:
            self._take_picture(value.value.partition(b"\0")[2], "", id3.PictureType.COVER_FRONT, "")
        elif value.kind == apev2.TEXT:
            self._add(APE.get(name, name), list(value))

    def _take_picture(self, data: bytes, mime: str, type_: int, desc: str) -> None:
        if picture := cover(data, mime, type_, readable(desc)):
            self._pictures.append(picture)

    def _add(self, name: str, values: Iterable[object]) -> None:
        for known, added in cleaned({name: values}).items():
            self._texts.setdefault(known, {}).update(dict.fromkeys(added))

    def read(self) -> Read:
        texts = {name: tuple(values) for name, values in self._texts.items()}
        carried, notes = covers_of(texts)
        pictures: dict[tuple[object, ...], flac.Picture] = {}
        for found in (*self._pictures, *carried):
            one: Any = found
            if picture := cover(one.data, one.mime, int(one.type), readable(one.desc)):
                pictures.setdefault((one.type, one.desc, one.data), picture)
        kept = {name: values for name, values in texts.items() if not name.startswith(DROPPED)}
        return Read(kept, tuple(pictures.values()), (*self._notes, *notes))


def _parts(values: Iterable[object]) -> Iterator[str]:
    """Every value that says something; a NUL parts two, as in ID3v2.4."""
    for value in values:
        for part in str(value).split("\0"):
            if text := readable(part).strip():
                yield text


def cleaned(texts: Mapping[str, Iterable[object]]) -> dict[str, tuple[str, ...]]:
    """``texts`` without empty names and values, in characters that every kind of tag can hold, each value once."""
    found: dict[str, tuple[str, ...]] = {}
    for given, values in texts.items():
        name = readable(given).strip().lower()
        parts = (*found.get(name, ()), *_parts(values))
        if name and parts:
            found[name] = tuple(dict.fromkeys(parts))
    return found


def readable(text: str) -> str:
    """``text`` as any tag can hold it: whole characters, and of the controls only tabs and line ends."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROLS.sub("", whole.replace("\r\n", "\n").replace("\r", "\n"))

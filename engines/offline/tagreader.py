"""Tag reader: texts and covers of any kind of tag, under the names of Vorbis comments in lower case."""

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
from engines.offline.covers import OF_TEXTS, make_picture, read_covers, read_ogg_flac_covers

id3: Any = id3_frames  # its frames' fields are made at run time
FRAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TDRC": "date", "TCON": "genre", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TPE2": "albumartist", "TCOM": "composer", "TEXT": "lyricist", "TCOP": "copyright",
    "TBPM": "bpm", "TKEY": "initialkey", "TSRC": "isrc", "TPUB": "organization", "TIT3": "version",
    "TLAN": "language", "TPE3": "conductor", "TPE4": "remixer", "TIT1": "grouping", "TSSE": "encoder",
    "TENC": "encoder",
}  # fmt: skip
"""ID3v2.4 text frames and their Vorbis comment names."""
APE = {"year": "date", "track": "tracknumber", "disc": "discnumber", "album artist": "albumartist"}
"""APEv2 names that differ from those of Vorbis comments."""
APE_COVER = "cover art (front)"
DROPPED = (
    "encoder", "replaygain_", "r128_", "mp3gain_", "acoustid_", "itunnorm", "itunsmpb", "waveformatextensible",
    *OF_TEXTS,
)  # fmt: skip
"""Prefixes of names that describe the song's sound or file and not a stem's, or that carry its covers."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class FileTags:
    """Tags as read. ``texts``: values by name, none empty. ``pictures``: covers. ``notes``: what could not be read."""

    texts: dict[str, tuple[str, ...]]
    pictures: tuple[flac.Picture, ...]
    notes: tuple[str, ...]


def read_file_tags(path: Path) -> FileTags:
    """Read the tags of the file at ``path``; of broken tags what can be read, and a note."""
    collector = _TagCollector()
    collector.attempt(lambda: collector.read_file(path))
    return collector.to_tags()


class _TagCollector:
    """Collects texts and covers, and notes on what was wrong with them."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, None]] = {}  # by name; the values, each once
        self._pictures: list[flac.Picture] = []
        self._notes: dict[str, None] = {}

    def attempt(self, act: Callable[[], None]) -> None:
        """Call ``act``. An error becomes a note; what was found before it stays."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a library reads any bytes here, and the song is separated already
            reason = " ".join(str(error).split())[:100] or type(error).__name__
            self._notes[f"its tags cannot be read ({reason})"] = None

    def read_file(self, path: Path) -> None:
        """Collect the file's own kind of tag, and other kinds that some programs put beside it."""
        with path.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
        if has_chunks(head):
            found = read_chunks(path)
            if found.id3:
                self.attempt(lambda: self._add_tags(id3.ID3(io.BytesIO(found.id3))))
            self._add_missing({name: [text] for name, text in found.texts.items()})
            return
        try:
            file: Any = mutagen.File(path)
        except mutagen.MutagenError:
            file = None  # a file that libsndfile reads and mutagen does not, such as an MP3 behind other data
        if file is not None:
            self._pictures += getattr(file, "pictures", ())
            if isinstance(file, OggFLAC):
                with path.open("rb") as opened:
                    self._pictures += read_ogg_flac_covers(Window(opened, 0, path.stat().st_size))
            if isinstance(file.tags, id3.ID3Tags) and file.tags.version[0] == 1:  # cut to 30 letters: look for others
                self.attempt(lambda: self._read_kind(path, apev2.APEv2, apev2.APENoHeaderError))
                first, self._texts = self._texts, {}
                self._add_tags(file.tags)
                cut, self._texts = self._texts, first
                self._add_missing(cut)
            else:
                self._add_tags(file.tags)
        if not self._texts:  # tags at either end of any file
            self.attempt(lambda: self._read_kind(path, id3.ID3, id3.ID3NoHeaderError))
            self.attempt(lambda: self._read_kind(path, apev2.APEv2, apev2.APENoHeaderError))

    def _read_kind(self, path: Path, kind: Any, absent: type[Exception]) -> None:
        try:
            self._add_tags(kind(path))
        except absent:
            return

    def _add_missing(self, texts: Mapping[str, Iterable[str]]) -> None:
        for name, values in texts.items():
            if name not in self._texts:
                self._add(name, values)

    def _add_tags(self, tags: Any) -> None:
        if isinstance(tags, id3.ID3Tags):
            for frame in tags.values():
                self._read_frame(frame)
        elif isinstance(tags, apev2.APEv2):
            for name, value in tags.items():  # type: ignore[no-untyped-call]
                self._read_ape(name.lower(), value)
        elif tags is not None:
            for name, value in tags:
                self._add(name, [value])

    def _read_frame(self, frame: Any) -> None:
        if isinstance(frame, id3.APIC):
            self._read_picture(frame.data, frame.mime, int(frame.type), frame.desc)
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

    def _read_ape(self, name: str, value: Any) -> None:
        if name == APE_COVER and value.kind == apev2.BINARY:
            self._read_picture(value.value.partition(b"\0")[2], "", id3.PictureType.COVER_FRONT, "")
        elif value.kind == apev2.TEXT:
            self._add(APE.get(name, name), list(value))

    def _read_picture(self, data: bytes, mime: str, type_: int, desc: str) -> None:
        if picture := make_picture(data, mime, type_, to_readable(desc)):
            self._pictures.append(picture)

    def _add(self, name: str, values: Iterable[object]) -> None:
        for known, added in clean_texts({name: values}).items():
            self._texts.setdefault(known, {}).update(dict.fromkeys(added))

    def to_tags(self) -> FileTags:
        """Everything collected, each value and picture once."""
        texts = {name: tuple(values) for name, values in self._texts.items()}
        carried, notes = read_covers(texts)
        pictures: dict[tuple[object, ...], flac.Picture] = {}
        for found in (*self._pictures, *carried):
            one: Any = found
            if picture := make_picture(one.data, one.mime, int(one.type), to_readable(one.desc)):
                pictures.setdefault((one.type, one.desc, one.data), picture)
        kept = {name: values for name, values in texts.items() if not name.startswith(DROPPED)}
        return FileTags(kept, tuple(pictures.values()), (*self._notes, *notes))


def _split_values(values: Iterable[object]) -> Iterator[str]:
    """Every value that is not blank; a NUL separates two, as in ID3v2.4."""
    for value in values:
        for part in str(value).split("\0"):
            if text := to_readable(part).strip():
                yield text


def clean_texts(texts: Mapping[str, Iterable[object]]) -> dict[str, tuple[str, ...]]:
    """``texts`` without empty names and values, in characters that every kind of tag can hold, each value once."""
    found: dict[str, tuple[str, ...]] = {}
    for given, values in texts.items():
        name = to_readable(given).strip().lower()
        parts = (*found.get(name, ()), *_split_values(values))
        if name and parts:
            found[name] = tuple(dict.fromkeys(parts))
    return found


def to_readable(text: str) -> str:
    """``text`` as any tag can hold it: whole characters, no control characters but tabs and line ends."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROLS.sub("", whole.replace("\r\n", "\n").replace("\r", "\n"))

"""Tags: what a song says of itself, carried to its stems. Names are those of Vorbis comments, in lower case."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import mutagen
import soundfile
from mutagen import flac, wave
from mutagen import id3 as id3_frames

from bridge.errors import ConfigError

id3: Any = id3_frames  # its frames' fields are made at run time
FRAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "TDRC": "date", "TCON": "genre", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TPE2": "albumartist", "TCOM": "composer", "TEXT": "lyricist", "TCOP": "copyright",
    "TBPM": "bpm", "TKEY": "initialkey", "TSRC": "isrc", "TPUB": "organization", "TIT3": "version",
    "TLAN": "language", "TPE3": "conductor", "TPE4": "remixer", "TIT1": "grouping", "TSSE": "encoder",
    "TENC": "encoder",
}  # fmt: skip
"""ID3v2.4 text frames and the comments that they stand for."""
STRINGS = ("title", "copyright", "artist", "comment", "date", "album", "license", "tracknumber", "genre")
"""What a WAV's INFO chunk can say, in soundfile's names."""
_DROPPED = ("encoder", "replaygain_", "r128_", "acoustid_", "itunnorm", "itunsmpb", "waveformatextensible")
"""True of the song's sound or file, not of a stem's."""


@dataclass(frozen=True, slots=True)
class Tags:
    """``texts``: values by name. ``pictures``: covers."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[flac.Picture, ...] = ()

    def of_stem(self, stem: str) -> Tags:
        """The same, the stem in brackets behind the title. A song without a title gives stems without one."""
        title = tuple(f"{text} ({stem})" for text in self.texts.get("title", ()))
        return replace(self, texts=self.texts | {"title": title}) if title else self


def read_tags(path: Path) -> Tags:
    """What the file at ``path`` says of itself; nothing where its tags are broken: music matters more."""
    try:
        file = mutagen.File(path)
        tags = None if file is None else file.tags
        pictures = list(getattr(file, "pictures", ()))
    except (mutagen.MutagenError, ValueError, EOFError):
        tags, pictures = None, []
    texts: dict[str, tuple[str, ...]] = {}
    if isinstance(tags, id3.ID3Tags):
        for frame in tags.values():
            if name := _name_of(frame):
                texts[name] = texts.get(name, ()) + tuple(str(text) for text in frame.text)
            elif isinstance(frame, id3.APIC):
                pictures.append(_picture(frame))
    elif tags is not None:
        for name, values in tags.as_dict().items():
            texts[name.lower()] = tuple(str(value) for value in values)
    try:
        with soundfile.SoundFile(os.fsencode(path)) as sound:  # a WAV's INFO chunk, which mutagen does not read
            told = sound.copy_metadata()
    except soundfile.SoundFileError:
        told = {}
    texts = {name: (text,) for name, text in told.items() if name in STRINGS} | texts
    kept = {name: values for name, values in texts.items() if values and not name.startswith(_DROPPED)}
    return Tags(kept, tuple(pictures))


def _name_of(frame: Any) -> str:
    if isinstance(frame, id3.TXXX):
        return str(frame.desc).lower()
    if isinstance(frame, id3.COMM):
        return "" if frame.desc else "comment"  # described ones are programs' own, such as iTunes's
    return FRAMES.get(frame.FrameID, "")


def _picture(frame: Any) -> flac.Picture:
    picture: Any = flac.Picture()  # type: ignore[no-untyped-call]
    picture.data, picture.mime, picture.type, picture.desc = frame.data, frame.mime, int(frame.type), frame.desc
    return picture  # type: ignore[no-any-return]


def strings(tags: Tags) -> dict[str, str]:
    """The part that a WAV's INFO chunk can hold."""
    return {name: "; ".join(tags.texts[name]) for name in STRINGS if name in tags.texts}


def add_tags(path: Path, tags: Tags) -> None:
    """Write ``tags`` into the WAV (as an ID3 chunk) or FLAC file at ``path``."""
    if not tags.texts and not tags.pictures:
        return
    try:
        with path.open("rb") as head:
            is_flac = head.read(4) == b"fLaC"
        kind: Any = flac.FLAC if is_flac else wave.WAVE
        file = kind(path)
        if file.tags is None:
            file.add_tags()
        if is_flac:
            for name, values in tags.texts.items():
                file.tags[name] = list(values)
            for picture in tags.pictures:
                file.add_picture(picture)
        else:
            for frame in _frames(tags):
                file.tags.add(frame)
        file.save()
    except mutagen.MutagenError as error:
        raise ConfigError(
            f"{path}: tags cannot be written ({error})", "check free space, or clean the song's tags"
        ) from error


def _frames(tags: Tags) -> list[Any]:
    known = {name: frame for frame, name in reversed(FRAMES.items())}
    frames: list[Any] = []
    for name, values in tags.texts.items():
        if name == "comment":
            frames.append(id3.COMM(encoding=3, lang="und", desc="", text=list(values)))
        elif name in known:
            frames.append(getattr(id3, known[name])(encoding=3, text=list(values)))
        else:
            frames.append(id3.TXXX(encoding=3, desc=name, text=list(values)))
    for picture in tags.pictures:
        frames.append(id3.APIC(encoding=3, mime=picture.mime, type=picture.type, desc=picture.desc, data=picture.data))
    return frames

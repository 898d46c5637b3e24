"""Tags of a song, copied to its stems. Names are those of Vorbis comments, in lower case.

Tags that a stem's file cannot hold are left out and noted: no tag is worth losing the stem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mutagen import flac, wave

from engines.offline.tagreader import FRAMES, clean_texts, id3, read_file_tags

STRINGS = ("title", "copyright", "artist", "comment", "date", "album", "license", "tracknumber", "genre")
"""Texts of a WAV's INFO chunk, by soundfile's names."""
INFO_BYTES = 1000
"""Longest text in INFO: with more in all its strings, libsndfile writes a list that it cannot read again."""
BLOCK_BYTES = (1 << 24) - 1
"""Largest metadata block of a FLAC: its length has 24 bits."""
ID3_BYTES = (1 << 28) - (1 << 16)
WAV_BYTES = (1 << 32) - (1 << 16)
"""Largest ID3 tag and WAV, with lengths of 28 and 32 bits; a little is left for padding and headers."""
VORBIS_NAME = re.compile(r"[ -<>-}]+")
"""A comment's name: printable ASCII without = and ~ (https://xiph.org/vorbis/doc/v-comment.html)."""
FIELD_BYTES = 64
"""Bytes reserved for the fields around a picture or a text; more than they take."""


@dataclass(frozen=True, slots=True)
class Tags:
    """``texts``: values by name, none of them empty. ``pictures``: covers. ``notes``: what could not be read."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[flac.Picture, ...] = ()
    notes: tuple[str, ...] = ()

    def make_stem_tags(self, stem: str) -> Tags:
        """The tags of a stem: the title gets the stem's name in brackets. Without a title the stem has none."""
        title = tuple(f"{text} ({stem})" for text in self.texts.get("title", ()))
        return replace(self, texts=self.texts | {"title": title}) if title else self


def read_tags(path: Path) -> Tags:
    """Read the tags of the file at ``path``. Broken tags give a note and no error: music matters more."""
    read = read_file_tags(path)
    return Tags(read.texts, read.pictures, read.notes)


def to_info_strings(tags: Tags) -> dict[str, str]:
    """The texts that a WAV's INFO chunk can hold, long ones cut; the ID3 chunk has them whole."""
    texts = clean_texts(tags.texts)
    joined = {name: "; ".join(texts[name]) for name in STRINGS if name in texts}
    cut = {name: text.encode()[:INFO_BYTES].decode("utf-8", "ignore").strip() for name, text in joined.items()}
    return {name: text for name, text in cut.items() if text}


def add_tags(path: Path, tags: Tags) -> tuple[str, ...]:
    """Write ``tags`` into the WAV (as an ID3 chunk) or FLAC file at ``path``; notes on what was left out.

    Raises: OSError where the file cannot be written.
    """
    tags = replace(tags, texts=clean_texts(tags.texts))
    if not tags.texts and not tags.pictures:
        return ()
    with path.open("rb") as head:
        is_flac = head.read(4) == b"fLaC"
    try:
        return _add_to_flac(path, tags) if is_flac else _add_to_wav(path, tags)
    except OSError:
        raise
    except Exception as error:  # whatever a library makes of odd tags, the sound is written already
        if cause := _find_os_error(error):
            raise cause from error
        return (f"the tags could not be written ({' '.join(str(error).split()) or type(error).__name__})",)


def _find_os_error(error: BaseException | None) -> OSError | None:
    """The OSError that caused the tag library's error, if one did."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error


def _add_to_flac(path: Path, tags: Tags) -> tuple[str, ...]:
    file: Any = flac.FLAC(path)  # type: ignore[no-untyped-call]
    if file.tags is None:
        file.add_tags()
    nameless = [name for name in tags.texts if not VORBIS_NAME.fullmatch(name)]
    texts, long = _select_texts(tags, BLOCK_BYTES - (1 << 12), nameless)
    for name, values in texts.items():
        file.tags.extend((name, value) for value in values)
    pictures = [one for one in tags.pictures if _count_picture_bytes(one) <= BLOCK_BYTES]
    for picture in pictures:
        file.add_picture(picture)
    file.save()
    return _format_notes("FLAC", nameless, long, len(tags.pictures) - len(pictures))


def _add_to_wav(path: Path, tags: Tags) -> tuple[str, ...]:
    room = min(ID3_BYTES, WAV_BYTES - path.stat().st_size)
    texts, long = _select_texts(tags, room)
    room -= sum(_count_text_bytes(name, values) for name, values in texts.items())
    pictures = []
    for picture in tags.pictures:
        if (size := _count_picture_bytes(picture)) <= room:
            pictures.append(picture)
            room -= size
    file: Any = wave.WAVE(path)  # type: ignore[no-untyped-call]
    if file.tags is None:
        file.add_tags()
    for frame in to_id3_frames(Tags(texts, tuple(pictures))):
        file.tags.add(frame)
    file.save()
    return _format_notes("WAV", [], long, len(tags.pictures) - len(pictures))


def _select_texts(tags: Tags, room: int, without: Iterable[str] = ()) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The texts that fit in ``room`` bytes, shorter ones preferred, in their order; and the names of the others."""
    left_out = set(without)
    long = []
    for name in sorted(set(tags.texts) - left_out, key=lambda name: _count_text_bytes(name, tags.texts[name])):
        room -= _count_text_bytes(name, tags.texts[name])
        if room < 0:
            long.append(name)
    return {name: values for name, values in tags.texts.items() if name not in left_out.union(long)}, long


def _count_text_bytes(name: str, values: Iterable[str]) -> int:
    return sum(len(value.encode()) + len(name.encode()) + FIELD_BYTES for value in values)


def _count_picture_bytes(picture: Any) -> int:
    return len(picture.data) + len(picture.desc.encode()) + len(picture.mime) + FIELD_BYTES


def _format_notes(format_: str, nameless: Iterable[str], long: Iterable[str], covers: int) -> tuple[str, ...]:
    notes = []
    if nameless:
        notes.append(f"tags left out, as {format_} allows no such names: {', '.join(sorted(nameless))}")
    if long:
        notes.append(f"tags left out, as they are too long for {format_}: {', '.join(sorted(long))}")
    if covers:
        limit = " (16 MB at most)" if format_ == "FLAC" else ""
        notes.append(f"{'a cover' if covers == 1 else f'{covers} covers'} left out, too big for {format_}{limit}")
    return tuple(notes)


def to_id3_frames(tags: Tags) -> list[Any]:
    """``tags`` as ID3v2.4 frames."""
    known = {name: frame for frame, name in reversed(FRAMES.items())}
    frames: list[Any] = []
    for name, values in tags.texts.items():
        if name == "comment":
            frames.append(id3.COMM(encoding=3, lang="und", desc="", text=list(values)))
        elif name == "lyrics":
            frames.append(id3.USLT(encoding=3, lang="und", desc="", text="\n\n".join(values)))
        elif name in known and not (name == "date" and not all(map(_is_timestamp, values))):
            frames.append(getattr(id3, known[name])(encoding=3, text=list(values)))
        else:  # such as a date in words
            frames.append(id3.TXXX(encoding=3, desc=name, text=list(values)))
    for number, picture in enumerate(tags.pictures):
        one: Any = picture
        frame = id3.APIC(encoding=3, mime=one.mime, type=one.type, desc=one.desc, data=one.data)
        frame.salt = str(number)  # so that pictures of one description stay apart
        frames.append(frame)
    return frames


def _is_timestamp(date: str) -> bool:
    """Whether ID3's own form of date holds all of this one."""
    digits = _select_digits(date)
    return _select_digits(str(id3.ID3TimeStamp(date))) == digits != "" and not re.search("[^-0-9T: ]", date)


def _select_digits(text: str) -> str:
    return "".join(re.findall("[0-9]", text))

"""Covers of any kind and size reach the stems, or are said to be left out."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile
from mutagen import apev2, flac, id3, ogg, wave

from engines.offline.covers import BROKEN, make_picture
from engines.offline.tags import Tags, add_tags, read_tags
from tests.engines.offline.tagged import PICTURE, picture_block, sound

ANY_ID3: Any = id3


def pictures_of(path: Path) -> list[Any]:
    """The pictures in a stem, as the format's own tag holds them."""
    if path.suffix == ".flac":
        return list(flac.FLAC(path).pictures)  # type: ignore[no-untyped-call]
    tags: Any = wave.WAVE(path).tags  # type: ignore[no-untyped-call]
    return [] if tags is None else list(tags.getall("APIC"))


def write_comments(path: Path, **comments: str) -> Path:
    file: Any = mutagen.File(sound(path))
    if file.tags is None:
        file.add_tags()
    for name, text in comments.items():
        file.tags[name] = [text]
    file.save()
    return path


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("source", ["a.ogg", "a.opus", "a.flac"])
@pytest.mark.parametrize("target", ["b.wav", "b.flac"])
def test_a_picture_in_a_comment_becomes_a_cover_and_is_no_text(tmp_path: Path, source: str, target: str) -> None:
    path = tmp_path / source
    if source == "a.opus":
        soundfile.write(path, [[0.0, 0.0]] * 4800, 48000, format="OGG", subtype="OPUS")
        file: Any = mutagen.File(path)
        file.tags["metadata_block_picture"] = [encode(picture_block(desc="Vorn ö".encode()))]
        file.save()
    else:
        write_comments(path, metadata_block_picture=encode(picture_block(desc="Vorn ö".encode())))
    tags = read_tags(path)
    assert tags.texts == {}
    stem = sound(tmp_path / target)
    assert add_tags(stem, tags) == ()
    (found,) = pictures_of(stem)
    assert (found.data, found.mime, int(found.type), found.desc) == (PICTURE, "image/jpeg", 3, "Vorn ö")
    assert read_tags(stem).texts == {}


def test_a_picture_in_a_flac_in_ogg_becomes_a_cover(tmp_path: Path) -> None:
    stream = sound(tmp_path / "a.flac", subtype="PCM_16").read_bytes()
    info_block, frames = stream[4 : 4 + 38], stream[stream.index(b"\xff\xf8") :]
    comment = b"\x04" + (20).to_bytes(3, "big") + b"\x04\0\0\0test\x01\0\0\0\x04\0\0\0a=bc"
    block = picture_block(PICTURE * 400)  # longer than a page
    blocks = [
        b"\x7fFLAC\x01\0\0\x02fLaC" + bytes([info_block[0] & 0x7F]) + info_block[1:],
        comment,
        b"\x86" + len(block).to_bytes(3, "big") + block,
        frames,
    ]
    pages: list[Any] = []
    for number, packet in enumerate(blocks):
        page: Any = ogg.OggPage()  # type: ignore[no-untyped-call]
        any_ogg: Any = ogg
        pages += any_ogg.OggPage.from_packets([packet], sequence=len(pages)) if number else [page]
        if not number:
            page.packets, page.first = [packet], True
    for number, one in enumerate(pages):
        one.serial, one.sequence = 7, number
    path = tmp_path / "a.oga"
    path.write_bytes(b"".join(page.write() for page in pages))
    tags: Any = read_tags(path)
    assert tags.texts == {"a": ("bc",)}
    assert [(one.data, one.type) for one in tags.pictures] == [(PICTURE * 400, 3)]


def test_the_older_form_is_read_too(tmp_path: Path) -> None:
    path = write_comments(tmp_path / "a.ogg", coverart=encode(PICTURE), coverartmime="image/jpg", coverarttype="4")
    tags: Any = read_tags(path)
    assert tags.texts == {}
    assert [(one.data, one.mime, one.type) for one in tags.pictures] == [(PICTURE, "image/jpeg", 4)]


@pytest.mark.parametrize(
    "text",
    ["", "no base64 !", encode(b"\0\0"), encode(picture_block()[:-9]), encode(picture_block(b"")), "é", "A"],
)
def test_a_broken_picture_is_left_out_and_said_to_be(tmp_path: Path, text: str) -> None:
    path = write_comments(tmp_path / "a.ogg", metadata_block_picture=text, title="Old Song")
    tags = read_tags(path)
    assert (tags.texts, tags.pictures) == ({"title": ("Old Song",)}, ())
    assert tags.notes == ((BROKEN,) if text else ())


def test_base64_without_its_padding_or_in_lines_is_read() -> None:
    from engines.offline.covers import read_covers

    text = encode(picture_block())
    for given in (text.rstrip("="), "\n".join(text[at : at + 60] for at in range(0, len(text), 60))):
        found, notes = read_covers({"metadata_block_picture": (given,)})
        assert ([one.data for one in found], notes) == ([PICTURE], [])


@pytest.mark.parametrize("target", ["b.wav", "b.flac"])
def test_several_pictures_of_one_description_all_arrive(tmp_path: Path, target: str) -> None:
    pictures = [make_picture(PICTURE + bytes([number]), "image/jpeg", number, "") for number in (3, 4, 5)]
    stem = sound(tmp_path / target)
    add_tags(stem, Tags(pictures=tuple(one for one in pictures if one)))
    assert [int(one.type) for one in pictures_of(stem)] == [3, 4, 5]
    assert [one.data[-1] for one in pictures_of(stem)] == [3, 4, 5]
    assert len(read_tags(stem).pictures) == 3


def test_one_picture_that_is_carried_twice_arrives_once(tmp_path: Path) -> None:
    path = write_comments(tmp_path / "a.flac", metadata_block_picture=encode(picture_block()))
    file: Any = flac.FLAC(path)  # type: ignore[no-untyped-call]
    file.add_picture(make_picture(PICTURE, "image/jpeg", 3, ""))
    file.save()
    assert len(read_tags(path).pictures) == 1


@pytest.mark.parametrize("size", [1, (1 << 24) - 100, 1 << 24, 17_000_000])
def test_a_cover_of_any_size_costs_no_stem(tmp_path: Path, size: int) -> None:
    picture = make_picture(PICTURE[:4] + bytes(size), "image/jpeg")
    assert picture
    tags = Tags({"title": ("Old Song",)}, (picture,))
    for target in ("b.wav", "b.flac"):
        stem = sound(tmp_path / target)
        notes = add_tags(stem, tags)
        fits = target == "b.wav" or size < 1 << 24
        assert notes == (() if fits else ("a cover left out, too big for FLAC (16 MB at most)",))
        assert len(pictures_of(stem)) == fits
        assert read_tags(stem).texts == tags.texts
        assert soundfile.info(stem).frames == 3000


def test_where_a_wav_has_no_room_left_the_cover_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = sound(tmp_path / "b.wav")
    monkeypatch.setattr("engines.offline.tags.WAV_BYTES", stem.stat().st_size + 300)
    picture = make_picture(PICTURE, "image/jpeg")
    assert picture
    notes = add_tags(stem, Tags({"title": ("Old Song",), "lyrics": ("x" * 999,)}, (picture,)))
    assert notes == (
        "tags left out, as they are too long for WAV: lyrics",
        "a cover left out, too big for WAV",
    )
    assert read_tags(stem).texts == {"title": ("Old Song",)}


@pytest.mark.parametrize(
    ("data", "mime", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "JPG", "image/png"),
        (b"GIF89a", "image/jpeg", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "image/webp"),
        (b"\0\0\0\x1cftypavif", "", "image/avif"),
        (b"II*\0", "", "image/tiff"),
        (b"BM6\0", "", "image/bmp"),
        (b"unknown", "image/jxl", "image/jxl"),
        (b"unknown", "jpg", "image/jpeg"),
        (b"unknown", "bild/größe", "application/octet-stream"),
        (b"unknown", "", "application/octet-stream"),
        (b"https://example.org/a.jpg", "-->", "-->"),
    ],
)
def test_a_picture_s_kind_is_taken_from_its_bytes(data: bytes, mime: str, kind: str) -> None:
    picture: Any = make_picture(data, mime)
    assert picture.mime == kind


def test_what_no_tag_could_hold_of_a_picture_is_put_right(tmp_path: Path) -> None:
    path = write_comments(
        tmp_path / "a.ogg",
        metadata_block_picture=encode(picture_block(mime=b"\xff", desc=b"\xed\xa0\x80", type_=300)),
    )
    for target in ("b.wav", "b.flac"):
        stem = sound(tmp_path / target)
        assert add_tags(stem, read_tags(path)) == ()
        assert [(one.data, int(one.type)) for one in pictures_of(stem)] == [(PICTURE, 0)]


def test_pictures_of_id3v2_2_and_of_apev2_are_read(tmp_path: Path) -> None:
    mp3 = sound(tmp_path / "a.mp3")
    frame = b"\0JPG\x03\0" + PICTURE
    body = b"PIC" + len(frame).to_bytes(3, "big") + frame
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    mp3.write_bytes(b"ID3\x02\0\0" + size + body + mp3.read_bytes())
    ape = sound(tmp_path / "b.mp3")
    tags = apev2.APEv2()  # type: ignore[no-untyped-call]
    tags["Cover Art (Front)"] = apev2.APEValue(b"front.jpg\0" + PICTURE, apev2.BINARY)  # type: ignore[no-untyped-call]
    tags.save(ape)
    for path in (mp3, ape):
        (one,) = read_tags(path).pictures
        picture: Any = one
        assert (picture.data, picture.mime, int(picture.type)) == (PICTURE, "image/jpeg", 3)


def test_a_picture_that_a_flac_says_is_longer_than_it_is_does_not_stop_the_music(tmp_path: Path) -> None:
    path = write_comments(tmp_path / "a.flac", title="Old Song")
    file: Any = flac.FLAC(path)  # type: ignore[no-untyped-call]
    file.add_picture(make_picture(PICTURE, "image/jpeg"))
    file.save()
    data = path.read_bytes()
    at = data.index(PICTURE) - 4
    path.write_bytes(data[:at] + b"\x00\xff\xff\xff" + data[at + 4 :])
    assert isinstance(read_tags(path), Tags)

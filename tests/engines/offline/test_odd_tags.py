"""Tags that are odd, empty, huge or broken: a stem is written all the same, with what its file can hold."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen import MutagenError, apev2, flac, id3, wave

from engines.offline.stemfile import FORMATS, write_stem
from engines.offline.tags import INFO_BYTES, Tags, add_tags, read_tags, to_info_strings
from tests.engines.offline.tagged import chunk, info, sound, wav_with
from tests.engines.separation.offline.separators import RATE, noise

ANY_ID3: Any = id3
ODD: dict[str, dict[str, tuple[str, ...]]] = {
    "empty": {"album": ("",), "title": ("Old Song",)},
    "blank": {"album": (" ", "\0", "\n"), "title": ("Old Song",)},
    "umlaut": {"größe": ("x",), "title": ("Old Song",)},
    "equals": {"a=b": ("x",), "title": ("Old Song",)},
    "tilde": {"~x": ("x",), "title": ("Old Song",)},
    "control": {"a\tb": ("x",), "title": ("Old Song",)},
    "nameless": {"": ("x",), "title": ("Old Song",)},
    "nul": {"title": ("Old Song\0",), "artist": ("Her\0Him",)},
    "surrogate": {"title": ("Old Song",), "artist": ("H\udcffer", "\ud83c\udfb5")},
    "escape": {"title": ("Old \x1b[31mSong",)},
    "emoji": {"title": ("🎵" * 9,), "🎵": ("x",)},
    "long": {"comment": ("x" * 200_000,), "title": ("Old Song" * 9000,)},
    "many": {f"name {number}": ("x",) for number in range(3000)},
    "numbers": {"tracknumber": ("A1/∞",), "bpm": ("fast",), "discnumber": ("",), "date": ("Spring 1999",)},
    "values": {"artist": tuple(f"player {number}" for number in range(2000))},
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("format_", FORMATS)
def test_a_stem_is_written_whatever_its_tags_are(tmp_path: Path, format_: str, kind: str) -> None:
    scratch, draft = tmp_path / "scratch", tmp_path / "drums.part"
    scratch.write_bytes(noise(3000).T.astype(np.float32).tobytes())
    write_stem(scratch, draft, FORMATS[format_], RATE, 2, 1.0, Tags(ODD[kind]), lambda frames: None)
    assert soundfile.info(draft).frames == 3000
    assert read_tags(draft).notes == ()
    assert soundfile.read(draft)[0].shape == (3000, 2)


def stems_of(tmp_path: Path, tags: Tags) -> dict[str, tuple[Tags, tuple[str, ...]]]:
    """What a WAV and a FLAC with ``tags`` say, and the notes of their writing."""
    found = {}
    for name in ("b.wav", "b.flac"):
        stem = sound(tmp_path / name)
        notes = add_tags(stem, tags)
        found[name] = (read_tags(stem), notes)
    return found


@pytest.mark.parametrize("name", ["größe", "a=b", "~x", "é", "日本"])
def test_a_name_that_a_flac_cannot_hold_is_left_out_there_and_said_to_be(tmp_path: Path, name: str) -> None:
    found = stems_of(tmp_path, Tags({name: ("x",), "title": ("Old Song",)}))
    assert found["b.wav"] == (Tags({name: ("x",), "title": ("Old Song",)}), ())
    note = f"tags left out, as FLAC allows no such names: {name}"
    assert found["b.flac"] == (Tags({"title": ("Old Song",)}), (note,))


@pytest.mark.parametrize("source", ["a.flac", "a.ogg", "a.mp3", "a.wav"])
def test_an_empty_tag_of_a_song_is_left_out(tmp_path: Path, source: str) -> None:
    path = sound(tmp_path / source)
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, ANY_ID3.ID3Tags):
        file.tags.add(ANY_ID3.TIT2(encoding=3, text=["Old Song"]))
        file.tags.add(ANY_ID3.TALB(encoding=3, text=[""]))
        file.tags.add(ANY_ID3.TXXX(encoding=3, desc="", text=["x"]))
        file.tags.add(ANY_ID3.TPE1(encoding=3, text=[]))
    else:
        file.tags["title"], file.tags["album"], file.tags["artist"] = ["Old Song"], [""], [" "]
    file.save()
    assert read_tags(path) == Tags({"title": ("Old Song",)})
    assert to_info_strings(read_tags(path)) == {"title": "Old Song"}


def test_values_are_cleaned_of_what_no_tag_can_hold(tmp_path: Path) -> None:
    given = Tags({"artist": ("Her\0Him", "H\udcffer", "\ud83c\udfb5", "a\r\nb\x1b[1m\x9b", "Her")})
    for tags, notes in stems_of(tmp_path, given).values():
        assert tags.texts == {"artist": ("Her", "Him", "H\ufffder", "🎵", "a\nb[1m")}
        assert notes == ()


def test_a_long_text_is_whole_in_id3_and_cut_in_info(tmp_path: Path) -> None:
    stem, text = tmp_path / "b.wav", "é" * 150_000
    with soundfile.SoundFile(stem, "w", RATE, 2, "PCM_24") as file:
        for name, value in to_info_strings(
            Tags(dict.fromkeys(("title", "artist", "comment", "album"), (text,)))
        ).items():
            setattr(file, name, value)
        file.write(noise(3000).T)
    with soundfile.SoundFile(stem) as file:
        assert file.copy_metadata()["comment"] == "é" * (INFO_BYTES // 2)
    add_tags(stem, Tags({"comment": (text,)}))
    assert read_tags(stem).texts["comment"] == (text,)


def test_texts_that_a_flac_has_no_room_for_are_left_out_the_longest_first(tmp_path: Path) -> None:
    stem = sound(tmp_path / "b.flac")
    notes = add_tags(stem, Tags({"lyrics": ("x" * (1 << 24),), "title": ("Old Song",), "comment": ("y" * (1 << 20),)}))
    assert notes == ("tags left out, as they are too long for FLAC: lyrics",)
    assert set(read_tags(stem).texts) == {"title", "comment"}


@pytest.mark.parametrize(
    ("date", "frame"),
    [
        ("1999", "TDRC"), ("1999-05", "TDRC"), ("1999-05-31", "TDRC"), ("1999-05-31T12:30:00", "TDRC"),
        ("Spring 1999", "TXXX:date"), ("1999/2005", "TXXX:date"), ("31.5.1999", "TXXX:date"), ("?", "TXXX:date"),
    ],
)  # fmt: skip
def test_a_date_arrives_as_it_was_said(tmp_path: Path, date: str, frame: str) -> None:
    found = stems_of(tmp_path, Tags({"date": (date,)}))
    tags_of_wav: Any = wave.WAVE(tmp_path / "b.wav").tags  # type: ignore[no-untyped-call]
    assert frame in tags_of_wav
    for tags, _ in found.values():
        assert tags.texts["date"][0].replace(" ", "T") == date.replace(" ", "T")


def test_id3v1_alone_is_read(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.mp3")
    tag = b"TAG" + b"J\xf3ga".ljust(30, b"\0") + b"Bj\xf8rk".ljust(30, b" ") + bytes(30) + b"1997" + bytes(28)
    path.write_bytes(path.read_bytes() + tag + b"\0\x02\x11")
    texts = {"title": "Jóga", "artist": "Bjørk", "date": "1997", "tracknumber": "2", "genre": "Rock"}
    assert read_tags(path) == Tags({name: (text,) for name, text in texts.items()})


def test_id3v2_3_in_utf_16_with_years_and_numbered_genres_is_read(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.mp3")
    tags = ANY_ID3.ID3()
    tags.add(ANY_ID3.TIT2(encoding=1, text=["Jóga"]))
    tags.add(ANY_ID3.TYER(encoding=0, text=["1997"]))
    tags.add(ANY_ID3.TCON(encoding=0, text=["(17)"]))
    tags.add(ANY_ID3.USLT(encoding=1, lang="eng", desc="", text="All the accidents"))
    tags.save(path, v2_version=3)
    texts = {"title": "Jóga", "date": "1997", "genre": "Rock", "lyrics": "All the accidents"}
    assert read_tags(path).texts == {name: (text,) for name, text in texts.items()}
    for found, _ in stems_of(tmp_path, read_tags(path)).values():
        assert found.texts == read_tags(path).texts


def test_apev2_alone_is_read(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.mp3")
    tags = apev2.APEv2()  # type: ignore[no-untyped-call]
    tags["Title"], tags["Year"], tags["Artist"] = "Jóga", "1997", ["Her", "Him"]
    tags["REPLAYGAIN_TRACK_GAIN"] = "-3 dB"
    tags.save(path)
    assert read_tags(path) == Tags({"title": ("Jóga",), "date": ("1997",), "artist": ("Her", "Him")})


def test_thirty_letters_of_id3v1_do_not_hide_the_whole_title(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.mp3")
    tags = apev2.APEv2()  # type: ignore[no-untyped-call]
    tags["Title"] = "The Title That Has More Than Thirty Letters"
    tags.save(path)
    short = b"The Title That Has More Than T"
    path.write_bytes(path.read_bytes() + b"TAG" + short + b"Her".ljust(30, b"\0") + bytes(64) + b"\xff")
    assert read_tags(path) == Tags({"title": ("The Title That Has More Than Thirty Letters",), "artist": ("Her",)})


def test_where_one_kind_of_tag_is_broken_the_other_is_read(tmp_path: Path) -> None:
    broken = b"ID3\x04\0\0\0\0\0\x14TIT2\0\0\0\x0a\0\x01\x09bad data!"
    path = wav_with(tmp_path / "a.wav", chunk(b"id3 ", b"ID3\x09" + broken[4:]) + info(IART=b"Her"))
    tags = read_tags(path)
    assert tags.texts == {"artist": ("Her",)}
    assert len(tags.notes) == 1
    assert tags.notes[0].startswith("its tags cannot be read (")


def test_ten_thousand_names_and_values_arrive(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.flac")
    file: Any = flac.FLAC(path)  # type: ignore[no-untyped-call]
    file.tags.extend((f"n{number}", f"{number}") for number in range(10_000))
    file.tags.extend(("artist", f"{number}") for number in range(10_000))
    file.save()
    tags = read_tags(path)
    assert len(tags.texts) == 10_001
    assert len(tags.texts["artist"]) == 10_000
    for found, _ in stems_of(tmp_path, tags).values():
        assert len(found.texts) == 10_001


def test_id3_in_front_of_a_flac_without_comments_is_read(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.flac")
    tags = ANY_ID3.ID3()
    tags.add(ANY_ID3.TIT2(encoding=3, text=["Jóga"]))
    tags.save(tmp_path / "tag")
    path.write_bytes((tmp_path / "tag").read_bytes() + path.read_bytes())
    assert read_tags(path).texts == {"title": ("Jóga",)}


@pytest.mark.parametrize(
    "error", [ValueError("odd"), IndexError(), RecursionError(), MemoryError(), MutagenError("bad")]
)
def test_a_tag_that_the_library_fails_on_becomes_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    tagged = wav_with(tmp_path / "a.wav", info(IART=b"Her"))
    tags, stem = read_tags(tagged), sound(tmp_path / "b.wav")
    before = stem.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(wave.WAVE, "save", fail)
        patch.setattr(flac.FLAC, "save", fail)
        said = str(error) or type(error).__name__
        assert add_tags(stem, tags) == (f"the tags could not be written ({said})",)
        assert add_tags(sound(tmp_path / "b.flac"), tags) == (f"the tags could not be written ({said})",)
    assert stem.read_bytes() == before
    monkeypatch.setattr("engines.offline.tagreader.read_chunks", fail)
    assert read_tags(tagged) == Tags(notes=(f"its tags cannot be read ({said})",))


@pytest.mark.parametrize("name", ["b.wav", "b.flac"])
def test_a_disk_that_is_full_is_an_error_of_the_disk_and_no_note(tmp_path: Path, name: str) -> None:
    stem = sound(tmp_path / name)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (stem.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            add_tags(stem, Tags({"comment": ("Old Song" * 9999,)}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

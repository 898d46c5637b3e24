"""Tags of a song are copied to its stems, from any kind of file to any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile
from mutagen import flac, id3, wave

from engines.offline.tags import Tags, add_tags, read_tags
from tests.engines.separation.offline.separators import RATE, noise

SONG = {"title": "Old Song", "artist": "Her", "album": "Third", "date": "1999", "genre": "Jazz", "comment": "live"}
ANY_ID3: Any = id3


def sound(path: Path) -> Path:
    soundfile.write(path, noise(3000).T, RATE)
    return path


def read_texts(path: Path) -> dict[str, str]:
    return {name: "; ".join(values) for name, values in read_tags(path).texts.items()}


def write_tagged(path: Path) -> Path:
    sound(path)
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    tags = file.tags
    if isinstance(tags, ANY_ID3.ID3Tags):
        frames = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "date": "TDRC", "genre": "TCON"}
        for name, frame in frames.items():
            tags.add(getattr(id3, frame)(encoding=3, text=[SONG[name]]))
        tags.add(ANY_ID3.COMM(encoding=3, lang="eng", desc="", text=["live"]))
        tags.add(ANY_ID3.COMM(encoding=3, lang="eng", desc="iTunNORM", text=["0000"]))
        tags.add(ANY_ID3.TXXX(encoding=3, desc="replaygain_track_gain", text=["-3 dB"]))
        tags.add(ANY_ID3.TXXX(encoding=3, desc="MOOD", text=["blue"]))
        tags.add(ANY_ID3.APIC(encoding=3, mime="image/png", type=3, desc="front", data=b"\x89PNG cover"))
    else:
        for name, text in {**SONG, "mood": "blue", "replaygain_track_gain": "-3 dB"}.items():
            tags[name] = [text]
    file.save()
    return path


@pytest.mark.parametrize("source", ["a.flac", "a.ogg", "a.mp3", "a.wav", "a.aiff"])
@pytest.mark.parametrize("target", ["b.wav", "b.flac"])
def test_texts_are_carried_and_what_is_true_of_the_song_alone_is_not(tmp_path: Path, source: str, target: str) -> None:
    tags = read_tags(write_tagged(tmp_path / source))
    written = sound(tmp_path / target)
    add_tags(written, tags.make_stem_tags("vocals"))
    assert read_texts(written) == {**SONG, "title": "Old Song (vocals)", "mood": "blue"}
    assert soundfile.info(written).frames == 3000


def test_a_wav_s_info_chunk_is_read(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "a.wav", "w", RATE, 2) as file:
        file.title, file.artist = "Old Song", "Her"
        file.write(noise(1000).T)
    assert read_texts(tmp_path / "a.wav") == {"title": "Old Song", "artist": "Her"}


def test_covers_are_carried_from_mp3_to_flac_and_on_to_wav(tmp_path: Path) -> None:
    first, second = sound(tmp_path / "b.flac"), sound(tmp_path / "c.wav")
    add_tags(first, read_tags(write_tagged(tmp_path / "a.mp3")))
    assert flac.FLAC(first).pictures[0].data == b"\x89PNG cover"  # type: ignore[no-untyped-call]
    add_tags(second, read_tags(first))
    tags: Any = wave.WAVE(second).tags  # type: ignore[no-untyped-call]
    assert tags.getall("APIC")[0].data == b"\x89PNG cover"


def test_values_of_one_name_stay_apart(tmp_path: Path) -> None:
    for name in ("b.wav", "b.flac"):
        add_tags(sound(tmp_path / name), Tags({"artist": ("Her", "Him")}))
        assert read_tags(tmp_path / name).texts["artist"] == ("Her", "Him")


def test_a_song_without_tags_gives_stems_without_tags(tmp_path: Path) -> None:
    tags = read_tags(sound(tmp_path / "a.wav"))
    assert tags.make_stem_tags("vocals") == Tags()
    written = sound(tmp_path / "b.wav")
    before = written.read_bytes()
    add_tags(written, tags)
    assert written.read_bytes() == before


def test_broken_tags_do_not_stop_the_music(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    data = path.read_bytes() + b"id3 \x20\x00\x00\x00ID3\x04\x00\x00\x00\x00\x00\x7f" + b"\xff" * 22
    path.write_bytes(data)
    assert read_tags(path).texts == {}

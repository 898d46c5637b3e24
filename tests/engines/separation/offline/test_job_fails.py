"""A song as a job that cannot be done: full disks, broken files, broken separators."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import TXXX

from bridge.core.audio import Audio
from bridge.errors import ConfigError, EngineError
from engines.offline.songs import JOURNAL
from tests.engines.separation.offline.separators import RATE, Late, noise
from tests.engines.separation.offline.songs import FRAMES, files_in, separate, song, wish


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """No file can grow beyond this, as on a full disk (the error is EFBIG instead of ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("format_", ["wav24", "wav32f"])
def test_a_full_disk_is_reported_and_with_space_again_the_run_goes_on(tmp_path: Path, format_: str) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    with room_for(2_000_000), pytest.raises(ConfigError, match="File too large") as raised:
        separate(path, out, wish(format_))
    assert "free space" in raised.value.hint
    outcome = separate(path, out, wish(format_))
    assert outcome.resumed_at > 0
    separate(path, tmp_path / "undisturbed", wish(format_))
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")


def test_a_disk_that_fills_while_writing_is_said_too(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    picture = FRAMES * 2 * 4 + 20  # the scratch fits, the file with its header does not
    with room_for(picture), pytest.raises(ConfigError, match=r"drums.wav.part: cannot be written"):
        separate(path, out, wish("wav32f"))
    assert separate(path, out, wish("wav32f")).status == "done"


def test_too_little_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    with pytest.raises(ConfigError, match=r"0\.1 GB are needed while at work, 0\.0 GB are free"):
        separate(song(tmp_path), tmp_path / "out")


def test_a_song_of_which_nothing_can_be_decoded_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(FRAMES).T, RATE)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ConfigError, match="holds no audio"):
        separate(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_take_that_cannot_be_decoded_leaves_the_stems_of_the_one_before(tmp_path: Path) -> None:
    path, out = tmp_path / "song.flac", tmp_path / "out"
    soundfile.write(path, noise(FRAMES).T, RATE)
    separate(path, out)
    before = files_in(out / "song")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ConfigError, match="holds no audio"):
        separate(path, out)
    assert files_in(out / "song") == before
    assert (out / "song" / JOURNAL).exists()


def test_what_nobody_expected_leaves_nothing_of_the_song(tmp_path: Path) -> None:
    class Breaks(Late):
        def finish(self) -> Audio:
            raise KeyError("x")

    with pytest.raises(KeyError):
        separate(song(tmp_path), tmp_path / "out", separator=Breaks())
    assert list((tmp_path / "out").iterdir()) == []


def test_where_memory_was_too_little_the_run_goes_on(tmp_path: Path) -> None:
    class Breaks(Late):
        def finish(self) -> Audio:
            raise MemoryError

    path = song(tmp_path)
    with pytest.raises(MemoryError):
        separate(path, tmp_path / "out", separator=Breaks())
    assert separate(path, tmp_path / "out").resumed_at > 0


def test_tags_that_no_stem_can_hold_are_notes(tmp_path: Path) -> None:
    path = song(tmp_path)
    file: Any = mutagen.File(path)
    file.add_tags()
    file.tags.add(TXXX(encoding=3, desc="Größe", text=["x"]))  # type: ignore[no-untyped-call]
    file.save()
    outcome = separate(path, tmp_path / "out", wish("flac16"))
    assert outcome.status == "done"
    assert [note for note in outcome.notes if "tags" in note] == ["tags left out, as FLAC allows no such names: größe"]


def test_numbers_that_are_none_from_a_separator_are_an_error(tmp_path: Path) -> None:
    class Broken(Late):
        def push(self, mix: Audio) -> Audio:
            return super().push(mix) * np.float32(np.nan)

    with pytest.raises(EngineError, match="late: gave samples that are no numbers"):
        separate(song(tmp_path), tmp_path / "out", separator=Broken())

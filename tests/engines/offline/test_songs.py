"""Song files: found in folders, reported as errors, and names of their results."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from engines.offline.songs import check_reachable, find_songs, list_names, make_result_name


def test_links_that_lead_nowhere_are_listed_and_stop_nobody(tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "sub").mkdir(parents=True)
    for name in ("a.wav", "z.wav"):
        (album / name).write_bytes(b"")
    (album / "loop.wav").symlink_to("loop.wav")
    (album / "one.wav").symlink_to("two.wav")
    (album / "two.wav").symlink_to("one.wav")
    (album / "gone.wav").symlink_to("nowhere.wav")
    (album / "again.wav").symlink_to("a.wav")
    (album / "sub" / "up").symlink_to(album)
    names = [path.name for path in find_songs([album, album / "loop.wav"], tmp_path / "out")]
    assert names == ["a.wav", "gone.wav", "loop.wav", "one.wav", "two.wav", "z.wav"]


@pytest.mark.parametrize(
    ("link", "to", "said"),
    [
        ("loop.wav", "loop.wav", "a link that leads to itself"),
        ("one.wav", "two.wav", "a link to two.wav, which is not there"),
    ],
)
def test_a_link_that_leads_nowhere_is_said_to_be_one(tmp_path: Path, link: str, to: str, said: str) -> None:
    (tmp_path / link).symlink_to(to)
    with pytest.raises(ConfigError, match=said):
        check_reachable(tmp_path / link)


def test_what_is_there_or_simply_missing_is_left_to_its_reader(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.wav")
    for name in (".", "a.wav", "pipe.wav", "none.wav", "a.wav/none.wav"):
        check_reachable(tmp_path / name)


def test_a_path_that_the_system_refuses_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(File name too long\); give it a shorter name"):
        check_reachable(tmp_path / ("b" * 300))


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "album" / "locked").mkdir(parents=True)
    (tmp_path / "album" / "a.wav").write_bytes(b"")
    real = os.scandir

    def scandir(path: object) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scandir)
    songs = find_songs([tmp_path / "album"], tmp_path / "out")
    assert [path.name for path in songs] == ["a.wav", "locked"]
    with pytest.raises(ConfigError, match=r"locked: cannot be read \(Permission denied\); check its permissions"):
        check_reachable(songs[1])


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Song.wav", "Song"),
        (" .Song. .wav", "Song"),
        ("CON.wav", "_CON"),
        ("aux.live.wav", "_aux.live"),
        ("com1.flac", "_com1"),
        ("Console.wav", "Console"),
        ("new\nline.wav", "new_line"),
        ("esc\x1b[31m.wav", "esc_[31m"),
        ("\n.wav", "_"),
        ('What? "a:b" <c|d>*.wav', "What_ _a_b_ _c_d__"),
        ("Don't ♫ [1] & $x^$ (é).wav", "Don't ♫ [1] & $x^$ (é)"),
        (os.fsdecode(b"caf\xe9.wav"), os.fsdecode(b"caf\xe9")),
        ("🎵.wav", "🎵"),
    ],
)
def test_results_are_called_like_the_song_as_far_as_every_system_can(file: str, name: str) -> None:
    assert make_result_name(Path(file), 1, 255) == name
    assert make_result_name(Path(file), 3, 255) == f"{name} (3)"


@pytest.mark.parametrize("letter", ["b", "ü", "日", "🎵", os.fsdecode(b"\xe9")])
@pytest.mark.parametrize("longest", [64, 143, 223, 255])
def test_a_long_name_is_cut_within_its_bytes_and_stays_its_own(letter: str, longest: int) -> None:
    stem = letter * (251 // len(os.fsencode(letter)))
    names = [make_result_name(Path(f"{stem[:-1]}{end}.wav"), number, longest) for end in "xy" for number in (1, 2, 100)]
    assert max(len(os.fsencode(name)) for name in names) <= longest
    assert len(set(names)) == len(names)
    assert names == [make_result_name(Path(f"{stem[:-1]}{e}.wav"), n, longest) for e in "xy" for n in (1, 2, 100)]
    if longest < 251:
        assert all(name.startswith(letter * 5) and "~" in name for name in names)


def test_a_name_that_fits_is_not_cut() -> None:
    assert make_result_name(Path("b" * 223 + ".wav"), 1, 223) == "b" * 223


def test_names_are_compared_as_on_systems_that_know_no_capitals(tmp_path: Path) -> None:
    (tmp_path / "Straße é").write_bytes(b"")
    assert list_names(tmp_path) == {"strasse é"}
    assert list_names(tmp_path / "none") == set()

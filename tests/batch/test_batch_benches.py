"""The benches of batches, small: memory of many files, and faults with kills."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.batch_faults import measure_kills
from bench.batch_memory import measure, write_tree
from bench.batch_speed import cut_songs
from tests.offline_sidecar import write_song


def test_the_memory_of_a_batch_does_not_grow_with_its_files(tmp_path: Path) -> None:
    write_tree(tmp_path / "songs", 330, False)
    said: list[str] = []
    for label in ("first", "second"):
        assert measure(tmp_path / "songs", tmp_path / "out", said.append, label) < 20e6
    assert all("320 done, 10 failed" in line for line in said)


def test_a_batch_with_faults_that_is_killed_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.batch_faults.SHORTEST_S", 0.6)
    monkeypatch.setattr("bench.batch_faults.LONGEST_S", 0.9)
    assert measure_kills(tmp_path, 20, 1, random.Random(1))
    assert "finished files done again 0, partial files 0, wrong results 0" in capsys.readouterr().out


def test_songs_are_cut_to_one_length(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "cut").mkdir()
    for name, seconds in (("a", 3.0), ("b", 1.0)):
        write_song(tmp_path / "songs" / f"{name}.wav", seconds)
    assert cut_songs(tmp_path / "songs", tmp_path / "cut", 2.0) == 1
    assert [path.name for path in (tmp_path / "cut").iterdir()] == ["000 a.wav"]

"""Result files: the names that a command gave become those of the batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.batch_kind import KINDS
from batch.file_task import OUT_FOLDER
from batch.result_files import publish_results
from tests.batch.simulated_batch import list_results, write_files


@pytest.mark.parametrize(
    ("kind", "made", "published"),
    [
        ("separate", ["x/drums.wav", "x/.separation.json"], ["a/x (2)/.separation.json", "a/x (2)/drums.wav"]),
        ("analyze", ["x v1.2.json", "x v1.2.beats.csv"], ["a/x (2).beats.csv", "a/x (2).json"]),
        ("accompany", ["band.mid", "mix.wav"], ["a/x (2)/band.mid", "a/x (2)/mix.wav"]),
        ("render", ["x.wav", ".render.json"], ["a/x (2).wav"]),
        ("render", ["x/mix.wav", ".render.json"], ["a/x (2)/mix.wav"]),
    ],
)
@pytest.mark.parametrize("again", [False, True])
def test_results_get_their_names(tmp_path: Path, kind: str, made: list[str], published: list[str], again: bool) -> None:
    for _ in range(1 + again):
        work = tmp_path / ".batch" / "work"
        write_files(work / OUT_FOLDER, *made)
        (work / "name").unlink(missing_ok=True)
        publish_results(work, Path("a/x (2)"), tmp_path, KINDS[kind])
    assert list_results(tmp_path) == published

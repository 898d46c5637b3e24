"""Lock of a folder of results: one run at a time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from engines.offline.folder_lock import lock_folder


def test_two_runs_are_not_at_work_in_one_folder(tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path / "a"),
        pytest.raises(ConfigError, match="another run is at work"),
        lock_folder(tmp_path / "a"),
    ):
        pass
    with lock_folder(tmp_path / "a"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be made"), lock_folder(tmp_path / "file" / "a"):
        pass


def test_a_folder_that_was_made_and_stayed_empty_is_removed_and_others_are_kept(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("there", "new", "full"):
        with suppress(ZeroDivisionError), lock_folder(tmp_path / name):
            if name == "full":
                (tmp_path / name / "file").touch()
            raise ZeroDivisionError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "there"]

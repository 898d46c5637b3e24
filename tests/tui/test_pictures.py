"""Pictures of the screens in the documentation: they are what the app draws now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.tui_pictures import FOLDER, SIZES, write_pictures
from tui.screens import SCREENS


@pytest.mark.parametrize("name", [make().name for make in SCREENS])
def test_the_pictures_of_the_documentation_are_those_of_the_screens(name: str, tmp_path: Path) -> None:
    for path in write_pictures(name, tmp_path, "calm", with_grey=False):
        assert path.read_text(encoding="utf-8") == (FOLDER / path.name).read_text(encoding="utf-8"), (
            "run tools/tui_pictures.py"
        )


def test_every_picture_of_the_documentation_has_a_screen() -> None:
    names = {f"{make().name}_{width}x{height}.svg" for make in SCREENS for width, height in SIZES}
    assert {path.name for path in FOLDER.iterdir()} == names

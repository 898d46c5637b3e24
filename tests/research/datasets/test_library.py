"""Reading a folder of stems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from research.datasets.library import list_tunes
from research.datasets.sources import StemStore


def test_the_tunes_of_all_stems_are_found_whatever_their_split(tmp_path: Path) -> None:
    stock = StemStore.open(tmp_path)
    played = {
        "a": ("train", "synth to POP909-CL 012"),
        "b": ("valid", "font to POP909-CL 345"),
        "c": ("train", "loops"),
    }
    for name, (split, source) in played.items():
        stock.add(name, "bass", np.ones((2, 100), np.float32), group=name, split=split, source=source)
    assert list_tunes(tmp_path) == {"012", "345"}


def test_a_folder_without_an_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"index\.csv"):
        list_tunes(tmp_path)

"""docs/models.md names every key and every adapter."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec

from engines.separation.models.manifest import Adapter, Manifest, ModelFile

PAGE = (Path(__file__).parents[4] / "docs" / "models.md").read_text(encoding="utf-8")


def test_the_page_names_every_key_of_a_manifest() -> None:
    table = PAGE.partition("| key |")[2]
    for kind in (Manifest, ModelFile):
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in table, field.name


def test_the_page_names_every_adapter() -> None:
    for adapter in get_args(Adapter):
        assert f"| `{adapter}`" in PAGE, adapter

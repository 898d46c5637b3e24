"""The page on mappings: its files are read, its errors are the real ones, and no key is missing."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from bridge.config import Table
from bridge.control.registry import Registry
from bridge.controllers.mappings import mapping_file
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import EncoderKind
from bridge.controllers.mappings.mapping_reader import never, read_mapping
from bridge.controllers.mappings.message_specs import parse_message_specs
from bridge.controllers.surface.encoders import decode_steps
from bridge.controllers_command import check_file
from bridge.errors import ConfigError
from bridge.installed_controls import make_registry
from bridge.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
STEPS = PAGE[PAGE.index("## Step by step") : PAGE.index("## Messages")]
STUDIO_BOX = "\n".join(re.findall(r"^```toml\n(.*?)^```", STEPS, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return make_registry(Settings())


def read(folder: Path, text: str, registry: Registry) -> Mapping:
    path = folder / "studio_box.toml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, registry)


def read_table(heading: str) -> list[list[str]]:
    """The cells of the first table below ``heading``, without its head."""
    rows = re.search(r"(?:^\|.*\n)+", PAGE[PAGE.index(f"\n## {heading}\n") :], re.MULTILINE)
    assert rows is not None
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[0].splitlines()[2:]]


def test_the_step_by_step_file_maps_what_the_page_says(tmp_path: Path, registry: Registry) -> None:
    mapping = read(tmp_path, STUDIO_BOX, registry)
    assert [one.message.number for one in mapping.inputs] == [0, 1, 2, 3, 40, 41, 42, 43, 48, 49, 50, 51, 16, 60]


def test_every_other_file_and_entry_of_the_page_is_read(tmp_path: Path, registry: Registry) -> None:
    head = BLOCKS[0]
    others = [block for block in BLOCKS if block not in STUDIO_BOX]
    assert len(others) >= 4
    for block in others:
        read(tmp_path, block if block.startswith("schema") else f"{head}\n{block}", registry)


def test_the_check_prints_what_the_page_shows(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "studio_box.toml").write_text(STUDIO_BOX, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    check_file(Path("studio_box.toml"), registry, never, json_=False)
    (shown,) = re.findall(r"^    (studio_box\.toml: .*)$", STEPS, re.MULTILINE)
    assert " ".join(capsys.readouterr().out.split()) == shown


MISTAKES = {
    '"stems.drums.gain_db"': '"stems.drum.gain_db"',
    "cc 0-3": "cc 0-4",
    "[-60, 6]": "[-60, 20]",
    '"twos_complement"': '"relative"',
    "note 60": "note 43",
    "90 {n} 7F": "90 {n} 80",
    'button = "momentary"\naction': 'butten = "momentary"\naction',
}


def test_the_errors_of_the_page_are_the_real_ones(tmp_path: Path, registry: Registry) -> None:
    shown = re.findall(r"`(studio_box\.toml: .*?)` \|$", STEPS, re.MULTILINE)
    assert len(shown) == len(MISTAKES)
    for (right, wrong), error in zip(MISTAKES.items(), shown, strict=True):
        with pytest.raises(ConfigError) as caught:
            read(tmp_path, STUDIO_BOX.replace(right, wrong, 1), registry)
        assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(error.removesuffix("..."))


def test_every_key_is_described() -> None:
    tables = [one for one in vars(mapping_file).values() if isinstance(one, type) and issubclass(one, Table)]
    keys = {field.encode_name for table in tables for field in msgspec.structs.fields(table)} - {
        "linux",
        "macos",
        "windows",
    }
    keys -= {"schema", "input", "feedback", "device", "warning"}
    assert len(keys) > 50
    assert [key for key in sorted(keys) if f"`{key}`" not in PAGE and f"`{key} =" not in PAGE] == []


def test_every_message_of_the_table_is_one() -> None:
    texts = [text for row in read_table("Messages") for text in re.findall(r"`([^`]*)`", row[0])]
    assert len(texts) == 15
    assert all(parse_message_specs(text, 1) for text in texts)


def test_the_clicks_of_each_encoder_kind_are_one_step() -> None:
    kinds = set()
    for right, left, kind, _ in read_table("Which encoder kind")[:5]:
        name: EncoderKind = re.findall(r"`(\w+)`", kind)[0]
        kinds.add(name)
        assert (decode_steps(name, int(right)), decode_steps(name, int(left))) == (1, -1)
    assert len(kinds) == 5

"""Shipped chains: each can be read, is described for a producer, and is on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from chains.commands.effects_command import format_markdown
from chains.document.chain_lookup import ChainEntry, list_chains
from chains.document.chain_text import format_chain
from chains.document.host_choice import list_live_obstacles
from chains.document.member_paths import walk_members

PAGE = (Path(__file__).parents[3] / "docs" / "chains.md").read_text(encoding="utf-8")
PACKAGES = dict.fromkeys(("ZamDelay", "ZamCompX2", "ZaMaximX2", "ZaMultiCompX2"), "zam-plugins") | {
    "amsynth": "amsynth"
}
"""Debian's package by plugin."""
NAMES = sorted(path.stem for path in (Path(__file__).parents[3] / "presets" / "chains").glob("*.toml"))


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ChainEntry]:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    return {one.name: one for one in list_chains()}


def test_a_dozen_chains_ship_and_most_run_live(entries: dict[str, ChainEntry]) -> None:
    assert len(entries) >= 12
    live = [one for one in entries.values() if one.chain and not list_live_obstacles(one.chain)]
    assert len(live) > len(entries) / 2


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_chain_is_right_and_described(name: str, entries: dict[str, ChainEntry]) -> None:
    entry = entries[name]
    assert entry.problem == ""
    assert entry.chain is not None
    assert entry.chain.doc.endswith(".")
    assert len(entry.chain.doc) <= 90
    assert f"| `{name}` |" in PAGE
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    for _, member in walk_members(entry.chain):
        if member.plugin:
            assert member.plugin in row
            assert PACKAGES[member.plugin] in row
    assert format_chain(entry.chain).startswith("schema = 1\ndoc = ")


def test_the_page_has_the_table_that_the_command_prints() -> None:
    assert format_markdown() in PAGE, "put the output of sideman chain effects --markdown there"

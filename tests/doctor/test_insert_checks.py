"""Doctor's check of the plugin chains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.doctor.insert_checks import check_inserts
from chains.document.chain_lookup import FOLDER
from chains.live import insert_library
from chains.process.block_list import BlockList
from chains.process.plugin_file import PluginFile
from chains.process.verdict import HostVerdict


@pytest.fixture(autouse=True)
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(insert_library, "find_spec", lambda _name: object())
    yield tmp_path


def test_chains_are_counted_and_those_that_run_live() -> None:
    finding = check_inserts()
    choices = insert_library.ChainLibrary().list_choices()
    live = [one for one in choices if not one.obstacle]
    assert 0 < len(live) < len(choices)
    assert (finding.state, finding.detail) == ("ok", f"{len(choices)} chains, {len(live)} of them run live")


def test_a_host_that_is_not_installed_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insert_library, "find_spec", lambda name: None if name == "pedalboard" else object())
    finding = check_inserts()
    assert (finding.state, finding.detail) == ("warn", "pedalboard is not installed")
    assert "extra chains" in finding.fix


def test_a_blocked_plugin_is_named_with_the_way_to_unblock_it(config_home: Path) -> None:
    plugin = PluginFile("Bad Verb", str(config_home / "bad.vst3"), 1.0, 1)
    for _ in range(2):
        BlockList().count(plugin, HostVerdict.CRASHED, "load", 1.0)
    finding = check_inserts()
    assert (finding.state, finding.detail) == ("warn", "the plugin Bad Verb is blocked")
    assert 'sideman chain unblock "Bad Verb"' in finding.fix


def test_a_plugin_that_crashed_once_is_no_finding(config_home: Path) -> None:
    BlockList().count(PluginFile("Shy", str(config_home / "shy.vst3"), 1.0, 1), HostVerdict.CRASHED, "load", 1.0)
    assert check_inserts().state == "ok"


def test_a_chain_with_an_error_is_named_with_its_file_and_the_number_of_others(config_home: Path) -> None:
    folder = config_home / FOLDER
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.toml").write_text("schema = ")
    finding = check_inserts()
    assert finding.state == "warn"
    assert str(folder / "one.toml") in finding.detail
    assert finding.detail.endswith("(and 1 more)")


def test_an_installation_without_chains_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.doctor.insert_checks.find_insert_library", lambda: None)
    assert check_inserts().state == "ok"

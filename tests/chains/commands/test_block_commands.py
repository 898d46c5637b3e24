"""The commands ``sideman chain blocked`` and ``unblock``: what failed is listed; an unblocked plugin starts afresh."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ConfigError
from chains.commands.block_commands import list_blocked, unblock_plugin
from chains.commands.list_command import list_chains
from chains.commands.show_command import show_chain
from chains.document.chain import Chain, Member
from chains.document.chain_file import write_chain
from chains.document.plugin_locations import get_system
from chains.process.block_list import BlockList
from chains.process.loading import LoadingJournal
from chains.process.plugin_file import PluginFile, find_plugin_file
from chains.process.verdict import HostVerdict
from tests.chains.process.test_block_list import end_process

COMP = PluginFile("Comp", "/plugins/Comp.vst3", 1000.5, 20)


def test_without_failures_nothing_is_blocked(capsys: pytest.CaptureFixture[str]) -> None:
    list_blocked()
    assert capsys.readouterr().out == "no plugin is blocked\n"
    with pytest.raises(ConfigError, match="no plugin has failed, and none is blocked"):
        unblock_plugin("Comp")


def test_failures_are_listed_and_forgotten_by_unblock(capsys: pytest.CaptureFixture[str]) -> None:
    blocked = BlockList()
    blocked.count(COMP, HostVerdict.HUNG_STILL, "render")
    LoadingJournal().begin(COMP, end_process(), now_s=time.time())
    list_blocked(json_=True)
    row = json.loads(capsys.readouterr().out)[0]
    assert (row["name"], row["crashes"], row["blocked"], row["path"]) == ("Comp", 2, True, COMP.path)
    list_blocked()
    shown = capsys.readouterr().out
    assert COMP.path in shown.replace("\n", "").replace(" ", "")
    assert "yes" in shown
    assert "crashed (load)" in shown
    unblock_plugin("COMP")
    assert capsys.readouterr().out == f"Comp ({COMP.path}): unblocked\n"
    assert blocked.read() == ()
    blocked.count(COMP, HostVerdict.CRASHED, "render")
    unblock_plugin(COMP.path)
    assert "its failure is forgotten; it was not blocked" in capsys.readouterr().out


def test_chains_with_a_blocked_plugin_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    (tmp_path / "chains").mkdir()
    (tmp_path / "My Comp.vst2.so").touch()
    member = Member(plugin="My Comp", format="vst2", paths={get_system(): (str(tmp_path / "My Comp.vst2.so"),)})
    write_chain(tmp_path / "chains" / "own.toml", Chain(doc="Mine.", members=(member,)))
    plugin = find_plugin_file(member)
    assert plugin is not None
    for is_blocked in (False, True):
        BlockList().count(plugin, HostVerdict.CRASHED, "render")
        show_chain("own")
        shown = " ".join(capsys.readouterr().out.split())
        assert ('blocked: My Comp; sideman chain unblock "My Comp" lets it load again' in shown) == is_blocked
        list_chains()
        assert ("Mine. Blocked: My Comp (VST2)." in " ".join(capsys.readouterr().out.split())) == is_blocked

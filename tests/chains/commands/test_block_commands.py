"""The commands ``sideman chain blocked`` and ``unblock``: what failed is listed; an unblocked plugin starts afresh."""

from __future__ import annotations

import json
import time

import pytest

from bridge.errors import ConfigError
from chains.commands.block_commands import list_blocked, unblock_plugin
from chains.process.block_list import BlockList
from chains.process.loading import LoadingJournal
from chains.process.plugin_file import PluginFile
from chains.process.verdict import HostVerdict
from tests.chains.process.test_block_list import end_process

COMP = PluginFile("Comp", "/plugins/Comp.vst3", 1000.5, 20)


def test_without_failures_nothing_is_blocked(capsys: pytest.CaptureFixture[str]) -> None:
    list_blocked()
    assert capsys.readouterr().out == "no plugin is blocked\n"
    with pytest.raises(ConfigError, match="no plugin is blocked"):
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
    assert "Comp" in shown
    assert "yes" in shown
    assert "crashed (load)" in shown
    unblock_plugin("Comp")
    assert "Comp: unblocked" in capsys.readouterr().out
    assert blocked.read() == ()

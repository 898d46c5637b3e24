"""Exit status of the commands for chains: 1 where a plugin failed or is blocked, 2 where what was given is at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.printing import exit_after
from chains.commands.capture_command import capture_chain
from chains.commands.check_command import check_chains
from chains.commands.render_command import render
from chains.document.chain_file import write_chain
from chains.process.block_list import CRASHES, BlockList
from chains.process.plugin_file import find_plugin_file
from chains.process.verdict import HostVerdict, PluginError
from tests.chains.plugins import FixturePlugin, make_chain
from tests.chains.render.render_rig import make_sound, write_sound_file


@pytest.mark.parametrize("verdict", [one for one in HostVerdict if one is not HostVerdict.OK])
def test_of_all_verdicts_a_refusal_alone_is_bad_input(verdict: HostVerdict) -> None:
    assert PluginError("X: it failed", "", verdict).is_bad_input == (verdict is HostVerdict.REFUSED)


@pytest.mark.parametrize("command", ["render", "capture", "check"])
@pytest.mark.parametrize(("is_there", "status"), [(True, 1), (False, 2)], ids=["blocked", "missing"])
def test_all_commands_agree(
    fixture_plugin: FixturePlugin, tmp_path: Path, command: str, is_there: bool, status: int
) -> None:
    plugin = fixture_plugin("gain") if is_there else tmp_path / "gone.vst3"
    chain = make_chain(plugin)
    if is_there and (file := find_plugin_file(chain.members[0])):
        for _ in range(CRASHES):
            BlockList().count(file, HostVerdict.CRASHED, "render")
    song, out = write_sound_file(tmp_path / "song.wav", make_sound(1)), tmp_path / "out"
    write_chain(tmp_path / "chain.toml", chain)
    act = {
        "render": lambda: exit_with(render([song], out=out, chain=[str(tmp_path / "chain.toml")])),
        "capture": lambda: capture_chain(str(plugin), out=tmp_path / "captured.toml"),
        "check": lambda: exit_with(check_chains(str(plugin))),
    }[command]
    with pytest.raises(SystemExit) as ended:
        exit_after(act, "sideman")
    assert ended.value.code == status


def exit_with(status: int) -> None:
    raise SystemExit(status)

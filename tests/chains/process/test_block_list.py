"""Block list and loading journal: two failures block a plugin in this version; who was being loaded is known."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bridge.config import state_dir, user_dir
from bridge.errors import ConfigError
from chains.process.block_list import COUNTED, MOST_ROWS, BlockList, count_left_over
from chains.process.host_process import HostProcess
from chains.process.loading import LoadingJournal
from chains.process.plugin_file import PluginFile, measure_plugin_file
from chains.process.verdict import HostVerdict, PluginError
from tests.chains.plugins import FixturePlugin, make_chain

COMP = PluginFile("Comp", "/plugins/Comp.vst3", 1000.5, 20)
COUNTS = {HostVerdict.CRASHED, HostVerdict.ABORTED, HostVerdict.EXITED, HostVerdict.HUNG_BUSY, HostVerdict.HUNG_STILL}


def end_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("verdict", HostVerdict)
def test_two_failures_that_end_the_process_block_a_plugin(verdict: HostVerdict) -> None:
    blocked = BlockList()
    assert blocked.count(COMP, verdict, "load") is False
    blocked.check(COMP)
    assert blocked.count(COMP, verdict, "render") is (verdict in COUNTS)
    if verdict not in COUNTS:
        blocked.check(COMP)
        return
    with pytest.raises(PluginError, match=f"blocked after 2 failures, the last one: {verdict.value}") as caught:
        blocked.check(COMP)
    assert caught.value.hint.endswith("sideman chain unblock Comp")
    assert caught.value.verdict is HostVerdict.BLOCKED


def test_all_verdicts_that_count_are_tested() -> None:
    assert COUNTED == COUNTS


@pytest.mark.parametrize("name", ["Comp", "/plugins/Comp.vst3"])
def test_an_unblocked_plugin_starts_afresh(name: str) -> None:
    blocked = BlockList()
    for _ in range(2):
        blocked.count(COMP, HostVerdict.CRASHED, "load")
    assert blocked.unblock(name) == 1
    blocked.check(COMP)
    assert blocked.count(COMP, HostVerdict.CRASHED, "load") is False


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    blocked = BlockList()
    blocked.count(COMP, HostVerdict.CRASHED, "load")
    with pytest.raises(ConfigError, match="Cmp: no such plugin has failed; did you mean Comp"):
        blocked.unblock("Cmp")


def test_a_new_version_of_the_file_is_another_plugin(tmp_path: Path) -> None:
    bundle = tmp_path / "Comp.vst3"
    binary = bundle / "Contents" / "x86_64-linux" / "Comp.so"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(b"old")
    old, blocked = measure_plugin_file("Comp", bundle), BlockList()
    for _ in range(2):
        blocked.count(old, HostVerdict.HUNG_STILL, "load")
    binary.write_bytes(b"newer")
    new = measure_plugin_file("Comp", bundle)
    blocked.check(new)
    assert blocked.count(new, HostVerdict.CRASHED, "load") is False
    assert [row.bytes for row in blocked.read()] == [5]


def test_names_and_paths_of_any_kind_survive_the_file() -> None:
    odd = PluginFile('A "b" \\ ü\n[plugin]', "/x/ü '''.vst3", 1.25, 1)
    blocked = BlockList()
    blocked.count(odd, HostVerdict.EXITED, "load", now_s=7.0)
    assert blocked.read()[0].is_of(odd)
    assert blocked.read()[0].last_s == 7.0


def test_a_file_with_an_error_is_an_error_that_names_it() -> None:
    path = user_dir() / "blocked_plugins.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('schema = 1\n[[plugin]]\nname = "Comp"\n')
    with pytest.raises(ConfigError, match=r"blocked_plugins\.toml"):
        BlockList().check(COMP)


def test_the_oldest_rows_are_left_out() -> None:
    blocked = BlockList()
    blocked._write([])
    rows = [PluginFile(f"p{number}", f"/{number}", 0.0, 0) for number in range(3)]
    for number, plugin in enumerate(rows):
        blocked.count(plugin, HostVerdict.CRASHED, "load", now_s=float(number))
    many = blocked.read() * (MOST_ROWS // 3 + 1)
    blocked._write(many)
    assert len(blocked.read()) == MOST_ROWS
    assert blocked.read()[-1].name == "p2"


def test_failures_counted_at_the_same_time_are_all_counted() -> None:
    plugins = [PluginFile(f"p{number}", f"/{number}", 0.0, 0) for number in range(8)]
    threads = [threading.Thread(target=BlockList().count, args=(one, HostVerdict.CRASHED, "load")) for one in plugins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.name for row in BlockList().read()} == {one.name for one in plugins}


def test_what_a_process_that_is_gone_was_loading_is_the_culprit() -> None:
    journal, pid = LoadingJournal(), end_process()
    journal.begin(COMP, pid, now_s=time.time())
    assert count_left_over() == ["Comp: its process ended while this plugin was loaded; counted as a crash"]
    assert count_left_over() == []
    journal.begin(COMP, pid, now_s=time.time())
    assert count_left_over()[0].endswith("it is blocked now: sideman chain unblock Comp")
    with pytest.raises(PluginError):
        BlockList().check(COMP)


def test_what_a_living_process_loads_is_no_culprit_and_what_is_loaded_neither() -> None:
    journal = LoadingJournal()
    journal.begin(COMP, os.getpid(), now_s=time.time())
    assert count_left_over() == []
    journal.end(os.getpid())
    assert list((state_dir() / "loading").iterdir()) == []


def test_an_entry_that_is_no_json_is_left_alone() -> None:
    folder = state_dir() / "loading"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text("{")
    assert count_left_over() == []


def test_a_journal_that_cannot_be_written_is_said_and_keeps_no_plugin_from_loading(
    fixture_plugin: FixturePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    folder = state_dir() / "loading"
    folder.parent.mkdir(parents=True)
    folder.write_text("")  # a file where the folder should be
    journal = LoadingJournal()
    journal.note_begin(COMP, os.getpid())
    journal.note_end()
    assert [str(folder) in message for message in caplog.messages] == [True, True]
    with HostProcess() as host:
        assert host.load(make_chain(fixture_plugin("gain")), 48_000).members


def test_what_a_process_was_loading_is_left_to_the_one_that_started_it_as_long_as_that_runs() -> None:
    journal, pid = LoadingJournal(), end_process()
    journal.begin(COMP, pid, owner=os.getpid())
    assert count_left_over() == []
    found = journal.find(pid)
    assert found is not None and found.plugin == COMP
    journal.begin(COMP, pid, owner=end_process())
    assert len(count_left_over()) == 1
    assert journal.find(pid) is None

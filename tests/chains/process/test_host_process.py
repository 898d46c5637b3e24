"""Host process: every way in which the fixture plugin fails has its verdict, and the other chains go on."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.block_list import BlockList, count_left_over
from chains.process.host_process import HostProcess
from chains.process.limits import Limits
from chains.process.loading import LoadingJournal
from chains.process.messages import RenderRequest
from chains.process.verdict import HostVerdict, PluginError
from tests.chains.plugins import FixturePlugin, make_chain
from tests.chains.verdicts import BOTH, HANGS, VERDICTS
from tests.processes import alive, children
from tests.waiting import until

RATE = 48000
FRAMES = 12800
BLOCK = 512
SHORT = Limits(load_s=0.5, prepare_s=0.5, render_s=0.5)
"""For what hangs anyway."""
LONG = Limits(start_s=400.0, load_s=400.0, prepare_s=400.0, render_s=400.0)
"""For what does not."""
SMALL = Limits(start_s=400.0, load_s=400.0, memory_bytes=1 << 30)
IN_BOTH = frozenset(
    {"crash_ctor", "exit_ctor", "hang_ctor", "null_instance", "crash_process", "hang_process", "nan", "silence"}
)
"""Modes in which the hosts might differ."""
MODES = tuple(mode for mode in VERDICTS if mode not in ("ratedep", "slow_start"))
"""Without the two that are further cases of silence."""
CASES = [(mode, host) for mode in MODES for host in (BOTH if mode in IN_BOTH else BOTH[:1])]
LOAD_AND_DIE = """
import sys
from chains.process.host_process import HostProcess
from tests.chains.plugins import make_chain
with HostProcess() as host:
    host.load(make_chain(sys.argv[1]), 48000)
"""


@pytest.fixture
def request_of_noise(tmp_path: Path) -> RenderRequest:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)
    source = write_segment(tmp_path / "source", noise)
    return RenderRequest(source, create_segment(tmp_path / "sink", 2, FRAMES), BLOCK)


@pytest.fixture(scope="module")
def shared_host() -> Iterator[HostProcess]:
    """One host process for the tests that end none."""
    with HostProcess(LONG) as host:
        yield host


def read_sink(request: RenderRequest) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(map_segment(request.sink))


@pytest.mark.parametrize(("mode", "forced"), CASES)
def test_each_failure_has_its_verdict_with_plugin_step_and_fix(
    mode: str, forced: str, fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    before = children(os.getpid())
    verdict, step = VERDICTS[mode]
    limits = SHORT if mode in HANGS else SMALL if verdict is HostVerdict.OUT_OF_MEMORY else LONG
    with HostProcess(limits) as host, pytest.raises(PluginError) as caught:
        host.load(make_chain(fixture_plugin(mode)), RATE, block_frames=BLOCK, host=forced)
        host.render(request_of_noise)
    error = caught.value
    assert (error.verdict, error.plugin, error.step) == (verdict, f"fixture_{mode}", step)
    assert error.message.startswith(f"fixture_{mode}: ")
    assert error.hint
    assert count_left_over() == []
    assert children(os.getpid()) <= before


def test_the_chains_beside_one_that_crashes_go_on(
    fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    verdicts = []
    with HostProcess(LONG) as host:
        for mode in ("gain", "latency", "crash_ctor", "denormal", "tempo"):
            try:
                host.load(make_chain(fixture_plugin(mode)), RATE, block_frames=BLOCK)
                host.render(request_of_noise)
                verdicts.append(HostVerdict.OK)
            except PluginError as error:
                verdicts.append(error.verdict)
    assert verdicts == [HostVerdict.OK] * 2 + [HostVerdict.CRASHED] + [HostVerdict.OK] * 2
    assert host.starts == 2


def test_of_several_members_the_one_that_crashes_is_named(
    fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    chain = make_chain(*(fixture_plugin(mode) for mode in ("gain", "crash_process", "latency")))
    with HostProcess(LONG) as host:
        host.load(chain, RATE, block_frames=BLOCK)
        with pytest.raises(PluginError) as caught:
            host.render(request_of_noise)
    assert (caught.value.plugin, caught.value.step) == ("fixture_crash_process", "render")
    assert [row.name for row in BlockList().read()] == ["Fixture crash_process"]


def test_of_several_members_the_first_that_gives_no_numbers_is_named_once(
    fixture_plugin: FixturePlugin, shared_host: HostProcess, request_of_noise: RenderRequest
) -> None:
    shared_host.load(
        make_chain(*(fixture_plugin(mode) for mode in ("gain", "nan", "latency"))), RATE, block_frames=BLOCK
    )
    with pytest.raises(PluginError) as caught:
        shared_host.render(request_of_noise)
    assert (caught.value.plugin, caught.value.verdict) == ("fixture_nan", HostVerdict.NOT_FINITE)
    said = r"fixture_nan: while it rendered: \d{1,3}(,\d{3})* frames of its output are NaN or infinite"
    assert re.fullmatch(said, caught.value.message)
    assert "other chains" not in caught.value.hint


def test_a_child_that_died_is_replaced_with_the_parameters_and_state_that_were_set(
    fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    with HostProcess(LONG) as host:
        host.load(make_chain(fixture_plugin("gain")), RATE, block_frames=BLOCK)
        host.read_parameters("fixture_gain", {"Gain": 0.25})
        host.render(request_of_noise)
        before = read_sink(request_of_noise)
        assert host.pid is not None
        os.kill(host.pid, signal.SIGKILL)
        until("its end", lambda: host.pid is None)
        host.render(request_of_noise)
        assert host.starts == 2
    assert np.array_equal(before, read_sink(request_of_noise))
    assert np.allclose(before, map_segment(request_of_noise.source) * 0.5, atol=1e-6)


def test_a_request_that_is_refused_leaves_the_chain_loaded(
    shared_host: HostProcess, fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    shared_host.load(make_chain(fixture_plugin("gain")), RATE, block_frames=BLOCK)
    pid = shared_host.pid
    with pytest.raises(PluginError) as caught:
        shared_host.read_parameters("fixture_gain", {"Gian": 0.25})
    assert caught.value.verdict is HostVerdict.REFUSED
    shared_host.render(request_of_noise)
    assert shared_host.pid == pid


def test_a_chain_that_sideman_refuses_costs_no_child(shared_host: HostProcess, fixture_plugin: FixturePlugin) -> None:
    gain = fixture_plugin("gain")
    shared_host.load(make_chain(gain), RATE, block_frames=BLOCK)
    pid = shared_host.pid
    with pytest.raises(PluginError, match="no parameter 'Gian'"):
        shared_host.load(make_chain(gain, parameters={"Gian": 0.25}), RATE, block_frames=BLOCK)
    with pytest.raises(PluginError, match="tempo") as caught:
        shared_host.load(make_chain(gain, follows_tempo=True), RATE, block_frames=BLOCK, host="pedalboard")
    assert (caught.value.plugin, caught.value.step) == ("", "start")
    assert shared_host.pid == pid
    with pytest.raises(PluginError, match="no chain is loaded"):
        shared_host.read_parameters("fixture_gain")
    with pytest.raises(PluginError, match="cannot be loaded"):
        shared_host.load(make_chain(fixture_plugin("null_instance")), RATE, block_frames=BLOCK)
    assert shared_host.pid is None


def test_without_a_chain_requests_are_refused(request_of_noise: RenderRequest) -> None:
    with HostProcess() as host, pytest.raises(PluginError, match="load one first"):
        host.render(request_of_noise)


def test_what_a_plugin_prints_is_no_reply(shared_host: HostProcess, fixture_plugin: FixturePlugin) -> None:
    result = shared_host.load(make_chain(fixture_plugin("prints")), RATE, block_frames=BLOCK)
    assert [member.label for member in result.members] == ["fixture_prints"]


def test_a_heavy_plugin_gets_the_time_that_its_chain_allows(fixture_plugin: FixturePlugin) -> None:
    chain = make_chain(fixture_plugin("slow_ctor"), load_limit_s=400.0)
    with HostProcess(Limits(load_s=0.5)) as host:
        assert host.load(chain, RATE).load_s >= 1.0


def test_what_a_plugin_starts_ends_with_it(fixture_plugin: FixturePlugin) -> None:
    before = children(os.getpid())
    with HostProcess(LONG) as host:
        host.load(make_chain(fixture_plugin("starts_process")), RATE, block_frames=BLOCK)
        assert host.pid is not None
        started = children(host.pid)
        assert started
    until("the end of what the plugin started", lambda: not any(map(alive, started)))
    assert children(os.getpid()) <= before


def test_a_child_that_does_not_end_is_killed_with_what_the_plugin_started(fixture_plugin: FixturePlugin) -> None:
    before = children(os.getpid())
    with HostProcess(LONG) as host:
        host.load(make_chain(fixture_plugin("starts_process")), RATE, block_frames=BLOCK)
        assert host.pid is not None
        started = children(host.pid)
        os.kill(host.pid, signal.SIGSTOP)
    until("the end of what the plugin started", lambda: not any(map(alive, started)))
    assert children(os.getpid()) <= before


def test_another_thread_cancels_a_render_that_hangs(
    fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    before = children(os.getpid())
    with HostProcess(LONG) as host:
        host.load(make_chain(fixture_plugin("hang_process")), RATE, block_frames=BLOCK)
        timer = threading.Timer(0.1, host.cancel)
        timer.start()
        with pytest.raises(PluginError) as caught:
            host.render(request_of_noise)
        timer.join()
        assert caught.value.verdict is HostVerdict.CANCELLED
        assert host.pid is None
        assert BlockList().read() == ()
    assert children(os.getpid()) <= before


def test_a_cancel_between_two_requests_ends_the_next_one(
    fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    with HostProcess(LONG) as host:
        host.cancel()
        with pytest.raises(PluginError) as caught:
            host.load(make_chain(fixture_plugin("gain")), RATE)
        assert caught.value.verdict is HostVerdict.CANCELLED


def test_a_child_is_replaced_after_so_many_renders_and_the_result_is_the_same(
    fixture_plugin: FixturePlugin, request_of_noise: RenderRequest
) -> None:
    with HostProcess(Limits(renders=2)) as host:
        host.load(make_chain(fixture_plugin("latency")), RATE, block_frames=BLOCK)
        results = []
        for _ in range(3):
            host.render(request_of_noise)
            results.append(read_sink(request_of_noise))
        assert host.starts == 2
    assert all(np.array_equal(one, results[0]) for one in results)


def test_a_child_that_grows_is_replaced(fixture_plugin: FixturePlugin, request_of_noise: RenderRequest) -> None:
    leaking = 100_000 * FRAMES // 64
    small = RenderRequest(request_of_noise.source, request_of_noise.sink, 64)
    with HostProcess(Limits(growth_bytes=leaking // 2)) as host:
        host.load(make_chain(fixture_plugin("leak")), RATE, block_frames=64)
        host.render(small)
        assert host.growth_bytes > leaking // 2
        host.render(small)
        assert host.starts == 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_after_sideman_was_killed_the_next_start_knows_the_culprit_and_two_times_block_it(
    fixture_plugin: FixturePlugin,
) -> None:
    bundle = fixture_plugin("hang_ctor")
    journal = LoadingJournal()
    for sentence in ("counted as a crash", 'it is blocked now: sideman chain unblock "Fixture hang_ctor"'):
        sideman = subprocess.Popen([sys.executable, "-c", LOAD_AND_DIE, str(bundle)])
        until("loading", lambda: journal.folder.is_dir() and any(journal.folder.glob("*.json")))
        hosts = children(sideman.pid)
        sideman.kill()
        sideman.wait()
        until("the end of its host process", lambda pids=hosts: not any(map(alive, pids)))  # type: ignore[misc]
        sentences = count_left_over()
        assert len(sentences) == 1
        assert sentences[0].startswith("Fixture hang_ctor: ")
        assert sentences[0].endswith(sentence)
    with HostProcess() as host:
        with pytest.raises(PluginError, match="blocked after 2 failures"):
            host.load(make_chain(bundle), RATE)
        assert host.starts == 0


def test_the_second_crash_of_a_plugin_says_how_to_unblock_it(fixture_plugin: FixturePlugin) -> None:
    chain = make_chain(fixture_plugin("exit_ctor"))
    hints = []
    with HostProcess(LONG) as host:
        for _ in range(3):
            with pytest.raises(PluginError) as caught:
                host.load(chain, RATE)
            hints.append(caught.value.hint)
    assert ["unblock" in hint for hint in hints] == [False, True, True]
    assert host.starts == 2


def test_ctrl_c_ends_the_child(fixture_plugin: FixturePlugin, request_of_noise: RenderRequest) -> None:
    before = children(os.getpid())

    def interrupt(_frames: int) -> None:
        raise KeyboardInterrupt

    with HostProcess(LONG) as host:
        host.load(make_chain(fixture_plugin("gain")), RATE, block_frames=BLOCK)
        with contextlib.suppress(KeyboardInterrupt):
            host.render(request_of_noise, interrupt)
            pytest.fail("no progress was reported")
        assert host.pid is None
    assert children(os.getpid()) <= before

"""Insert supervisor: insert workers as real processes, from the choice of a chain to its end."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.control.insert_controls import InsertSetting
from bridge.core.audio import CHANNELS
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.stall_detector import StallLimits
from bridge.runtime.supervised_insert import BLOCK_FRAMES, SLOW_LOAD_S, SupervisedInsert
from bridge.runtime.wiring import wire
from tests.runtime.chosen_inserts import PERIOD, RATE, RESERVE, ChosenInserts, make_noise
from tests.runtime.toy_inserts import DELAY, GAIN, STUCK_S, ToyLibrary
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def inserts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChosenInserts]:
    """The toy library is registered for this process and its workers; each test uses points of its own."""
    folder = tmp_path_factory.mktemp("toys")
    metadata = folder / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sideman.inserts]\ntoys = tests.runtime.toy_inserts:ToyLibrary\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
        patch.setenv("DISPLAY", ":99")
        with Graph(wire({}, RATE, {}), PERIOD, {}, {}) as graph:
            opened = ChosenInserts(graph)
            with opened.supervisor:
                yield opened


@pytest.fixture(autouse=True)
def all_off(inserts: ChosenInserts) -> Iterator[None]:
    yield
    inserts.settings = dict.fromkeys(INSERT_POINTS, InsertSetting())
    until("all off", lambda: all(one.state == "off" and not one.pid for one in inserts.supervisor.statuses))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


LOUD = np.ones((CHANNELS, BLOCK_FRAMES), np.float32)
"""Makes the toys that wait for it crash or hang."""


def test_a_chosen_chain_runs_and_its_delay_is_declared(inserts: ChosenInserts) -> None:
    inserts.choose("drums", "late")
    inserts.until_state("drums", "late", "running")
    assert inserts.word("drums", w.INSERT_DELAY) == RESERVE + DELAY
    assert inserts.word("drums", w.INSERT_ROUTED) == inserts.word("drums", w.INSERT_ALIVE) == 1
    assert inserts.graph.ledger["drums"].insert == RESERVE + DELAY
    audio = make_noise(8)
    np.testing.assert_array_equal(inserts.send("drums", audio)[:, :-DELAY], (audio * GAIN)[:, :-DELAY])


def test_bypass_and_reserve_change_without_a_new_worker(inserts: ChosenInserts) -> None:
    inserts.choose("bass", "half")
    inserts.until_state("bass", "half", "running")
    pid = inserts.status("bass").pid
    inserts.choose("bass", "half", is_bypassed=True)
    inserts.until_state("bass", "half", "bypassed")
    assert inserts.word("bass", w.INSERT_ROUTED) == 0
    inserts.choose("bass", "half", reserve=512)
    inserts.until_state("bass", "half", "running")
    until("the delay", lambda: inserts.word("bass", w.INSERT_DELAY) == 512)
    assert inserts.word("bass", w.INSERT_ROUTED) == 1
    assert inserts.status("bass").pid == pid


def test_a_latency_that_changes_is_declared_and_the_point_begins_anew_with_it(inserts: ChosenInserts) -> None:
    inserts.choose("other", "moves")
    inserts.until_state("other", "moves", "running")
    restarts, pid = inserts.word("other", w.INSERT_RESTART), inserts.status("other").pid
    inserts.send("other", LOUD)
    until("the delay", lambda: inserts.word("other", w.INSERT_DELAY) == RESERVE + DELAY)
    until("a new epoch", lambda: inserts.word("other", w.INSERT_RESTART) == restarts + 1)
    audio = make_noise(8)
    np.testing.assert_array_equal(inserts.send("other", audio)[:, :-DELAY], (audio * GAIN)[:, :-DELAY])
    assert inserts.status("other").pid == pid


def test_another_chain_gets_a_worker_of_its_own_and_off_leaves_none(inserts: ChosenInserts) -> None:
    inserts.choose("vocals", "half")
    inserts.until_state("vocals", "half", "running")
    first = inserts.status("vocals").pid
    inserts.choose("vocals", "late")
    inserts.until_state("vocals", "late", "running")
    second = inserts.status("vocals").pid
    assert not is_alive(first)
    assert inserts.word("vocals", w.INSERT_DELAY) == RESERVE + DELAY
    inserts.choose("vocals", "off")
    until("no delay", lambda: inserts.word("vocals", w.INSERT_DELAY) == 0)
    assert not is_alive(second)
    assert inserts.word("vocals", w.INSERT_ROUTED) == inserts.word("vocals", w.INSERT_ALIVE) == 0


def test_what_cannot_run_is_refused_with_its_reason(inserts: ChosenInserts) -> None:
    inserts.choose("mix", "at96")
    inserts.choose("band", "huge")
    inserts.until_state("mix", "at96", "refused: at96: it runs at 96 kHz only; choose another chain")
    inserts.until_state("band", "huge", "refused: insert band: a latency of 1000000 frames; use 0 to 8192")
    for point in ("mix", "band"):
        assert inserts.status(point).pid == 0
        assert inserts.word(point, w.INSERT_DELAY) == inserts.word(point, w.INSERT_ROUTED) == 0


def test_a_chain_that_crashes_while_it_is_loaded_is_off_after_the_second_time(
    inserts: ChosenInserts, caplog: pytest.LogCaptureFixture
) -> None:
    inserts.choose("other", "dies")
    again = "; to try it again, choose off, then the chain"
    inserts.until_state("other", "dies", "off: failed twice: dies: SIGABRT while loading" + again)
    assert inserts.status("other").crashes == 2
    assert "chain dies died (SIGABRT); it is restarted" in caplog.text
    assert "it stays off" in caplog.text
    inserts.choose("other", "off")
    inserts.until_state("other", "off", "off")
    inserts.choose("other", "half")
    inserts.until_state("other", "half", "running")
    assert inserts.status("other").crashes == 0


def test_the_log_has_the_line_about_a_change_before_the_state_shows_it(inserts: ChosenInserts) -> None:
    lines: list[tuple[str, str]] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append((inserts.status("other").state, record.getMessage()))  # type: ignore[method-assign]
    logger = logging.getLogger("bridge.runtime.supervised_insert")
    logger.addHandler(handler)
    try:
        inserts.choose("other", "dies")
        inserts.until_state("other", "dies", "off: failed twice")
        inserts.choose("other", "at96")
        inserts.until_state("other", "at96", "refused")
    finally:
        logger.removeHandler(handler)
    assert [state for state, line in lines if "it is restarted" in line] == ["starting"]
    assert [state.partition(":")[0] for state, line in lines if "it stays off" in line] == ["starting"]
    assert [state.partition(":")[0] for state, line in lines if "is refused" in line] == ["starting"]


@pytest.mark.parametrize(("chain", "reason"), [("crashes", "SIGABRT"), ("exits", "exit status 0")])
def test_a_chain_that_crashes_in_a_block_is_restarted_once(
    inserts: ChosenInserts, caplog: pytest.LogCaptureFixture, chain: str, reason: str
) -> None:
    caplog.set_level(logging.INFO)
    inserts.choose("drums", chain)
    inserts.until_state("drums", chain, "running")
    first = inserts.status("drums").pid
    inserts.send("drums", make_noise(2))
    inserts.post("drums", LOUD)
    until("a second worker", lambda: inserts.status("drums").pid not in (0, first))
    inserts.until_state("drums", chain, "running")
    assert inserts.word("drums", w.INSERT_DELAY) == RESERVE  # the delay stays, so that nothing moves meanwhile
    assert f"chain {chain} died ({reason}); it is restarted" in caplog.text
    assert f"insert drums: chain {chain} plays again" in caplog.text
    audio = make_noise(2)
    np.testing.assert_array_equal(inserts.send("drums", audio), audio * GAIN)
    inserts.post("drums", LOUD)
    inserts.until_state("drums", chain, f"off: failed twice: {chain}: {reason} while playing; to try it again, ")
    assert inserts.word("drums", w.INSERT_ROUTED) == 0
    assert inserts.word("drums", w.INSERT_DELAY) == RESERVE


def test_a_worker_that_is_killed_from_outside_comes_back_each_time(inserts: ChosenInserts) -> None:
    inserts.choose("bass", "half")
    for kill in range(3):
        inserts.until_state("bass", "half", "running")
        pid = inserts.status("bass").pid
        if kill < 2:
            os.kill(pid, signal.SIGKILL)
            until("its end", lambda: inserts.status("bass").pid != pid)  # noqa: B023
    assert inserts.status("bass").crashes == 0


def test_a_worker_that_hangs_is_ended_and_restarted(inserts: ChosenInserts, caplog: pytest.LogCaptureFixture) -> None:
    inserts.choose("vocals", "hangs")
    inserts.until_state("vocals", "hangs", "running")
    first = inserts.status("vocals").pid
    inserts.send("vocals", make_noise(1))
    inserts.post("vocals", LOUD)
    until("a second worker", lambda: inserts.status("vocals").pid not in (0, first))
    assert "chain hangs stalled; it is restarted" in caplog.text
    assert not is_alive(first)
    inserts.until_state("vocals", "hangs", "running")


def test_a_plugin_has_no_display_and_its_chatter_does_not_reach_our_output(
    inserts: ChosenInserts, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    inserts.choose("mix", "prints")
    inserts.until_state("mix", "prints", "running")
    until("what it printed", lambda: "insert mix: plugin chatter" in caplog.messages)
    assert capfd.readouterr() == ("", "")
    environment = Path(f"/proc/{inserts.status('mix').pid}/environ")
    if environment.exists():
        assert b"DISPLAY=" not in environment.read_bytes()


def test_a_chain_chosen_before_the_start_is_settled_when_waiting_ends(inserts: ChosenInserts) -> None:
    with Graph(wire({}, RATE, {}), PERIOD, {}, {}) as graph:
        early = ChosenInserts(graph)
        early.choose("band", "late")
        early.choose("mix", "at96")
        with early.supervisor as supervisor:
            supervisor.wait_until_settled()
            assert early.status("band").state == "running"
            assert early.status("mix").state.startswith("refused")
            pid = early.status("band").pid
        assert not is_alive(pid)


def test_waiting_ends_while_a_chain_hangs_as_it_is_loaded_and_names_it(
    inserts: ChosenInserts, caplog: pytest.LogCaptureFixture
) -> None:
    inserts.choose("vocals", "stuck")
    until("the start", lambda: inserts.status("vocals").state == "starting")
    reported: list[list[tuple[str, str]]] = []
    inserts.supervisor.wait_until_settled(
        report=lambda loading: reported.append([(one.point, one.chain) for one in loading]), patience_s=0.05
    )
    assert reported == [[("vocals", "stuck")]]
    assert inserts.status("vocals").state == "starting"
    assert "insert vocals: chain stuck is still being loaded; the audio starts without it" in caplog.text


def test_a_chain_that_hangs_as_it_is_loaded_is_ended_and_is_off_after_the_second_time(inserts: ChosenInserts) -> None:
    inserts.choose("vocals", "stuck")
    inserts.until_state(
        "vocals", "stuck", f"off: failed twice: stuck: still for {STUCK_S:g} s while loading; to try it"
    )
    assert inserts.status("vocals").crashes == 2
    assert inserts.status("vocals").pid == 0


def test_a_chain_that_takes_long_to_load_is_named_in_the_log_and_in_its_state(
    inserts: ChosenInserts, caplog: pytest.LogCaptureFixture
) -> None:
    slow = SupervisedInsert(inserts.graph, inserts.graph.plan, "bass", StallLimits(30.0, 30.0))
    setting = InsertSetting("stuck")
    try:
        for now_s in (0.0, 0.1, SLOW_LOAD_S, SLOW_LOAD_S + 0.2):
            assert slow.status.state in ("off", "starting")
            slow.update(setting, now_s)
        assert slow.status.state == f"starting: Stuck is still being loaded; it is given up after {STUCK_S:g} s"
        assert not slow.is_settled
        slow.update(setting, SLOW_LOAD_S + 0.3)
        assert caplog.text.count("insert bass: chain stuck: Stuck is still being loaded") == 1
    finally:
        slow.close(0.0)
    assert slow.status.pid == 0


def test_a_worker_that_is_ended_on_purpose_counts_against_nothing(
    inserts: ChosenInserts, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(ToyLibrary, "forget_process", lambda _self, pid: calls.append(f"forget {pid}"))
    monkeypatch.setattr(ToyLibrary, "explain_failure", lambda _self, name, _failure: calls.append(f"explain {name}"))
    inserts.choose("vocals", "stuck")
    until("a worker", lambda: inserts.status("vocals").pid > 0)
    calls.clear()  # the end of the worker of the test before
    pid = inserts.status("vocals").pid
    inserts.choose("vocals", "half")
    inserts.until_state("vocals", "half", "running")
    assert calls == [f"forget {pid}"]

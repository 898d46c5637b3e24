"""Live inserts with real plugins in their worker processes: what runs, what fails, what is refused."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.config import user_dir
from bridge.core.audio import CHANNELS, Audio
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.wiring import wire
from chains.document.chain import Chain, Member
from chains.document.chain_file import write_chain
from chains.live import insert_library
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.block_list import BlockList
from chains.process.host_process import HostProcess
from chains.process.limits import Limits, compute_memory_limit
from chains.process.loading import LoadingJournal
from chains.process.messages import RenderRequest
from tests.chains.plugins import FixturePlugin, make_chain, require_hosts
from tests.runtime.chosen_inserts import PERIOD, RATE, RESERVE, ChosenInserts, make_noise
from tests.waiting import until

LATENCY = 256  # of the fixture plugin's mode of this name
FILTERS = Chain(
    members=(
        Member(effect="HighpassFilter", parameters={"cutoff_frequency_hz": 200.0}),
        Member(effect="Compressor", parameters={"threshold_db": -30.0, "ratio": 4.0}),
    )
)


@pytest.fixture
def inserts() -> Iterator[ChosenInserts]:
    require_hosts()
    with Graph(wire({}, RATE, {}), PERIOD, {}, {}) as graph:
        opened = ChosenInserts(graph)
        with opened.supervisor:
            yield opened


def save_chain(name: str, chain: Chain) -> None:
    folder = user_dir("chains")
    folder.mkdir(parents=True, exist_ok=True)
    write_chain(folder / f"{name}.toml", chain)


def render_offline(chain: Chain, audio: Audio, folder: Path) -> Audio:
    """What a host process makes of ``audio``, aligned."""
    folder.mkdir()
    sink = create_segment(folder / "sink", CHANNELS, audio.shape[1])
    with HostProcess() as host:
        host.load(chain, RATE)
        host.render(RenderRequest(write_segment(folder / "source", audio), sink))
    return np.array(map_segment(sink))


def test_chains_play_what_a_render_gives_and_declare_their_latency(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chains = {"filters": FILTERS, "delaying": make_chain(fixture_plugin("latency"), fingerprint="0" * 64)}
    save_chain("filters", chains["filters"])
    save_chain("delaying", chains["delaying"])
    inserts.choose("drums", "filters")
    inserts.choose("mix", "delaying")
    audio = make_noise(64)
    for point, chain, latency in (("drums", "filters", 0), ("mix", "delaying", LATENCY)):
        inserts.until_state(point, chain, "running")
        assert inserts.word(point, w.INSERT_LATENCY) == latency
        assert inserts.word(point, w.INSERT_DELAY) == RESERVE + latency
        assert resource.prlimit(inserts.status(point).pid, resource.RLIMIT_AS)[0] == compute_memory_limit()
        wanted = render_offline(chains[chain], audio, tmp_path / chain)
        whole = audio.shape[1] - latency
        np.testing.assert_array_equal(inserts.send(point, audio)[:, :whole], wanted[:, :whole])
    said = "insert mix: delaying: fixture_latency: its parameters are not those with which the chain was made"
    until("the warning", lambda: said in caplog.text)


def test_a_plugin_that_puts_out_nan_for_silence_is_refused(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("nan", make_chain(fixture_plugin("gain"), fixture_plugin("nan")))
    inserts.choose("bass", "nan")
    said = (
        "refused: fixture_nan: 128 frames of its output are NaN or infinite; reset it to its defaults; sideman chain "
    )
    inserts.until_state("bass", "nan", said)


def test_a_plugin_that_crashes_in_a_block_is_off_after_the_second_time(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("crash", make_chain(fixture_plugin("crash_process")))
    inserts.choose("vocals", "crash")  # it crashes in the silent blocks before the stream
    said = "off: failed twice: fixture_crash_process: while it was prepared: its process crashed (SIGSEGV)"
    inserts.until_state("vocals", "crash", said)
    assert inserts.status("vocals").state.endswith("; to try it again, choose off, then the chain")
    assert inserts.status("vocals").crashes == 2


def test_a_plugin_that_crashes_while_it_is_loaded_is_blocked_after_two_times(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("crash", make_chain(fixture_plugin("crash_ctor")))
    inserts.choose("band", "crash")
    said = "off: failed twice: Fixture crash_ctor: while it was loaded: its process crashed (SIGSEGV)"
    inserts.until_state("band", "crash", said)
    assert (
        'it is blocked now, to try it again: sideman chain unblock "Fixture crash_ctor"' in inserts.status("band").state
    )
    inserts.choose("band", "off")
    inserts.until_state("band", "off", "off")
    inserts.choose("band", "crash")
    inserts.until_state("band", "crash", "refused: Fixture crash_ctor: blocked after 2 failures")
    assert "sideman chain unblock" in inserts.status("band").state


def test_a_plugin_that_hangs_while_it_is_loaded_is_named_counted_as_hung_and_blocked(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insert_library, "compute_load_limit", lambda _name: 4.0)
    save_chain("hang", make_chain(fixture_plugin("hang_ctor")))
    inserts.choose("drums", "hang")
    said = "off: failed twice: Fixture hang_ctor: while it was loaded: stood still for more than 4 s and was ended"
    inserts.until_state("drums", "hang", said)
    assert 'sideman chain unblock "Fixture hang_ctor"' in inserts.status("drums").state
    assert [(row.name, row.crashes, row.verdict) for row in BlockList().read()] == [
        ("Fixture hang_ctor", 2, "hung, still")
    ]


def test_a_worker_ended_by_a_new_choice_or_from_outside_counts_nothing_against_its_plugin(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("slow", make_chain(fixture_plugin("slow_ctor")))
    journal = LoadingJournal()

    def until_loading() -> int:
        until("loading", lambda: journal.find(inserts.status("bass").pid) is not None)
        pid = inserts.status("bass").pid
        assert pid > 0  # 0 would be the tests' own group
        return pid

    for _ in range(2):
        inserts.choose("bass", "slow")
        until_loading()
        inserts.choose("bass", "off")
        until("no worker", lambda: not inserts.status("bass").pid)
    inserts.choose("bass", "slow")
    pid = until_loading()
    os.kill(pid, signal.SIGKILL)
    until("another worker", lambda: inserts.status("bass").pid not in (0, pid))
    until_loading()
    inserts.supervisor.kill()  # as at the end of this process
    inserts.choose("bass", "off")
    until("no worker", lambda: not inserts.status("bass").pid)
    assert not list(journal.folder.iterdir())
    assert BlockList().read() == ()


def test_the_load_limit_is_that_of_a_render_or_what_the_chain_allows() -> None:
    save_chain("normal", FILTERS)
    save_chain("large", Chain(members=(Member(plugin="Large", format="vst3", load_limit_s=90.0),)))
    library = insert_library.ChainLibrary()
    assert library.compute_load_limit("normal") == Limits().load_s
    assert library.compute_load_limit("large") == 90.0


PREPARE_IN_1_GB = """
import sys
from pathlib import Path
from chains.live.insert_library import LiveChain
from tests.chains.plugins import make_chain
LiveChain("greedy", Path("greedy.toml"), make_chain(sys.argv[1]), 1 << 30).prepare(48000, 128, int)
"""


def test_a_chain_that_takes_more_memory_than_its_limit_is_an_error_with_a_fix(fixture_plugin: FixturePlugin) -> None:
    require_hosts()
    command = [sys.executable, "-c", PREPARE_IN_1_GB, str(fixture_plugin("memory_ctor"))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "greedy: it needs more memory than the 1.1 GB that an insert may have" in ended.stderr
    assert "load fewer samples" in ended.stderr


def test_what_cannot_run_live_is_refused_with_a_reason(inserts: ChosenInserts) -> None:
    save_chain("shifted", Chain(members=(Member(effect="PitchShift", parameters={"semitones": 2.0}),)))
    save_chain("code", Chain(members=(Member(faust="process = _, _;"),)))
    inserts.choose("other", "shifted")
    inserts.choose("drums", "code")
    inserts.until_state("other", "shifted", "refused: the chain shifted cannot run live: PitchShift")
    inserts.until_state("drums", "code", "refused: the chain code cannot run live: Faust: Faust code needs DawDreamer")
    assert inserts.word("other", w.INSERT_DELAY) == inserts.word("drums", w.INSERT_DELAY) == 0


def test_a_chain_that_was_changed_is_read_again_when_it_is_chosen_again(inserts: ChosenInserts) -> None:
    for gain_db, factor in ((0.0, 1.0), (20.0, 10.0)):
        save_chain("gain", Chain(members=(Member(effect="Gain", parameters={"gain_db": gain_db}),)))
        inserts.choose("mix", "gain")
        inserts.until_state("mix", "gain", "running")
        audio = make_noise(4)
        np.testing.assert_allclose(inserts.send("mix", audio), audio * factor, rtol=1e-6)
        inserts.choose("mix", "off")
        inserts.until_state("mix", "off", "off")
        until("no worker", lambda: not inserts.status("mix").pid)

"""Live inserts with real plugins in their worker processes: what runs, what fails, what is refused."""

from __future__ import annotations

import resource
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
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.host_process import HostProcess
from chains.process.limits import compute_memory_limit
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
    inserts: ChosenInserts, fixture_plugin: FixturePlugin, tmp_path: Path, capfd: pytest.CaptureFixture[str]
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
    said = "delaying: fixture_latency: its parameters are not those with which the chain was made"
    assert said in capfd.readouterr().err


def test_a_plugin_that_puts_out_nan_for_silence_is_refused(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("nan", make_chain(fixture_plugin("nan")))
    inserts.choose("bass", "nan")
    inserts.until_state(
        "bass", "nan", "refused: nan: 128 frames are NaN or infinite; `sideman chain check` finds the plugin"
    )


def test_a_plugin_that_crashes_in_a_block_is_off_after_the_second_time(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("crash", make_chain(fixture_plugin("crash_process")))
    inserts.choose("vocals", "crash")  # it crashes in the silent blocks before the stream
    inserts.until_state("vocals", "crash", "off: crashed twice")
    assert inserts.status("vocals").crashes == 2


def test_a_plugin_that_crashes_while_it_is_loaded_is_blocked_after_two_times(
    inserts: ChosenInserts, fixture_plugin: FixturePlugin
) -> None:
    save_chain("crash", make_chain(fixture_plugin("crash_ctor")))
    inserts.choose("band", "crash")
    inserts.until_state("band", "crash", "off: crashed twice: Fixture crash_ctor: its process ended while this plugin")
    assert 'it is blocked now: sideman chain unblock "Fixture crash_ctor"' in inserts.status("band").state
    inserts.choose("band", "off")
    inserts.until_state("band", "off", "off")
    inserts.choose("band", "crash")
    inserts.until_state("band", "crash", "refused: Fixture crash_ctor: blocked after 2 failures")
    assert "sideman chain unblock" in inserts.status("band").state


PREPARE_IN_1_GB = """
import sys
from pathlib import Path
from chains.live.insert_library import LiveChain
from tests.chains.plugins import make_chain
LiveChain("greedy", Path("greedy.toml"), make_chain(sys.argv[1]), 1 << 30).prepare(48000, 128)
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

"""Live inserts on a real server: aligned and declared to the frame, killed and changed without a click."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bridge.app import Sidecar
from bridge.config import user_dir
from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.insert import INSERT_POINTS
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.errors import ControlError
from bridge.measure import find_disagreements, measure
from bridge.runtime import supervised_insert
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.supervised_insert import InsertStatus
from bridge.settings import EngineSettings
from engines.synth.stems import render
from engines.synth.synth_engine import plain
from tests.live.conftest import private_server
from tests.live.rig import (
    NO_ENGINES,
    cycles,
    delay_error,
    head,
    level,
    make_fake_daw,
    midi_clock,
    note_ons,
    sidecar_on,
)
from tests.live.test_band_sound import BAND, SECONDS, START, TEMPO, song
from tests.live.test_declared import declared_by_port, output_latencies
from tests.runtime.toy_inserts import DELAY, FOLDER, GAIN
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
RATE, IMPULSES, LENGTH = 48000, (5000, 5048, 20_011, 40_777), 2 * 48000
SHARES = {"drums": 0.5, "bass": 0.25, "vocals": 0.25, "other": 0.0}
"""Share of the mix in each stem, as the toy engine makes them."""
LEVEL = 0.5
"""Of what is played all the time; loud toys would crash above 0.9."""
TURNS = 10
"""Kills, and changes of the chain."""
LONG_S = 400
"""More than all turns take on a busy machine; one row of it is 77 MB."""
STEP = 1.6 / 64
"""The most that the gain changes from one frame to the next in a fade of 64 frames, a raised cosine; a click is 1."""
PORTS = Ports(play=("out",), record=("return",))


@pytest.fixture(scope="module", autouse=True)
def toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An engine and inserts of a few lines, registered for this process and its workers."""
    folder = tmp_path_factory.mktemp("toys")
    metadata = folder / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[sideman.engines]\ntoy.halves = tests.runtime.toys:Halves\n"
        "[sideman.inserts]\ntoys = tests.runtime.toy_inserts:ToyLibrary\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("SIDEMAN_CONFIG_HOME", str(folder / "home"))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(folder)]))
        patch.setattr(supervised_insert, "BACKOFF_S", (0.0,))  # faults are close together here
        patch.setattr(supervised_insert, "MAX_CRASHES", TURNS + 1)
        yield


@contextmanager
def sidecar_with_stems(server: DummyServer) -> Iterator[Sidecar]:
    engines = EngineSettings(separation="toy.halves", mir="", accompaniment="")
    with sidecar_on(server, engines) as running:
        yield running


@pytest.fixture(scope="module")
def sidecar(module_server: DummyServer) -> Iterator[Sidecar]:
    """Without engines, whose stems fall silent where they are late: ``other`` is the input."""
    with sidecar_on(module_server, NO_ENGINES) as running:
        yield running


def read_status(sidecar: Sidecar, point: str) -> InsertStatus:
    return sidecar.signal_path.inserts.statuses[INSERT_POINTS.index(point)]


def read_word(sidecar: Sidecar, point: str, word: int) -> int:
    return observe(sidecar.signal_path.graph.insert_arrays.words[INSERT_POINTS.index(point)], word)


def choose(sidecar: Sidecar, point: str, chain: str) -> None:
    """Choose a chain, and wait until it runs."""
    name = f"inserts.{point}.chain"
    control = next(control for control in sidecar.bus.registry.controls if control.name == name)
    sidecar.bus.set(name, control.choices.index(chain), "test")
    until_runs(sidecar, point, chain)


def until_runs(sidecar: Sidecar, point: str, chain: str) -> None:
    wanted = (chain, "off" if chain == "off" else "running")

    def runs() -> bool:
        status = read_status(sidecar, point)
        return (status.chain, status.state) == wanted

    until(f"{chain} to run at {point}", runs)


def declared(sidecar: Sidecar, port: str) -> int:
    """The declared delay of an output port."""
    return declared_by_port(sidecar)[port][0]


def place_impulses(at: int, gain: float) -> Audio:
    audio = np.zeros((CHANNELS, LENGTH), np.float32)
    audio[:, np.array(IMPULSES) + at] = gain
    return audio


@pytest.mark.parametrize("period", [128, 512])
def test_all_stems_stay_on_one_sample_and_their_ports_say_where(period: int) -> None:
    with private_server(RATE, period) as server, sidecar_with_stems(server) as sidecar:
        dry = declared(sidecar, "mix_1")
        choose(sidecar, "bass", "half")
        without_latency = declared(sidecar, "mix_1")
        choose(sidecar, "drums", "late")
        at = declared(sidecar, "mix_1")
        assert at - DELAY == without_latency > dry
        assert {declared(sidecar, f"{stem}_1") for stem in STEMS} == {at}
        with make_fake_daw(sidecar, place_impulses(0, 0.8), LENGTH) as daw:
            until(
                "the ports' new delay", lambda: output_latencies(sidecar).items() >= declared_by_port(sidecar).items()
            )
            daw.run_freewheeling(HANG_S)
        gains = SHARES | {stem: SHARES[stem] * float(GAIN) for stem in ("drums", "bass")}
        for stem, gain in gains.items():
            assert np.allclose(daw.read_audio(stem), place_impulses(at, 0.8 * gain), atol=1e-6), stem
        assert delay_error(daw, place_impulses(0, 0.8 * sum(gains.values())), at) < 1e-6
        assert find_disagreements(sidecar.signal_path.graph, measure(sidecar, freewheel=True)) == []

        choose(sidecar, "mix", "late")
        assert declared(sidecar, "drums_1") == at < declared(sidecar, "mix_1")
        assert find_disagreements(sidecar.signal_path.graph, measure(sidecar, freewheel=True)) == []
        for point in ("bass", "drums", "mix"):
            choose(sidecar, point, "off")
        until("the delay without inserts", lambda: declared(sidecar, "mix_1") == dry)


@pytest.mark.parametrize("period", [128, 1024])
def test_the_band_stays_at_the_frames_of_its_notes_with_a_chain(period: int) -> None:
    with private_server(RATE, period) as server, sidecar_on(server, BAND) as sidecar:
        choose(sidecar, "band", "late")
        assert sidecar.signal_path.graph.ledger["band"].insert > DELAY
        assert declared(sidecar, "band_1") == declared(sidecar, "accompaniment") == 0
        clock = midi_clock(RATE, TEMPO, SECONDS, START)
        with make_fake_daw(sidecar, song(), START + int(SECONDS * RATE), clock) as daw:
            daw.run_freewheeling(HANG_S)
        assert find_disagreements(sidecar.signal_path.graph, measure(sidecar, freewheel=True)) == []
    notes = daw.read_midi("accompaniment")
    assert len(note_ons(notes)) > 10
    wanted = float(GAIN) * render(notes, daw.frames, RATE, plain)
    assert level(wanted) > 0.003 * float(GAIN)
    assert np.abs(daw.read_audio("band") - wanted).max() < 1e-4


@contextmanager
def play_steadily(sidecar: Sidecar, port: str) -> Iterator[JackRecorder]:
    """A client that plays LEVEL all the time, and records one port of the sidecar in real time."""
    client = JackRecorder("steady", sidecar.settings.jack.server, LONG_S * RATE, PORTS)
    client.load(np.full((1, LONG_S * RATE), LEVEL, np.float32), [])
    with client:
        client.connect({"out": "sideman:in_1", "return": f"sideman:{port}"})
        start_together(client)
        yield client


def read_gain(client: JackRecorder) -> Audio:
    """What came back over what was played, shape (frames,)."""
    return client.recorded[0, : max(client.position, 0)] / np.float32(LEVEL)


def until_gain(client: JackRecorder, gain: float) -> None:
    """Wait until the last 1024 frames that came back have ``gain``."""

    def holds() -> bool:
        last = read_gain(client)[-1024:]
        return last.size == 1024 and np.allclose(last, gain, atol=1e-5)

    until(f"a gain of {gain}", holds)


def assert_no_click(gain: Audio) -> None:
    steps = np.abs(np.diff(gain))
    at = int(steps.argmax())
    assert steps[at] <= STEP, f"a step of {steps[at]:.3f} at frame {at}: {gain[at - 3 : at + 4]}"


def test_a_worker_killed_at_any_block_costs_its_effect_alone_and_is_back(sidecar: Sidecar) -> None:
    choose(sidecar, "other", "late")
    rng = np.random.default_rng(5)
    with play_steadily(sidecar, "other_1") as client:
        until_gain(client, float(GAIN))
        first, served = client.position, cycles(sidecar)
        skipped = sidecar.signal_path.telemetry.counters.skipped
        for _ in range(TURNS):
            late, pid = read_word(sidecar, "other", w.INSERT_LATE), read_status(sidecar, "other").pid
            at = head(sidecar) + int(rng.integers(1, 4000))
            until("any block", lambda: head(sidecar) >= at)  # noqa: B023
            os.kill(pid, signal.SIGKILL)
            until("the dry signal", lambda: read_word(sidecar, "other", w.INSERT_LATE) > late)  # noqa: B023
            until("another worker", lambda: read_status(sidecar, "other").pid not in (0, pid))  # noqa: B023
            until_runs(sidecar, "other", "late")
            until_gain(client, float(GAIN))
        gain = read_gain(client)[first:]
        assert cycles(sidecar) > served
        assert_no_click(gain)
        assert gain.max() == pytest.approx(1.0, abs=1e-5)  # the dry signal was played
        if sidecar.signal_path.telemetry.counters.skipped == skipped:  # else what JACK left out is faded
            assert gain.min() == pytest.approx(GAIN, abs=1e-5)


def test_a_chain_made_while_music_plays_is_chosen_at_once_and_plays_on_when_its_file_is_gone(sidecar: Sidecar) -> None:
    file = user_dir(FOLDER) / "mine"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    sidecar.bus.set("inserts.other.chain", "mine", "test")
    until_runs(sidecar, "other", "mine")
    before = read_status(sidecar, "other")
    sidecar.bus.trigger("inserts.reload", "other")
    until("another worker", lambda: read_status(sidecar, "other").pid not in (0, before.pid))
    until_runs(sidecar, "other", "mine")

    status = read_status(sidecar, "other")
    file.unlink()
    until(
        "the choice to go",
        lambda: "mine" not in sidecar.bus.registry.get_control("inserts.mix.chain").available_choices,
    )
    gone = f"{file} is gone; put the file back"
    with pytest.raises(ControlError, match=gone):
        sidecar.bus.set("inserts.drums.chain", "mine", "test")
    with pytest.raises(ControlError, match=gone):
        sidecar.bus.trigger("inserts.reload", "other")
    with play_steadily(sidecar, "other_1") as client:
        until_gain(client, float(GAIN))
    assert read_status(sidecar, "other") == status, "it plays on"
    choose(sidecar, "other", "off")


def test_a_chain_is_changed_again_and_again_without_a_click(sidecar: Sidecar) -> None:
    choose(sidecar, "other", "half")
    with play_steadily(sidecar, "other_1") as client:
        until_gain(client, float(GAIN))
        first = client.position
        for turn in range(TURNS):
            chain = ("late", "half", "off")[turn % 3]  # another delay each time
            choose(sidecar, "other", chain)
            until_gain(client, 1.0 if chain == "off" else float(GAIN))
        assert_no_click(read_gain(client)[first:])

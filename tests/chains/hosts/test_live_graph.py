"""Tests of live graphs: they give what an offline render gives, later by their latency, or say why not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile
from msgspec.structs import replace

from chains.document.chain import AuxBus, Branch, Chain, Member, ParameterValue
from tests.chains.hosts.live_child import BLOCKS, CHANGE, IMPULSE_AT
from tests.chains.hosts.test_alignment import make_fixture, make_limiter, make_maximizer
from tests.chains.plugins import FixturePlugin, InstalledPlugin

EFFECTS = (
    Member(effect="HighpassFilter", parameters={"cutoff_frequency_hz": 120.0}),
    Member(effect="Compressor", parameters={"threshold_db": -20.0, "ratio": 4.0}),
    Member(effect="Reverb", parameters={"room_size": 0.7}),
    Member(effect="Limiter", parameters={"threshold_db": -6.0}),
)
SEND = Member(effect="Gain", parameters={"gain_db": -1.0}, sends={"room": -6.0, "late": 0.0})
BUSES = (
    AuxBus("room", (Member(effect="Delay", parameters={"delay_seconds": 0.01, "mix": 1.0}),), -3.0),
    AuxBus("late", (make_limiter("bus limiter"),)),
)
SPLIT = Member(
    name="split",
    branches=(Branch(), Branch((make_limiter(),), -6.0), Branch((Member(effect="Distortion"),), -12.0)),
)
LATE_BUS = Chain(members=(replace(SEND, sends={"late": 0.0}),), buses=BUSES[1:])
TWO_SENDS = Chain(
    members=(replace(SEND, sends={"both": 0.0}), replace(make_limiter(), sends={"both": 0.0})),
    buses=(AuxBus("both", (Member(effect="Invert"),)),),
)
"""One bus gets the signal from before and from behind a limiter."""
CHAINS = {
    "late bus": LATE_BUS,
    "two sends": TWO_SENDS,
    "effects": Chain(members=EFFECTS),
    "nothing": Chain(),
    "branches": Chain(members=(SPLIT,)),
    "buses": Chain(members=(SEND, make_limiter()), buses=BUSES),
    "convolution": Chain(members=(Member(effect="Convolution", parameters={"impulse_response": "room.wav"}),)),
}
PLUGINS = ("plugins", "plugin branches", "mono")
REFUSED = {
    "pitch": (Member(effect="PitchShift"), "PitchShift"),
    "mp3": (Member(effect="MP3Compressor"), "MP3Compressor"),
    "faust": (Member(name="code", faust="process = _, _;"), "code: Faust"),
    "vst2": (Member(plugin="ZamCompX2", format="vst2"), "VST2"),
    "lv2": (Member(plugin="ZamCompX2", format="lv2", id="urn:zamaudio:ZamCompX2"), "LV2"),
    "tempo": (Member(plugin="ZamDelay", format="vst3", follows_tempo=True), "tempo"),
    "sidechain": (Member(plugin="ZamCompX2", format="vst3", sidechain="drums"), "sidechain"),
    "automation": (Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (4.0, -6.0))}), "automation"),
    "long": (Member(effect="BrickwallLimiter", parameters={"lookahead_ms": 100.0}), "limiter of 100 ms"),
}


@pytest.fixture(scope="session")
def measured(
    tmp_path_factory: pytest.TempPathFactory, fixture_plugin: FixturePlugin, installed_plugin: InstalledPlugin
) -> dict[str, Any]:
    """What the child measured, by case; it plays all of them in one process."""
    installed_plugin("ZaMaximX2", "vst3")
    folder = tmp_path_factory.mktemp("live")
    decay = np.exp(-np.arange(4800) / 700.0) * np.random.default_rng(3).standard_normal(4800) * 0.005
    soundfile.write(folder / "room.wav", decay.astype(np.float32), 48_000, subtype="FLOAT")
    late = make_fixture(fixture_plugin("latency"), "latency")
    compressor = Member(plugin="ZamCompX2", format="vst3", parameters={"Threshold": -20.0, "Ratio": 10.0})
    split = Member(name="split", branches=(Branch(), Branch((late,)), Branch((make_maximizer(),))))
    late_parameter = make_fixture(fixture_plugin("latparam"), "latparam")
    change = Member(name="split", branches=(Branch(), Branch((make_limiter(),)), Branch((late_parameter,))))
    cases = [
        *CHAINS.items(),
        ("plugins", Chain(members=(compressor, make_maximizer()))),
        ("plugin branches", Chain(members=(split,))),
        ("mono", Chain(members=(Member(plugin="ZamComp", format="vst3", parameters={"Threshold": -20.0}),))),
        (CHANGE, Chain(members=(change,))),
        ("nan", Chain(members=(make_fixture(fixture_plugin("nan"), "nan"), Member(effect="Reverb")))),
        *((name, Chain(members=(member,))) for name, (member, _) in REFUSED.items() if name != "long"),
        ("long", Chain(members=tuple(make_long(number) for number in range(2)))),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "tests.chains.hosts.live_child", str(folder)],
        input=msgspec.json.encode(cases),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    found: dict[str, Any] = msgspec.json.decode(run.stdout.splitlines()[-1])
    return found


def make_long(number: int) -> Member:
    """A limiter with a latency of 4,800 frames: two are too many."""
    parameters: dict[str, ParameterValue] = {"lookahead_ms": 100.0, "ceiling_db": 0.0}
    return Member(name=f"limiter of 100 ms {number}", effect="BrickwallLimiter", parameters=parameters)


@pytest.mark.parametrize("block_frames", BLOCKS)
@pytest.mark.parametrize("name", [*CHAINS, *PLUGINS])
def test_live_is_offline_later_by_the_latency(measured: dict[str, Any], name: str, block_frames: int) -> None:
    found = measured[name][str(block_frames)]
    assert found["difference_db"] <= (-150.0 if name == "convolution" else -240.0)
    assert found["again_db"] <= -240.0, "behind a reset it is the same again"
    assert found["bad_frames"] == 0


@pytest.mark.parametrize("block_frames", BLOCKS)
@pytest.mark.parametrize(
    ("name", "latency"),
    [("branches", 240), ("buses", 240), ("late bus", 240), ("two sends", 240), ("plugin branches", 480)],
)
def test_live_branches_and_buses_are_on_one_sample(
    measured: dict[str, Any], name: str, latency: int, block_frames: int
) -> None:
    found = measured[name][str(block_frames)]
    assert found["latency"] == latency
    peaks = found["peaks"]
    assert peaks[0] == IMPULSE_AT + latency
    if name == "buses":  # the echo of the room, whose delay in Pedalboard is a frame short
        assert peaks[1:] == [IMPULSE_AT + latency + 479]
    else:
        assert len(peaks) == 1


def test_a_latency_that_changes_while_it_plays_is_followed(measured: dict[str, Any]) -> None:
    found = measured[CHANGE]
    assert found["latencies"] == [240, 240]
    assert found["peaks"] == [[IMPULSE_AT + 240], [IMPULSE_AT + 240]]


@pytest.mark.parametrize("block_frames", BLOCKS)
def test_what_is_not_finite_is_counted_and_goes_no_further(measured: dict[str, Any], block_frames: int) -> None:
    assert measured["nan"][str(block_frames)]["bad_frames"] > 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_run_live_is_refused_with_the_reason_and_the_way_out(measured: dict[str, Any], name: str) -> None:
    error = measured[name]["error"]
    reason = REFUSED[name][1] if name != "long" else "latency of 9600 frames"
    assert reason in error
    assert "render" in error


def test_pedalboard_still_has_the_step_of_its_constructor_that_is_left_out(measured: dict[str, Any]) -> None:
    message = "pedalboard loads plugins in another way: see chains/hosts/pedalboard_loading.py"
    assert measured["has_probe"], message

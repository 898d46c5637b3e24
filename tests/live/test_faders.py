"""Faders: mute, solo and gain in the audio: at once, complete, and without a click."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.app import Sidecar
from bridge.core.audio import CHANNELS, STEMS, Audio, db_to_gain
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from tests.live.rig import (
    NO_ENGINES,
    ONLY_SEPARATION,
    head,
    make_fake_daw,
    music,
    recorded,
    sidecar_on,
    some_cycles,
    stream_frame_of_tape,
    sum_error,
)
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE, PERIOD = 48000, 128
RAMP = 240  # 5 ms
STEP = 1e-3  # -60 dB: the most that a ramp's slope may change from one frame to the next
LENGTH = 20 * RATE
LEVEL = 0.5


@pytest.fixture(scope="module")
def bare(module_server: DummyServer) -> Iterator[Sidecar]:
    """No engines: the last stem is all of the input."""
    with sidecar_on(module_server, NO_ENGINES) as running:
        yield running


@pytest.fixture(autouse=True)
def faders_at_rest(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in ("bare", "separated"):
        if name in request.fixturenames:
            sidecar: Sidecar = request.getfixturevalue(name)
            for control in sidecar.bus.registry.controls:
                if control.name.startswith("stems."):
                    sidecar.bus.set(control.name, control.default, "test")
            some_cycles(sidecar)


def turn(sidecar: Sidecar, sent: Audio, *changes: tuple[str, float]) -> tuple[FakeDaw, list[tuple[int, int]]]:
    """Run ``sent`` in freewheel, turning one control after another on the way.

    Returns the fake DAW, and for each change the recording frames between which it was asked for.
    """
    asked: list[tuple[int, int]] = []
    with make_fake_daw(sidecar, sent, sent.shape[1]) as daw:
        daw.start(margin_frames=RATE // 4)
        offset = stream_frame_of_tape(sidecar, daw)
        daw.player.client.set_freewheel(True)
        try:
            for name, value in changes:
                since = recorded(daw) + RATE
                until("another second", lambda: recorded(daw) > since)  # noqa: B023
                before = head(sidecar)
                sidecar.bus.set(name, value, "test")
                asked.append((before - offset, head(sidecar) - offset))
            daw.wait(HANG_S)
        finally:
            daw.player.client.set_freewheel(False)
    assert asked[-1][1] < LENGTH - RATE, "the recording was too short for the changes"
    return daw, asked


def dc() -> Audio:
    return np.full((CHANNELS, LENGTH), LEVEL, np.float32)


def gain_course(daw: FakeDaw) -> NDArray[np.float64]:
    """The mix over what was sent: the fader's course."""
    course: NDArray[np.float64] = daw.read_audio("mix")[0].astype(np.float64) / LEVEL
    return course


def assert_one_ramp(course: NDArray[np.float64], asked: tuple[int, int], before: float, after: float) -> None:
    """``course`` goes from one value to the other once, in time, and without a step."""
    moving = np.flatnonzero((np.abs(course - before) > 1e-6) & (np.abs(course - after) > 1e-6))
    first, last = int(moving[0]), int(moving[-1])
    assert last - first < RAMP
    assert asked[0] - PERIOD <= first
    assert last <= asked[1] + 2 * PERIOD + RAMP  # the cycle that ran meanwhile, the next one, and the ramp
    assert np.abs(np.diff(course[first - 10 : last + 10], 2)).max() < STEP
    assert np.allclose(course[first - RATE // 4 : first], before, atol=1e-6)
    assert np.allclose(course[last + 1 : last + RATE // 4], after, atol=1e-6)


@pytest.mark.parametrize(
    ("control", "value", "after"),
    [
        ("stems.other.mute", 1.0, 0.0),
        ("stems.drums.solo", 1.0, 0.0),
        ("stems.other.gain_db", -12.0, db_to_gain(-12.0)),
        ("stems.other.gain_db", 6.0, db_to_gain(6.0)),
        ("stems.other.gain_db", -60.0, 0.0),
    ],
)
def test_a_fader_is_audible_within_a_period_and_its_ramp(
    bare: Sidecar, control: str, value: float, after: float
) -> None:
    daw, asked = turn(bare, dc(), (control, value))
    assert_one_ramp(gain_course(daw), asked[0], 1.0, after)


def test_a_mute_is_exact_and_lifts_again(bare: Sidecar) -> None:
    daw, asked = turn(bare, dc(), ("stems.other.mute", 1.0), ("stems.other.mute", 0.0))
    course = gain_course(daw)
    between = course[asked[0][1] + 2 * PERIOD + RAMP : asked[1][0] - PERIOD]
    assert between.size > 0
    assert not between.any()
    assert course[-1] == 1.0


def test_a_muted_stem_leaves_the_mix_and_its_port(module_server: DummyServer) -> None:
    with sidecar_on(module_server, ONLY_SEPARATION, "separated") as sidecar:
        sent = music(RATE, LENGTH / RATE)
        delay = sidecar.signal_path.graph.ledger["mix"].declared
        daw, asked = turn(sidecar, sent, ("stems.bass.mute", 1.0))
        assert sum_error(daw) <= 1e-6  # the faders of ports and mix are the same
        settled = asked[0][1] + 2 * PERIOD + RAMP
        assert not daw.read_audio("bass")[:, settled:].any()
        assert daw.read_audio("bass")[:, delay : asked[0][0] - PERIOD].any()
        rest = np.sum([daw.read_audio(stem) for stem in STEMS if stem != "bass"], axis=0)
        assert np.abs(rest - daw.read_audio("mix"))[:, settled:].max() <= 1e-6
        removed = sent[:, settled - delay : LENGTH - delay] - daw.read_audio("mix")[:, settled:]
        assert np.abs(removed).max() > 0.01


def test_direct_ports_stay_whole_while_the_mix_follows_the_faders(module_server: DummyServer) -> None:
    with sidecar_on(module_server, ONLY_SEPARATION, "separated") as sidecar:
        sidecar.bus.set("stems.direct", 1.0, "test")
        some_cycles(sidecar)
        sent = music(RATE, LENGTH / RATE)
        delay = sidecar.signal_path.graph.ledger["mix"].declared
        daw, asked = turn(sidecar, sent, ("stems.other.mute", 1.0))
        total = np.sum([daw.read_audio(stem).astype(np.float64) for stem in STEMS], axis=0)
        assert np.abs(total[:, delay:] - sent[:, : LENGTH - delay]).max() <= 1e-6
        settled = asked[0][1] + 2 * PERIOD + RAMP
        audio = np.sum([daw.read_audio(stem).astype(np.float64) for stem in STEMS if stem != "other"], axis=0)
        assert np.abs(audio - daw.read_audio("mix"))[:, settled:].max() <= 1e-6

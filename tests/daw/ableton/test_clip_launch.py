"""Clip launch against the model of AbletonOSC, in virtual time."""

from __future__ import annotations

import pytest

from bridge.daw.ableton.clip_launch import ClipLaunch, launch_clip
from bridge.daw.ableton.clip_target import ClipTarget
from bridge.daw.ableton.live_protocol import LiveError
from tests.daw.ableton.live_model import ModelClip
from tests.daw.ableton.virtual_live import VirtualLive

TARGET = ClipTarget(0, 0)


def make_live(share: float = 0.0, seed: int = 1, rolling: bool = True) -> VirtualLive:
    live = VirtualLive(share, seed)
    live.model.tracks[0].slots[0] = ModelClip(16.0)
    live.pass_time(0.2)
    live.model.song["is_playing"] = rolling
    live.pass_time(0.33 * seed)
    return live


def launch(live: VirtualLive, origin: float | None = None) -> ClipLaunch:
    return live.run(launch_clip(live.client, TARGET, origin))


@pytest.mark.parametrize("numerator", [3, 4, 7])
@pytest.mark.parametrize("origin", [0.0, 5.0, 21.0])
def test_a_clip_starts_on_a_bar_and_in_phase_with_the_song(origin: float, numerator: int) -> None:
    live = make_live()
    live.model.song["signature_numerator"] = numerator
    result = launch(live, origin)
    clip = live.model.get_clip(0, 0)
    assert result.beat % numerator == 0
    assert clip.launched_beat == result.beat
    assert live.model.find_position(clip) == pytest.approx((live.model.beat - origin) % 16.0, abs=1e-4)
    assert abs(result.offset_beats) < 0.05


@pytest.mark.parametrize("seed", range(12))
def test_it_does_so_through_a_network_with_faults(seed: int) -> None:
    live = make_live(0.05, seed)
    launch(live, 3.0)
    clip = live.model.get_clip(0, 0)
    assert live.model.find_position(clip) == pytest.approx((live.model.beat - 3.0) % 16.0, abs=1e-4)


def test_a_clip_that_started_a_bar_late_is_started_again_in_phase() -> None:
    live = make_live()
    live.model.late_bars = 1
    result = launch(live, 0.0)
    assert result.tries == 2
    clip = live.model.get_clip(0, 0)
    assert live.model.find_position(clip) == pytest.approx(live.model.beat % 16.0, abs=1e-4)


def test_without_an_origin_the_clip_starts_from_its_start_marker() -> None:
    live = make_live()
    live.model.get_clip(0, 0).values["start_marker"] = 2.0
    result = launch(live)
    assert live.model.find_position(live.model.get_clip(0, 0)) == pytest.approx(
        (2.0 + live.model.beat - result.beat) % 16.0, abs=1e-4
    )


def test_another_quantization_of_the_users_is_restored() -> None:
    live = make_live()
    live.model.song["clip_trigger_quantization"] = 0
    result = launch(live, 0.0)
    assert result.beat % 4 == 0
    assert live.model.song["clip_trigger_quantization"] == 0


def test_a_live_that_stands_starts_with_the_clip() -> None:
    live = make_live(rolling=False)
    assert launch(live, 8.0) == ClipLaunch(TARGET, 0.0, 0.0, 1)
    assert live.model.song["is_playing"]


def test_an_empty_slot_is_refused() -> None:
    live = make_live()
    live.model.tracks[0].slots[0] = None
    with pytest.raises(LiveError, match="slot 1 of track 1 is empty"):
        launch(live)


def test_a_clip_that_never_starts_is_reported_and_the_quantization_restored() -> None:
    live = make_live()
    live.model.song["clip_trigger_quantization"] = 7

    def end(_now_s: float) -> None:
        live.model.get_clip(0, 0).fired_for = None

    live.on_step.append(end)
    with pytest.raises(LiveError, match="did not start slot 1 of track 1 on a bar"):
        launch(live, 0.0)
    assert live.model.song["clip_trigger_quantization"] == 7

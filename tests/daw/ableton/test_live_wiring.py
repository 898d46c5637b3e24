"""Live wiring against the model of AbletonOSC, in virtual time; this Live speaks no English."""

from __future__ import annotations

import pytest

from bridge.daw.ableton.live_protocol import LiveError
from bridge.daw.ableton.live_wiring import SOUNDS, WiringPlan, find_pair, find_port, wire_live
from tests.daw.ableton.live_model import LiveModel, ModelTrack
from tests.daw.ableton.virtual_live import VirtualLive

PORTS = ("IAC-Treiber (Bus 1)", "Midi-Bridge:sideman:[1] accompaniment", "sideman accompaniment (2)")


def make_live(share: float = 0.0, seed: int = 1) -> VirtualLive:
    return VirtualLive(share, seed, LiveModel(external="Ext. Eingang", midi_ports=PORTS))


def assert_wired(live: VirtualLive) -> None:
    tracks = {track.name: track for track in live.model.tracks}
    for index, sound in enumerate(SOUNDS):
        track = tracks[f"Sideman {sound}"]
        found = (track.input_type, track.input_channel, track.monitoring)
        assert found == ("Ext. Eingang", f"{2 * index + 1}/{2 * index + 2}", 0)
    assert tracks["Sideman notes"].input_type == "sideman accompaniment (2)"
    assert live.model.tracks[2] == ModelTrack("Gesang", midi=False)


def test_tracks_are_made_and_wired_by_the_names_that_live_lists() -> None:
    live = make_live()
    steps = live.run(wire_live(WiringPlan(1, "accompaniment sideman")))
    assert_wired(live)
    assert len(live.model.tracks) == 3 + len(SOUNDS) + 1
    assert [step.value for step in steps if step.track == "Sideman bass"] == ["Ext. Eingang", "3/4"]
    english = {"Ext. In", "All Ins", "Pre FX"}
    sent = {arg for address, args in live.model.received if "/set/" in address for arg in args}
    assert not sent & english


def test_a_second_time_nothing_is_made_anew() -> None:
    live = make_live()
    for _ in range(2):
        live.run(wire_live(WiringPlan(1, "accompaniment")))
    assert len(live.model.tracks) == 3 + len(SOUNDS) + 1


@pytest.mark.parametrize("seed", range(6))
def test_it_is_wired_through_a_network_with_faults(seed: int) -> None:
    live = make_live(0.05, seed)
    live.run(wire_live(WiringPlan(1, "accompaniment")))
    assert_wired(live)


def test_a_first_input_that_live_has_not_is_named() -> None:
    live = make_live()
    with pytest.raises(LiveError, match="Live lists no input 31/32 for Sideman drums"):
        live.run(wire_live(WiringPlan(31)))


def test_a_midi_port_that_live_has_not_is_named_with_those_that_it_has() -> None:
    live = make_live()
    with pytest.raises(LiveError, match=r"no MIDI input with the words 'loopMIDI'.*IAC-Treiber"):
        live.run(wire_live(WiringPlan(1, "loopMIDI")))


def test_a_track_that_was_routed_elsewhere_is_routed_to_the_inputs() -> None:
    live = make_live()
    live.model.tracks.append(ModelTrack("Sideman vocals", midi=False, input_type="Resampling"))
    live.run(wire_live(WiringPlan(1, "accompaniment")))
    assert_wired(live)


@pytest.mark.parametrize(
    ("names", "found"),
    [(("1", "2", "1/2", "3/4"), "3/4"), (("3", "4", "Eingang 3/4"), "Eingang 3/4"), (("13/14",), ""), ((), "")],
)
def test_a_pair_is_found_by_its_numbers(names: tuple[str, ...], found: str) -> None:
    assert find_pair(names, 3) == found


def test_a_port_is_found_by_words_in_any_order_and_never_by_none() -> None:
    assert find_port(PORTS, "ACCOMPANIMENT Sideman") == "sideman accompaniment (2)"
    assert find_port(("Midi-Bridge:sideman:[1] accompaniment",), "sideman accompaniment") != ""
    assert find_port(PORTS, "accomp") == ""
    assert find_port(PORTS, "") == ""

"""Link's clock source beside a real peer in another process, on a network of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.link_peer import run_alone
from bridge.clocks.link_session import LinkSession
from bridge.clocks.link_source import LinkSource
from bridge.control import link_controls
from bridge.control.bus import Bus
from bridge.control.clock_controls import make_clock_controls
from bridge.control.link_controls import LINK_MODULE, LINK_ON, LINK_START_STOP
from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.clock import CLOCK_SOURCE
from bridge.doctor.link_checks import check_link
from bridge.errors import BridgeError, ControlError, DriverError
from tests.clocks.link_process import DRIFT_PPM, LARGEST_ERROR_PPM, PEER_BPM


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the process saw."""
    pytest.importorskip(LINK_MODULE, reason="not installed: LinkPython-extern (pip install 'sideman[link]')")
    answer = tmp_path_factory.mktemp("link") / "seen.json"
    code = run_alone("tests.clocks.link_process", [str(answer)])
    if code is None:
        pytest.skip("a network of its own needs Linux, the package iproute2 and the right to `unshare -rn`")
    assert code == 0
    found: dict[str, Any] = json.loads(Path(answer).read_text(encoding="utf-8"))
    return found


def test_joining_takes_the_session_s_tempo_and_changes_nobody_s(seen: dict[str, Any]) -> None:
    assert seen["off"] is False
    assert seen["peer_tempo"] == pytest.approx(PEER_BPM, abs=0.001)
    assert seen["joined_tempo"] == pytest.approx(PEER_BPM, abs=0.001)
    assert seen["control"] == pytest.approx(PEER_BPM, abs=0.001)


def test_beats_fall_on_the_frames_where_the_peer_has_them_though_the_audio_drifts(seen: dict[str, Any]) -> None:
    assert (seen["rolls"], seen["lock"]) == (True, "locked")
    assert seen["drift"] == pytest.approx(DRIFT_PPM, abs=LARGEST_ERROR_PPM)
    assert max(abs(error) for error in seen["phases"]) < 0.2
    assert seen["offset_phase"] == pytest.approx(25.0, abs=0.2)


def test_a_tempo_of_others_is_followed_without_a_jump_and_ours_goes_to_them(seen: dict[str, Any]) -> None:
    assert seen["followed"] == pytest.approx(111.0, abs=0.01)
    assert seen["followed_control"] == pytest.approx(111.0, abs=0.01)
    assert seen["tempo_jumps"] == 0
    assert abs(seen["tempo_phase"]) < 0.5
    assert seen["sent"] == pytest.approx(128.0, abs=0.01)


def test_start_and_stop_are_shared_where_that_is_wanted(seen: dict[str, Any]) -> None:
    assert seen["stands"] is True
    assert 0.0 <= seen["start_beat"] < 1.0
    assert seen["peer_plays"] is False


def test_leaving_and_joining_again_changes_nobody_s_tempo(seen: dict[str, Any]) -> None:
    assert (seen["left"], seen["peers"]) == (False, 0)
    assert seen["selected"] is True
    assert seen["selected_tempo"] == pytest.approx(128.0, abs=0.01)


def test_jack_s_bars_are_link_s_while_link_leads_and_we_are_the_timebase_master(seen: dict[str, Any]) -> None:
    assert seen["leader"] == "link"
    assert seen["bars_tempo"] == pytest.approx(128.0, abs=0.01)
    assert abs(seen["bars_phase"]) < 0.5


def test_what_cannot_be_asked_of_link_says_which_control_is_to_be_set() -> None:
    source = LinkSource(Bus(make_sidecar_registry({})), lambda: None)
    for ask in (source.start, source.stop):
        with pytest.raises(ControlError, match=LINK_ON):
            ask(0)
    with pytest.raises(ControlError, match=LINK_ON):
        source.set_tempo(120.0, 0)
    assert LINK_START_STOP in {control.name for control in link_controls.make_link_controls()}


def test_without_the_extra_the_controls_and_the_session_say_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_controls, "find_spec", lambda _: None)
    registry = Registry()
    registry.add([*make_clock_controls(), *link_controls.make_link_controls()], "test")
    bus = Bus(registry)
    for name, word in ((LINK_ON, "on"), (CLOCK_SOURCE, "link")):
        with pytest.raises(BridgeError, match=r"pip install 'sideman\[link\]'"):
            bus.set(name, word, "test")
        bus.set(name, 0, "test")
    monkeypatch.setattr("bridge.clocks.link_session.find_spec", lambda _: None)
    with pytest.raises(DriverError, match="pip install"), LinkSession(120.0):
        pass


def test_doctor_says_how_to_install_the_extra_and_warns_of_nothing() -> None:
    found = check_link("no_such_module")
    assert found.state == "ok"
    assert "pip install 'sideman[link]'" in found.fix

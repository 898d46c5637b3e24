"""The JACK server dies, comes back, runs at another rate, or dies while it freewheels."""

from __future__ import annotations

import pytest

from bridge.app import Sidecar
from bridge.core.audio import CHANNELS
from bridge.core.events import Midi, TimedEvent
from bridge.core.latency import MIDI_PORTS
from bridge.drivers import cancel_safe, jack_driver
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import AUDIO_RETURNS
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together
from bridge.measure import find_disagreements, measure
from bridge.runtime.shared import slots as w
from tests.live.conftest import private_server
from tests.live.daw_process import play_through
from tests.live.rig import (
    ONLY_SEPARATION,
    SUM_ERROR,
    ask_server,
    cycles,
    get_driver,
    make_fake_daw,
    music,
    sidecar_on,
    some_cycles,
)
from tests.waiting import until

pytestmark = pytest.mark.live

RATE = 48000
DEATHS = 10
LINKS = CHANNELS + 1 + len(AUDIO_RETURNS) + len(MIDI_PORTS)
"""Links of a fake DAW: audio and MIDI to the sidecar and back."""


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver looks after its server more often than a user needs, so that ten deaths pass quickly."""
    monkeypatch.setattr(jack_driver, "CHECK_S", 0.05)
    monkeypatch.setattr(jack_driver, "RETRY_S", 0.1)


def die_and_return(server: DummyServer, sidecar: Sidecar, rate: int | None = None) -> None:
    """SIGKILL, a new server under the same name, and the sidecar on it again, serving."""
    driver, before = get_driver(sidecar), get_driver(sidecar).reconnections
    server.kill()
    until("noticing", lambda: not driver.is_connected)
    server.restart(rate=rate)
    if rate is None:
        until("coming back", lambda: driver.reconnections == before + 1 and driver.is_connected)
        some_cycles(sidecar)


def bare_return(sidecar: Sidecar) -> JackRecorder:
    """The recording half of a fake DAW, under its name, connected to nothing."""
    ports = Ports(record=AUDIO_RETURNS, midi_record=MIDI_PORTS)
    return JackRecorder("sideman-daw-return", sidecar.settings.jack.server, RATE, ports)


def test_the_sidecar_outlives_ten_deaths_of_the_server() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server) as sidecar:
        workers = dict(sidecar.signal_path.workers.pids)
        ports = {port.name for port in get_driver(sidecar).client.get_ports("sideman:")}
        for death in range(DEATHS):
            die_and_return(server, sidecar)
            assert {port.name for port in get_driver(sidecar).client.get_ports("sideman:")} == ports
            result = play_through(server, "sideman")
            assert result["sum_error"] <= SUM_ERROR
            assert result["peak"] > 0.0, f"silence after death {death + 1}"
        assert get_driver(sidecar).reconnections == DEATHS
        assert sidecar.signal_path.workers.pids == workers
        assert sidecar.signal_path.workers.restarts == 0


def test_a_peer_that_comes_back_is_patched_again_by_the_sidecar() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        with make_fake_daw(sidecar, music(RATE, 0.1), RATE):
            until("the links", lambda: len(get_driver(sidecar).patchbay.wanted.links) == LINKS)
            wanted = set(get_driver(sidecar).patchbay.wanted.links)
        die_and_return(server, sidecar)
        with bare_return(sidecar):
            returns = {link for link in wanted if link[1].startswith("sideman-daw-return:")}
            until("the patch", lambda: get_driver(sidecar).patchbay.view.own_links == returns)


def test_a_link_that_the_user_undid_stays_undone() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        with make_fake_daw(sidecar, music(RATE, 0.1), RATE):
            patchbay = get_driver(sidecar).patchbay
            until("the links", lambda: ("sideman:mix_1", "sideman-daw-return:mix_1") in patchbay.wanted.links)
            driver = get_driver(sidecar)
            ask_server(driver, lambda: driver.client.disconnect("sideman:mix_1", "sideman-daw-return:mix_1"))
            until("forgetting", lambda: ("sideman:mix_1", "sideman-daw-return:mix_1") not in patchbay.wanted.links)
        die_and_return(server, sidecar)
        with bare_return(sidecar):
            until("the patch", lambda: ("sideman:mix_2", "sideman-daw-return:mix_2") in patchbay.view.own_links)
            some_cycles(sidecar)
            assert ("sideman:mix_1", "sideman-daw-return:mix_1") not in patchbay.view.own_links


def rate_change(server: DummyServer, sidecar: Sidecar, rate: int) -> None:
    die_and_return(server, sidecar, rate)
    until("the new signal path", lambda: _serving(sidecar, rate))


def _serving(sidecar: Sidecar, rate: int) -> bool:
    try:
        signal_path = sidecar.signal_path
    except RuntimeError:
        return False  # no signal path at this moment
    return signal_path.graph.plan.rate == rate and signal_path.driver.is_connected and cycles(sidecar) > 2


def test_a_server_that_returns_at_another_rate_finds_the_sidecar_at_that_rate() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server) as sidecar:
        rate_change(server, sidecar, 44100)
        measured = measure(sidecar, freewheel=True)
        assert find_disagreements(sidecar.signal_path.graph, measured) == []
        assert sidecar.signal_path.graph.ledger.rate == 44100


def test_the_patch_outlives_a_change_of_rate() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        with make_fake_daw(sidecar, music(RATE, 0.1), RATE):
            until("the links", lambda: len(get_driver(sidecar).patchbay.wanted.links) == LINKS)
        rate_change(server, sidecar, 44100)
        with bare_return(sidecar):
            until(
                "the patch",
                lambda: len(get_driver(sidecar).patchbay.view.own_links) == len(AUDIO_RETURNS) + len(MIDI_PORTS),
            )


def test_a_server_that_dies_freewheeling_leaves_no_callback_that_waits() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        driver = get_driver(sidecar)
        ask_server(driver, lambda: driver.client.set_freewheel(True))
        until("freewheeling", lambda: sidecar.signal_path.graph.arrays.state[w.FREEWHEEL] == 1)
        die_and_return(server, sidecar)
        assert sidecar.signal_path.graph.arrays.state[w.FREEWHEEL] == 0


def first_bytes(recorder: JackRecorder, port: str) -> set[bytes]:
    """Status and note of every message that came back of ``port``."""
    return {e.payload.data[:2] for e in recorder.read_midi(port) if isinstance(e.payload, Midi)}


def test_a_voice_that_sounded_when_the_server_died_is_released_when_it_is_back() -> None:
    with private_server(RATE, 128) as server, sidecar_on(server) as sidecar:
        note = [TimedEvent(100, Midi(bytes((0x90, 60, 100))))]
        for port in MIDI_PORTS:
            sidecar.bus.set(f"latency.{port}.ping", 1, "test")
        some_cycles(sidecar)
        with make_fake_daw(sidecar, music(RATE, 0.1), 10 * RATE, note) as daw:
            daw.start(margin_frames=4096)
            sounding = sidecar.signal_path.graph.context.sounding
            until("the notes", lambda: bool(sounding.any(axis=1).all()))
            until("the links", lambda: len(get_driver(sidecar).patchbay.wanted.links) == LINKS)
            # libjack keeps one picture of the server for a whole process: our clients leave before it returns
            server.kill()
            until("noticing", lambda: not get_driver(sidecar).is_connected)
        server.restart()
        until("coming back", lambda: get_driver(sidecar).reconnections == 1)
        some_cycles(sidecar)
        with bare_return(sidecar) as back:
            start_together(back)  # rolling before the sidecar patches it, so that nothing slips by
            off = bytes((0x80, 60))
            for port in MIDI_PORTS:
                until("the note-off", lambda: off in first_bytes(back, port))  # noqa: B023
            assert not sounding.any()


def test_no_client_is_left_behind_where_opening_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with private_server(RATE, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        with monkeypatch.context() as patch:
            refused = []

            def refuse(*_: object) -> None:
                refused.append(True)
                raise OSError("no callback today")

            patch.setattr(cancel_safe, "set_callback", refuse)
            server.kill()
            until("noticing", lambda: not get_driver(sidecar).is_connected)
            server.restart()
            until("three failures", lambda: len(refused) >= 3)
        until("coming back", lambda: get_driver(sidecar).is_connected)
        some_cycles(sidecar)
        assert get_driver(sidecar).client.name == "sideman"

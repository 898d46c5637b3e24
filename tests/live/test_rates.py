"""Sample rates: at a rate that one engine refuses its role is off; the other engines play, and it comes back."""

from __future__ import annotations

import logging

import pytest

from bridge.app import Sidecar
from bridge.drivers import jack_driver as jack_driver
from bridge.settings import EngineSettings
from tests.live.conftest import private_server
from tests.live.rig import SUM_ERROR, delay_error, make_fake_daw, music, sidecar_on, some_cycles, sum_error
from tests.live.test_server_faults import rate_change
from tests.waiting import until

pytestmark = pytest.mark.live

ENGINES = EngineSettings(separation="separation.dsp", accompaniment="accompaniment.basic", synth="synth.plain")


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_driver, "CHECK_S", 0.05)
    monkeypatch.setattr(jack_driver, "RETRY_S", 0.1)


def health(sidecar: Sidecar) -> dict[str, str]:
    return {str(role): str(state) for role, state in sidecar.bus.get_rows("health")}


def off(rate: int) -> dict[str, str]:
    return {"separation": "running", "mir": f"off at {rate} Hz", "accompaniment": "running", "synth": "running"}


def assert_audio_goes_on(sidecar: Sidecar, rate: int) -> None:
    """What is sent comes back, delayed as declared, and the stems sum to it."""
    sent = music(rate, 1.0)
    with make_fake_daw(sidecar, sent, 2 * rate) as daw:
        daw.run_freewheeling(500.0)
        assert delay_error(daw, sent, sidecar.signal_path.graph.ledger["mix"].declared) <= SUM_ERROR
        assert sum_error(daw) <= SUM_ERROR


@pytest.mark.parametrize("rate", [8000, 16000])
def test_it_starts_at_a_rate_that_one_engine_refuses(rate: int, caplog: pytest.LogCaptureFixture) -> None:
    with private_server(rate, 128) as server, sidecar_on(server, ENGINES) as sidecar:
        assert health(sidecar) == off(rate)
        some_cycles(sidecar)
        assert_audio_goes_on(sidecar, rate)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == [
        f"mir is off while the audio runs at {rate} Hz: mir.standard: rate {rate} Hz is too low; use 22050 Hz or more"
    ]


def test_where_the_separation_refuses_the_mix_goes_through_as_it_is() -> None:
    only = EngineSettings(mir="", accompaniment="", synth="")
    with private_server(22051, 128) as server, sidecar_on(server, only) as sidecar:
        assert health(sidecar) == {"separation": "off at 22051 Hz"}
        sent = music(22051, 1.0)
        with make_fake_daw(sidecar, sent, 2 * 22051) as daw:
            daw.run_freewheeling(500.0)
            assert delay_error(daw, sent, 0) <= SUM_ERROR
            assert sum_error(daw) <= SUM_ERROR


def test_a_role_that_went_off_with_a_rate_is_back_with_the_next(caplog: pytest.LogCaptureFixture) -> None:
    with private_server(48000, 128) as server, sidecar_on(server, ENGINES) as sidecar:
        assert set(health(sidecar).values()) == {"running"}
        rate_change(server, sidecar, 16000)
        until("the new state", lambda: health(sidecar) == off(16000))
        until("new counters", lambda: (sidecar.bus.get_latest("counters") or (0, 0))[1] == 16000)
        assert_audio_goes_on(sidecar, 16000)
        rate_change(server, sidecar, 48000)
        until("all roles", lambda: set(health(sidecar).values()) == {"running"})
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert sum("mir is off" in record.getMessage() for record in said) == 1
    assert not any(record.exc_info for record in said)

"""Refusals: each names the place and the fix."""

from __future__ import annotations

import msgspec
import pytest

from bridge.app import Sidecar
from bridge.drivers import libjack
from bridge.drivers.clients import ask_server, open_client
from bridge.drivers.jack_recorder import JackRecorder, Ports
from bridge.errors import DriverError
from bridge.settings import JackSettings, OscSettings, Settings
from tests.live.conftest import private_server
from tests.live.rig import NO_ENGINES, cycles, get_driver, settings_for, sidecar_on, some_cycles
from tests.ports import free_port

pytestmark = pytest.mark.live


def test_a_client_named_like_its_server_is_refused_and_the_server_lives_on() -> None:
    with private_server(48000, 128) as server:
        with pytest.raises(DriverError, match=r"like its server.*choose another client name"):
            open_client(server.name, server.name)
        with pytest.raises(DriverError, match="like its server"), JackRecorder(server.name, server.name, 1, Ports()):
            pass
        with pytest.raises(ValueError, match="equals the server's name"):
            JackSettings(server=server.name, client=server.name)
        assert ask_server(server.name).rate == 48000


@pytest.mark.parametrize("name", ["a:b", "a/b", "a\0b", "", "x" * 70])
def test_a_client_whose_name_jack_takes_otherwise_is_refused(name: str) -> None:
    with private_server(44100, 128) as server, pytest.raises(DriverError, match=r"no JACK client can be called"):
        open_client(name, server.name)


def test_a_client_named_like_the_default_server_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with private_server(48000, 128) as server:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
        with pytest.raises(DriverError, match="like its server"):
            open_client(server.name, None)
        assert ask_server(None).period == 128


def test_a_second_sidecar_of_the_same_name_is_refused_and_the_first_plays_on() -> None:
    with private_server(48000, 128) as server, sidecar_on(server, NO_ENGINES) as first:
        with (
            pytest.raises(DriverError, match=r"refused the client 'sideman'.*another client name"),
            sidecar_on(server, NO_ENGINES),
        ):
            pass
        served = cycles(first)
        some_cycles(first)
        assert cycles(first) > served


def test_where_no_server_runs_the_error_says_how_to_start_one() -> None:
    settings = Settings(jack=JackSettings(server="nobody-home"), osc=OscSettings(port=free_port()), engines=NO_ENGINES)
    with pytest.raises(DriverError, match=r"no JACK server 'nobody-home'.*jackd -d dummy"), Sidecar(settings):
        pass


def test_where_libjack_is_missing_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libjack, "library_name", lambda: None)
    libjack.load.cache_clear()
    libjack.import_jack.cache_clear()
    try:
        with pytest.raises(DriverError, match=r"libjack is not installed.*apt install"):
            open_client("sideman", "nobody-home")
        settings = Settings(osc=OscSettings(port=free_port()), engines=NO_ENGINES)
        with pytest.raises(DriverError, match="libjack is not installed"), Sidecar(settings):
            pass
    finally:
        libjack.load.cache_clear()
        libjack.import_jack.cache_clear()


def test_a_busy_osc_port_takes_the_client_off_the_server_again() -> None:
    with private_server(48000, 128) as server, sidecar_on(server, NO_ENGINES) as first:
        settings = msgspec.structs.replace(settings_for(server, NO_ENGINES, "second"), osc=first.settings.osc)
        with pytest.raises(Exception, match=str(first.settings.osc.port)), Sidecar(settings):
            pass
        names = {port.name.split(":")[0] for port in get_driver(first).client.get_ports()}
        assert "second" not in names

"""OSCQuery of a running sidecar: on the number of OSC's port, and the sidecar runs without where it is taken."""

from __future__ import annotations

import importlib.util
import logging
import queue
import socket
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from websockets.sync.client import connect

from bridge.control.bus import Bus
from bridge.errors import ConfigError
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from bridge.oscquery import advertisement
from bridge.oscquery.oscquery_service import OscQueryService
from bridge.settings import LanSettings, OscQuerySettings, OscSettings, Settings
from tests.offline_sidecar import NO_ENGINES, open_offline_sidecar
from tests.oscquery.conftest import Client, receive, send_command
from tests.waiting import HANG_S, until


def make_settings(port: int = 0, **oscquery: object) -> Settings:
    return Settings(osc=OscSettings("127.0.0.1", port), oscquery=msgspec.convert(oscquery, OscQuerySettings))


def open_service(bus: Bus, settings: Settings) -> OscQueryService:
    return OscQueryService(bus, settings, lambda: settings.osc.port)


def test_what_osc_sets_is_seen_by_oscquery(bus: Bus) -> None:
    with OscServer(bus, port=0) as osc, open_service(bus, make_settings(osc.port)) as service:
        assert service.server is not None
        assert service.server.port == osc.port
        client = Client(service.server)
        info = client.read("/?HOST_INFO")
        assert (info["OSC_PORT"], info["WS_PORT"], info["NAME"]) == (osc.port, osc.port, "sideman")
        with client.open_websocket() as websocket, OscClient(port=info["OSC_PORT"]) as sender:
            send_command(websocket, "LISTEN", "/stems/vocals/mute")
            assert receive(websocket) == ("/stems/vocals/mute", (False,))
            sender.send("/stems/vocals/mute", True)
            assert receive(websocket) == ("/stems/vocals/mute", (True,))


def test_a_port_of_another_program_is_named_and_the_sidecar_runs_without(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with caplog.at_level(logging.WARNING), open_service(bus, make_settings(port=port)) as service:
            assert service.server is None
    assert f"TCP port {port} belongs to" in caplog.text


def test_it_can_be_switched_off(bus: Bus) -> None:
    with open_service(bus, make_settings(enabled=False)) as service:
        assert service.server is None


def test_the_network_needs_the_access_list(bus: Bus) -> None:
    with pytest.raises(ConfigError, match=r"oscquery: 0\.0\.0\.0 can be reached"):
        open_service(bus, make_settings(host="0.0.0.0")).__enter__()


def test_a_client_on_the_network_is_answered_with_the_address_that_it_used(bus: Bus) -> None:
    settings = msgspec.structs.replace(
        make_settings(host="0.0.0.0"), lan=LanSettings(("127.0.0.0/8",), "sesame"), osc=OscSettings("0.0.0.0", 9123)
    )
    service = OscQueryService(bus, settings, lambda: 0)
    with service:
        assert service.server is not None
        client = Client(service.server)
        status, body = client.ask("/?HOST_INFO", Authorization="Bearer sesame", Host="127.0.0.5:80")
        assert status == 200
        assert b'"OSC_IP":"127.0.0.5"' in body


def test_a_running_sidecar_serves_its_tree_and_its_values(tmp_path: Path) -> None:
    with open_offline_sidecar(tmp_path, settings=NO_ENGINES) as sidecar, ExitStack() as opened:
        osc = opened.enter_context(sidecar.open_client())
        uri = f"ws://127.0.0.1:{sidecar.port}/"
        websocket = opened.enter_context(connect(uri, open_timeout=HANG_S, proxy=None))
        send_command(websocket, "LISTEN", "/stems/bass/gain_db")
        assert receive(websocket) == ("/stems/bass/gain_db", (0.0,))
        osc.send("/stems/bass/gain_db", -3.0)
        assert receive(websocket) == ("/stems/bass/gain_db", (-3.0,))
        websocket.send("{" * 200)
        send_command(websocket, "LISTEN", "/clock")
        assert receive(websocket)[0] == "/clock"  # the song plays on


def test_without_zeroconf_it_runs_and_says_which_package_is_missing(
    bus: Bus, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", fail)
    with caplog.at_level(logging.WARNING), open_service(bus, make_settings(advertise=True)) as service:
        assert service.server is not None
    assert "pip install 'sideman[discovery]'" in caplog.text


@pytest.mark.skipif(importlib.util.find_spec("zeroconf") is None, reason="zeroconf is not installed")
def test_a_browser_finds_what_is_advertised() -> None:
    import zeroconf

    found: queue.Queue[str] = queue.Queue()

    class Found(zeroconf.ServiceListener):
        def add_service(self, zc: zeroconf.Zeroconf, type_: str, name: str) -> None:
            found.put(name)

        def update_service(self, zc: zeroconf.Zeroconf, type_: str, name: str) -> None: ...

        def remove_service(self, zc: zeroconf.Zeroconf, type_: str, name: str) -> None: ...

    try:
        browser = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
    except OSError as error:
        pytest.skip(f"no multicast on this machine: {error}")
    try:
        zeroconf.ServiceBrowser(browser, advertisement.SERVICE_TYPE, Found())
        with advertisement.advertise("sideman-test", "127.0.0.1", 4711):
            assert found.get(timeout=HANG_S).startswith("sideman-test")
            info = None

            def ask() -> bool:
                nonlocal info
                info = browser.get_service_info(
                    advertisement.SERVICE_TYPE, "sideman-test." + advertisement.SERVICE_TYPE
                )
                return info is not None

            until("its address", ask)
            assert info is not None
            assert (info.port, info.parsed_addresses()) == (4711, ["127.0.0.1"])
    finally:
        browser.close()

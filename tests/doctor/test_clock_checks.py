"""Doctor: what sends MIDI clock to the sidecar, and whether the DAW of the table [daw] can be reached."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack

import pytest

from bridge.doctor.clock_checks import check_clock_input
from bridge.doctor.daw_checks import check_daw
from bridge.doctor.probe import ServerFigures, ask_server
from bridge.drivers.clients import close_client, open_client
from bridge.drivers.dummy_server import DummyServer
from bridge.osc.wire import decode, encode
from bridge.settings import DawSettings
from tests.conftest import StartServer
from tests.ports import free_port


def make_figures(sources: tuple[str, ...] = (), midi_in: tuple[str, ...] | None = None) -> ServerFigures:
    return ServerFigures(48000, 128, True, 1.0, "", sources, midi_in)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (None, "without a server"),
        (make_figures(), "no MIDI port"),
        (make_figures(("Ardour:MIDI Clock out",)), "MIDI ports to connect to sideman:midi_in: Ardour:MIDI Clock out"),
        (make_figures(midi_in=()), "nothing is connected to sideman:midi_in"),
        (make_figures(midi_in=("Ardour:MIDI Clock out",)), "sideman:midi_in gets Ardour:MIDI Clock out"),
        (make_figures(tuple("abcdef")), "a, b, c, d and 2 more"),
    ],
)
def test_the_port_that_sends_the_clock_is_named_or_those_that_could(figures: ServerFigures | None, words: str) -> None:
    found = check_clock_input(figures, "sideman")
    assert words in found.detail
    assert found.state == "ok"


def test_what_could_be_connected_to_the_running_sidecar_is_its_fix() -> None:
    assert check_clock_input(make_figures(("a:out",), ()), "sideman").fix.endswith("sideman:midi_in: a:out")


@pytest.mark.live
def test_midi_ports_are_read_from_a_server_without_those_of_ours(jack_server: StartServer) -> None:
    server: DummyServer = jack_server()
    with ExitStack() as opened:
        source, sidecar = (open_client(name, server.name) for name in ("clock source", "band"))
        for client in (source, sidecar):
            opened.callback(close_client, client)  # its own way to close would leave it among those of this process
        source.midi_outports.register("out")
        sidecar.midi_outports.register("clock")
        sidecar.midi_inports.register("midi_in")
        source.activate()
        sidecar.activate()
        found = ask_server(server.name, "band")
        assert found is not None
        assert (found.midi_sources, found.midi_in) == (("clock source:out",), ())
        source.connect("clock source:out", "band:midi_in")
        found = ask_server(server.name, "band")
        assert found is not None
        assert found.midi_in == ("clock source:out",)
        assert (asked := ask_server(server.name, "nobody")) is not None
        assert asked.midi_in is None


def test_without_a_daw_in_the_settings_the_fix_says_how_to_have_one() -> None:
    found = check_daw(DawSettings())
    assert (found.state, "[daw]" in found.fix) == ("ok", True)


@pytest.mark.parametrize(("speed", "words"), [(0.0, "stands"), (1.0, "rolls")])
def test_ardour_is_asked_whether_it_rolls(speed: float, words: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ardour:
        ardour.bind(("127.0.0.1", 0))

        def answer() -> None:
            question, sender = ardour.recvfrom(1024)
            ardour.sendto(encode(decode(question)[0], (speed,)), sender)

        thread = threading.Thread(target=answer)
        thread.start()
        found = check_daw(DawSettings(kind="ardour", port=ardour.getsockname()[1]))
        thread.join()
    assert found.state == "ok"
    assert words in found.detail


def test_a_daw_that_is_not_there_is_a_warning_with_what_to_switch_on() -> None:
    port = free_port()
    for kind in ("ardour", "reaper"):
        found = check_daw(DawSettings(kind=kind, port=port))
        assert (found.state, str(port) in found.detail) == ("warn", True)
        assert "OSC" in found.fix
    assert check_daw(DawSettings(kind="reaper", host="no-such-host.invalid")).state == "warn"


def test_reaper_answers_no_question_so_its_port_is_looked_at() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reaper:
        reaper.bind(("127.0.0.1", 0))
        port = reaper.getsockname()[1]
        found = check_daw(DawSettings(kind="reaper", port=port))
    assert (found.state, f"127.0.0.1:{port}" in found.detail) == ("ok", True)
    assert "not tried" in check_daw(DawSettings(kind="reaper", host="192.0.2.1")).detail

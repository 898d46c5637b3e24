"""The declared delay is the measured one, to the frame, whatever the server's rate and period."""

from __future__ import annotations

import errno
import select
import shutil
import subprocess
import time
from collections.abc import Callable

import pytest

from bridge.app import Sidecar
from bridge.control.sidecar import RESERVE_FRAMES
from bridge.core.audio import CHANNELS
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS, NO_SENDS, PATH_SENDS, PATHS, UNMEASURED
from bridge.drivers.jack_driver import CONTROL_OUT, JackDriver
from bridge.drivers.libjack import CAPTURE, PLAYBACK, address, c_function, import_jack, load, port_latency
from bridge.errors import DriverError
from bridge.measure import find_disagreements, measure
from bridge.runtime.graph import Graph
from bridge.runtime.wiring import wire
from tests.live.conftest import private_server
from tests.live.rig import (
    ONLY_SEPARATION,
    ask_server,
    cycles,
    delay_error,
    get_driver,
    make_fake_daw,
    music,
    sidecar_on,
    some_cycles,
    sum_error,
)
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live


def assert_declared_is_measured(sidecar: Sidecar) -> None:
    measured = measure(sidecar, freewheel=True)
    assert find_disagreements(sidecar.signal_path.graph, measured) == []
    assert set(measured.ping) == set(PATHS)
    assert UNMEASURED not in measured.ping.values()
    assert set(measured.engines) == {"mix", "sum of stems"}
    assert all(path.measured == path.declared for path in sidecar.signal_path.graph.ledger if path.ports)


# 48,000 Hz at 64 and 256: test_a_new_period_is_declared_anew_and_true
@pytest.mark.parametrize(("rate", "period"), [(44100, 64), (44100, 256), (44100, 1024), (48000, 128), (48000, 1024)])
def test_every_path_is_delayed_by_what_it_declares(rate: int, period: int) -> None:
    with private_server(rate, period) as server, sidecar_on(server) as sidecar:
        assert_declared_is_measured(sidecar)


@pytest.mark.parametrize("period", [64, 1024])
def test_what_comes_back_is_what_was_sent_later_by_the_declared_delay(period: int) -> None:
    with private_server(44100, period) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        sent = music(44100, 3.0)
        with make_fake_daw(sidecar, sent, 4 * 44100) as daw:
            daw.run_freewheeling(HANG_S)
        assert delay_error(daw, sent, sidecar.signal_path.graph.ledger["mix"].declared) <= 1e-6
        assert sum_error(daw) <= 1e-6


def output_latencies(sidecar: Sidecar) -> dict[str, tuple[int, int]]:
    client = get_driver(sidecar).client
    return {port.shortname: port_latency(port, CAPTURE) for port in (*client.outports, *client.midi_outports)}


def declared_by_port(sidecar: Sidecar) -> dict[str, tuple[int, int]]:
    paths = {port: (path.declared, path.declared) for path in sidecar.signal_path.graph.ledger for port in path.ports}
    return paths | {CONTROL_OUT: (0, 0)}


def input_latencies(sidecar: Sidecar) -> list[tuple[int, int]]:
    return [port_latency(port, PLAYBACK) for port in get_driver(sidecar).client.inports]


def test_jack_receives_the_declared_delays_and_every_change_of_them() -> None:
    with private_server(48000, 128) as server, sidecar_on(server) as sidecar:
        ledger = sidecar.signal_path.graph.ledger
        with make_fake_daw(sidecar, music(48000, 0.1), 48000):
            until("the ports tell JACK", lambda: output_latencies(sidecar) == declared_by_port(sidecar))
            assert input_latencies(sidecar) == [(0, 0)] * CHANNELS  # a DAW would count the delay twice
            assert sidecar.bus.set("latency.jack.sends", PATH_SENDS, "test")
            until("the inputs", lambda: input_latencies(sidecar) == [(ledger["mix"].declared,) * 2] * CHANNELS)
            rev, before = ledger.rev, ledger["mix"].declared
            sidecar.bus.set("latency.separation.reserve_frames", 1500, "test")
            assert ledger.rev > rev
            assert ledger["mix"].declared == before - RESERVE_FRAMES["separation"] + 1500
            until("the ports tell JACK again", lambda: output_latencies(sidecar) == declared_by_port(sidecar))
            until("the inputs", lambda: input_latencies(sidecar) == [(ledger["mix"].declared,) * 2] * CHANNELS)
            sidecar.bus.set("latency.jack.sends", NO_SENDS, "test")
            until("none behind the inputs", lambda: input_latencies(sidecar) == [(0, 0)] * CHANNELS)
            assert output_latencies(sidecar) == declared_by_port(sidecar)
        sidecar.bus.set("latency.mir.user_offset_frames", 77, "test")
        assert_declared_is_measured(sidecar)


def test_a_loop_of_one_client_declares_its_period_less_the_client_s_output_latency() -> None:
    with private_server(48000, 128) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        declared, own = sidecar.signal_path.graph.ledger["drums"].declared, get_driver(sidecar).client
        daw = import_jack().Client("daw", servername=server.name, no_start_server=True)
        out, back = daw.outports.register("out"), daw.inports.register("in")
        # without a callback jackd would wait for it in the loop; this one of the C library returns 0, and is no Python
        load().jack_set_process_callback(address(daw._ptr), c_function("isatty"), None)

        def are_declared(drums: int) -> bool:
            after = [port_latency(port, PLAYBACK) for port in own.outports]  # the DAW would read its own there
            found = output_latencies(sidecar)
            return (found["drums_1"][0], found["bass_1"][0], max(after)) == (drums, declared, (0, 0))

        with daw:
            links = [(out.name, own.inports[0].name), (own.outports[0].name, back.name)]
            assert own.outports[0].shortname == "drums_1"
            for source, destination in links:
                until("the loop", lambda: patched(sidecar, source, destination))  # noqa: B023
            until("the period", lambda: are_declared(declared + 128))
            until("the hardware", lambda: patched(sidecar, out.name, "system:playback_1"))  # 128 frames away
            until("the period less the output latency", lambda: are_declared(declared))
            ask_server(get_driver(sidecar), lambda: own.disconnect(out.name, "system:playback_1"))
            until("the period again", lambda: are_declared(declared + 128))
            ask_server(get_driver(sidecar), lambda: own.disconnect(*links[0]))
            until("no loop", lambda: are_declared(declared))


@pytest.mark.parametrize("client", ["a:b", "a:mix_1"])
def test_delays_are_declared_whatever_the_client_and_its_ports_are_called(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.drivers.clients.why_not_jack", lambda _: "")  # no such name gets so far
    wiring = wire({"separation": "separation.dsp"}, 44100, RESERVE_FRAMES)
    with (
        private_server(44100, 128) as server,
        Graph(wiring, 128, RESERVE_FRAMES, {}) as graph,
        JackDriver(graph, client, server.name) as driver,
    ):
        ports = [*driver.client.outports, *driver.client.midi_outports]
        names = [f"{path}_{i + 1}" for path in AUDIO_PATHS for i in range(CHANNELS)] + [*MIDI_PORTS, CONTROL_OUT]
        delays = {port: path.declared for path in graph.ledger for port in path.ports}
        declared = [(delays.get(name, 0),) * 2 for name in names]
        assert len(set(declared)) > 1
        until("the ports tell JACK", lambda: [port_latency(port, CAPTURE) for port in ports] == declared)

        def rename() -> bool:
            """A server that gets no processor answers no request for a while; libjack then says -1."""
            try:
                ask_server(driver, lambda: setattr(ports[names.index("mix_1")], "shortname", "renamed by a user"))
            except (DriverError, import_jack().JackErrorCode):
                return False
            return True

        until("JACK has renamed it", rename)
        graph.set_offset("separation", 100)
        delays = {port: path.declared for path in graph.ledger for port in path.ports}
        again = [(delays.get(name, 0),) * 2 for name in names]
        assert again != declared
        until("the ports tell JACK again", lambda: [port_latency(port, CAPTURE) for port in ports] == again)


def test_a_new_period_is_declared_anew_and_true() -> None:
    with private_server(48000, 128) as server, sidecar_on(server) as sidecar:
        for tool_or_client in (256, 64):
            rev, served = sidecar.signal_path.graph.ledger.rev, cycles(sidecar)
            if shutil.which("jack_bufsize") is not None and tool_or_client == 256:
                command = ["jack_bufsize", str(tool_or_client)]  # the server comes by its environment
                subprocess.run(command, env=server.env, capture_output=True, check=True, timeout=HANG_S)
            else:
                until("the server to take it", lambda: resized(sidecar, tool_or_client))  # noqa: B023
            until("the new period", lambda: sidecar.signal_path.telemetry.counters.period == tool_or_client)  # noqa: B023
            assert sidecar.signal_path.graph.ledger.rev > rev
            assert sidecar.signal_path.graph.ledger.period == tool_or_client
            some_cycles(sidecar)
            assert cycles(sidecar) > served
            assert_declared_is_measured(sidecar)


def resized(sidecar: Sidecar, period: int) -> bool:
    """Ask the server for another period; whether it took it: a busy one may refuse for a moment."""
    driver = get_driver(sidecar)
    try:
        ask_server(driver, lambda: setattr(driver.client, "blocksize", period))
    except (DriverError, import_jack().JackErrorCode):
        return False
    return True


def patched(sidecar: Sidecar, source: str, destination: str) -> bool:
    """Connect; whether it could be done."""
    driver = get_driver(sidecar)
    if not driver.is_connected:
        return False
    try:
        ask_server(driver, lambda: driver.client.connect(source, destination))
    except DriverError:
        return False
    except import_jack().JackErrorCode as error:
        return bool(error.code == errno.EEXIST)
    return True


def iodelay_frames(sidecar: Sidecar, server_env: dict[str, str], on_reading: Callable[[], object]) -> float:
    """What jack_iodelay reads around a loop through the sidecar's mix, in frames. ``on_reading``: at each reading.

    A server that stands still for seconds makes the sidecar connect to it again, and the tool may be lost to both:
    then another one is started.
    """
    client, deadline = sidecar.settings.jack.client, time.monotonic() + HANG_S
    loop = [("jack_delay:out", f"{client}:in_1"), (f"{client}:mix_1", "jack_delay:in")]
    while time.monotonic() < deadline:
        connections = get_driver(sidecar).reconnections

        def is_lost() -> bool:
            return get_driver(sidecar).reconnections != connections or time.monotonic() > deadline  # noqa: B023

        with subprocess.Popen(
            ["stdbuf", "-oL", "jack_iodelay"],
            env=server_env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        ) as tool:
            try:
                # its ports show before it is active and can be connected
                until("the loop", lambda: is_lost() or all(patched(sidecar, *link) for link in loop))
                if (frames := settled_frames(tool, is_lost, on_reading)) is not None:
                    return frames
            finally:
                tool.terminate()
    pytest.fail("jack_iodelay never had a reading")


def settled_frames(
    tool: subprocess.Popen[bytes], is_lost: Callable[[], bool], on_reading: Callable[[], object]
) -> float | None:
    """Three equal readings of jack_iodelay in a row, in frames. None: ``is_lost``, or the tool ended."""
    readings: list[float] = []
    assert tool.stdout is not None
    while not is_lost():
        if not select.select([tool.stdout], [], [], 0.5)[0]:
            continue
        line = tool.stdout.readline().decode()
        if not line:
            return None
        if "frames" in line and "total roundtrip" in line:
            readings.append(float(line.split()[0]))
            on_reading()
        if len(readings) >= 3 and len(set(readings[-3:])) == 1:
            return readings[-1]
        if len(readings) > 40:
            pytest.fail(f"jack_iodelay never settled: {readings}")
    return None


@pytest.mark.parametrize(("rate", "period"), [(44100, 64), (48000, 128), (48000, 1024)])
def test_jack_iodelay_reads_the_declared_delay_and_the_period_of_the_loop(rate: int, period: int) -> None:
    for tool in ("jack_iodelay", "stdbuf"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    with private_server(rate, period) as server, sidecar_on(server, ONLY_SEPARATION) as sidecar:
        sidecar.bus.set("latency.mix.ping", 1, "test")
        some_cycles(sidecar)
        ledger = sidecar.signal_path.graph.ledger
        looped: list[int] = []
        frames = iodelay_frames(sidecar, server.env, lambda: looped.append(output_latencies(sidecar)["mix_1"][1]))
        assert frames == pytest.approx(ledger["mix"].declared + period, abs=0.01)
        assert looped[-1] == ledger["mix"].declared + period

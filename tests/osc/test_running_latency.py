"""Running latency: `sideman latency` shows what the sidecar that runs declares, and says where its figures are from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bridge import cli, latency_report
from bridge.control.bus import Bus, Row
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.latency import UNMEASURED
from bridge.daw.latency_card import make_ledger_table
from bridge.errors import ControlError, DriverError
from bridge.osc.client import NoAnswerError, OscClient
from bridge.osc.server import OscServer
from bridge.running_latency import read_running_latency
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared.slots import PERIOD as PERIOD_WORD
from bridge.runtime.telemetry import Telemetry
from bridge.runtime.wiring import wire
from tests.ports import free_port

RESERVES = {"separation": 1024}
RATE, PERIOD = 48000, 64
IDENTITY = ("sideman", "0.1.0", 2, "abc", "host", 1, 1, "hall", RATE, "running")


@pytest.fixture
def graph() -> Iterator[Graph]:
    """A running sidecar's, with an insert on the drums and one on the mix."""
    with Graph(wire({"separation": "separation.dsp"}, RATE, RESERVES), PERIOD, RESERVES, {}) as made:
        made.set_insert("drums", InsertTiming(128, 512, 0))
        made.set_insert("mix", InsertTiming(128, 512, 300))
        made.arrays.state[PERIOD_WORD] = PERIOD  # as the callback does
        yield made


@pytest.fixture
def port(graph: Graph) -> Iterator[int]:
    """Where it answers."""
    bus = Bus(make_sidecar_registry({}))
    bus.publish("sideman", *IDENTITY)
    for point, chain in (("mix", "loud"), ("drums", "glue")):
        bus.publish("insert", point, chain, "running", 0, 576, 0, 0, 0, 0.1)
    Telemetry(bus, graph).publish_counters(0)
    bus.add_handler("latency.measure", lambda *mode: measure(graph, mode))
    with OscServer(bus, port=0) as server:
        yield server.port


def measure(graph: Graph, mode: tuple[str, ...]) -> list[Row]:
    """As a sidecar does while the music plays: mix is measured one frame late, bass not at all."""
    if mode != ("anyway",):
        raise DriverError("the music plays, and would be interrupted", "stop the transport, or give anyway")
    wrong = {"mix": graph.ledger["mix"].declared + 1, "bass": UNMEASURED}
    return [(path.name, path.declared, wrong.get(path.name, path.declared)) for path in graph.ledger if path.ports]


def test_the_ledger_of_a_running_sidecar_comes_whole_with_its_inserts(port: int, graph: Graph) -> None:
    with OscClient(port=port) as client:
        running = read_running_latency(client)
    assert list(running.ledger) == [replace(path, late=running.ledger[path.name].late) for path in graph.ledger]
    assert (running.ledger.rate, running.ledger.period) == (RATE, PERIOD)
    assert {path.measured for path in running.ledger} == {UNMEASURED}
    assert running.ledger["mix"].declared > running.ledger["drums"].declared > 576
    assert running.inserts == ("drums: glue, running", "mix: loud, running")
    assert "insert" in [str(column.header) for column in make_ledger_table(running.ledger).columns]
    for part in ("sidecar sideman", "hall", "48000 Hz", "period 64", "drums: glue, running"):
        assert part in running.describe()


def test_a_sidecar_without_figures_is_named_as_one(client: OscClient) -> None:
    with pytest.raises(DriverError, match="no figures yet"):
        read_running_latency(client)


@pytest.mark.parametrize(
    ("given", "asked", "wanted"),
    [
        ({}, True, "Declared by the sidecar sideman that runs on hall"),
        ({"server": "hall"}, True, "Declared by the sidecar sideman that runs on hall"),
        ({"rate": 96000}, False, "From the settings, at 96000 Hz and period 128, without inserts"),
        ({"period": 256}, False, "From the settings, at 44100 Hz and period 256, without inserts"),
        (
            {"server": "hall", "measure": True, "anyway": True},
            True,
            "Measured on the sidecar sideman that runs on hall",
        ),
    ],
)
def test_the_command_asks_the_running_sidecar_and_says_where_its_figures_come_from(
    port: int, graph: Graph, given: dict[str, object], asked: bool, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show: Callable[..., int] = cli.latency
    assert show(port=port, json_=True, **given) == ("measure" in given)
    shown = json.loads(capsys.readouterr().out)
    assert wanted in shown["origin"]
    declared = {path["name"]: path["declared"] for path in shown["paths"]}
    assert ([declared[path.name] for path in graph.ledger] == [path.declared for path in graph.ledger]) is asked


def test_without_a_running_sidecar_it_says_that_the_figures_are_those_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = free_port()
    monkeypatch.setattr(latency_report, "open_osc_client", lambda _port: OscClient(port=closed))
    show: Callable[..., int] = cli.latency
    assert show() == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith("From the settings, at 44100 Hz and period 128, without inserts: no sidecar that runs")
    assert str(closed) in shown
    with pytest.raises(DriverError):  # a port that was given is meant
        show(port=closed)


def test_the_running_sidecar_is_measured_with_its_inserts_and_what_disagrees_is_said(
    port: int, graph: Graph, capsys: pytest.CaptureFixture[str]
) -> None:
    show: Callable[..., int] = cli.latency
    with pytest.raises(ControlError, match="the music plays"):
        show(port=port, measure=True)
    assert show(port=port, measure=True, anyway=True, json_=True) == 1
    shown = json.loads(capsys.readouterr().out)
    assert "drums: glue, running" in shown["origin"]
    measured = {path["name"]: path["measured"] for path in shown["paths"]}
    assert measured["drums"] == graph.ledger["drums"].declared > 576
    declared = {name: graph.ledger[name].declared for name in ("bass", "mix")}
    assert sorted(shown["problems"]) == [
        f"bass: declared {declared['bass']} frames, nothing came back",
        f"mix: declared {declared['mix']} frames, measured {declared['mix'] + 1}",
    ]


@pytest.mark.parametrize("is_measured", [False, True])
def test_a_sidecar_that_starts_is_waited_for_and_not_replaced_by_the_settings(
    is_measured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = OscServer(Bus(make_sidecar_registry({})), port=0)
    with server.bind():  # as from the first moment of a start; it answers later
        monkeypatch.setattr(latency_report, "open_osc_client", lambda _port: OscClient(port=server.port))
        show: Callable[..., int] = cli.latency
        with pytest.raises(NoAnswerError, match="Sideman may still be starting"):
            show(measure=is_measured)

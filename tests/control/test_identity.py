"""Identity and log of a sidecar, as readings."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import bridge
from bridge.control.bus import Bus, Row
from bridge.control.bus_log import MAX_CHARACTERS, MAX_LINES, BusLog
from bridge.control.identity import PROTOCOL, SidecarIdentity
from bridge.control.sidecar import make_sidecar_registry


def make_bus() -> Bus:
    return Bus(make_sidecar_registry({}))


def read_field(bus: Bus, field: str) -> object:
    row = bus.get_latest("sideman")
    assert row is not None
    return row[bus.registry.get_reading("sideman").fields.index(field)]


def test_two_sidecars_of_one_name_are_different_instances() -> None:
    instances = set()
    for _ in range(2):
        bus = make_bus()
        SidecarIdentity(bus, "sideman", "default").update(48000, "running")
        assert (read_field(bus, "name"), read_field(bus, "server"), read_field(bus, "rate")) == (
            "sideman",
            "default",
            48000,
        )
        assert (read_field(bus, "version"), read_field(bus, "protocol")) == (bridge.__version__, PROTOCOL)
        instances.add(read_field(bus, "instance"))
    assert len(instances) == 2


def test_the_identity_is_published_when_its_state_changes_and_only_then() -> None:
    bus, published = make_bus(), list[Row]()
    identity = SidecarIdentity(bus, "sideman", "default")
    bus.subscribe(lambda _name, row, _source: published.append(row))
    for state in ("running", "running", "waiting for the JACK server", "running"):
        identity.update(48000, state)
    assert [row[-1] for row in published] == ["running", "waiting for the JACK server", "running"]


def test_the_protocol_has_the_number_that_its_page_names() -> None:
    page = (Path(bridge.__file__).parent.parent / "docs" / "osc.md").read_text(encoding="utf-8")
    found = re.search(r"`protocol` is the number of this protocol; it is (\d+)\.", page)
    assert found is not None
    assert int(found.group(1)) == PROTOCOL


def test_lines_of_the_log_are_published_later_in_order_and_whole() -> None:
    bus = make_bus()
    handler = BusLog(bus)
    log = logging.getLogger("tests.bus_log")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        log.warning("%s is off", "the synth")
        log.info("two\nlines")
        assert bus.get_history("log") == ()
        handler.publish()
        handler.publish()
    finally:
        log.removeHandler(handler)
    assert [row[1:] for row in bus.get_history("log")] == [
        ("warning", "tests.bus_log", "the synth is off"),
        ("info", "tests.bus_log", "two lines"),
    ]


def test_a_log_without_end_takes_no_memory_and_a_long_line_fits_a_datagram() -> None:
    bus, texts = make_bus(), list[str]()
    handler = BusLog(bus)
    bus.subscribe(lambda name, row, _source: texts.append(str(row[-1])) if name == "log" else None)
    for number in range(MAX_LINES + 10):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "%d %s", (number, "é" * 1000), None))
    handler.publish()
    assert len(texts) == MAX_LINES
    assert texts[0].startswith("10 ")
    assert {len(text) for text in texts} == {MAX_CHARACTERS}


def test_what_a_subscriber_logs_while_lines_are_published_is_published_too() -> None:
    bus = make_bus()
    handler = BusLog(bus)
    log = logging.getLogger("tests.bus_log.again")
    log.addHandler(handler)
    log.setLevel(logging.INFO)

    def complain(name: str, row: Row, _source: str) -> None:
        if row[-1] == "first":
            log.info("second")

    bus.subscribe(complain)
    try:
        log.info("first")
        handler.publish()
    finally:
        log.removeHandler(handler)
    assert [row[-1] for row in bus.get_history("log")] == ["first", "second"]

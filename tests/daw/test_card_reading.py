"""Reading of the latency cards: a row for each DAW, anew when a delay changes."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus, Row
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.latency import Ledger, Path
from bridge.daw.card_reading import LatencyCardReading
from bridge.daw.latency_card import make_cards


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(rate=44100, period=128)
    ledger.declare(Path("mix", ("mix_1", "mix_2"), 512, 384, 512))
    return ledger


def read(bus: Bus) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in bus.get_rows("latency.card")}


def test_each_daw_has_a_row_that_says_what_to_do(ledger: Ledger) -> None:
    bus = Bus(make_sidecar_registry({}))
    LatencyCardReading(bus, ledger).publish()
    cards = read(bus)
    assert list(cards) == [card.daw for card in make_cards(ledger)]
    assert cards["Ableton Live"].startswith(
        "External Audio Effect, Hardware Latency (untried). Type 1536 samples or 34.83 ms for mix. Check that"
    )
    assert cards["JACK client"].startswith("The port latency ranges. Nothing to type: ")
    assert "Type" not in cards["Ardour"]


def test_the_rows_are_published_again_only_when_a_delay_or_the_period_has_changed(ledger: Ledger) -> None:
    bus = Bus(make_sidecar_registry({}))
    rows: list[Row] = []
    bus.subscribe(lambda _name, row, _source: rows.append(row))
    reading = LatencyCardReading(bus, ledger)
    reading.publish()
    ledger.set_late("mix", 500)
    ledger.set_measured("mix", 1408)
    reading.publish()
    assert len(rows) == len(make_cards(ledger))
    ledger.declare(Path("mix", ("mix_1", "mix_2"), 512, 384, 512, user_offset=100))
    reading.publish()
    assert "Type 1636 samples" in read(bus)["Bitwig Studio"]
    ledger.period = 256
    reading.publish()
    assert "Type 1764 samples" in read(bus)["Bitwig Studio"]

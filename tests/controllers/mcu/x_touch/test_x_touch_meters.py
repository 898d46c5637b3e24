"""X-Touch: meters, and what they take of a MIDI cable."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from bridge.controllers.mappings.mapping_file import StripTable
from tests.controllers.mcu.x_touch.x_touch_desk import (
    BYTES_PER_S,
    CHANNELS,
    MAINS,
    Desk,
)


def play(desk: Desk, seconds: int, levels: Iterator[float], rate_hz: int = 30) -> list[tuple[float, int]]:
    """Meters of all channels at ``rate_hz``, as music goes on; returns times and sizes of what was sent."""
    _, port, _ = desk.devices[0]
    device = desk.devices[0][0]
    desk.run(1.0)
    port.log.clear()
    device.received.clear()
    chords = ("Am7", "Dm7", "G7", "Cmaj7")
    for tick in range(rate_hz * seconds):
        for channel in CHANNELS:
            desk.bus.publish("meters", channel, next(levels), -30.0, *[-60.0] * 4)
        beat = 2 * tick // rate_hz  # 120 BPM
        if beat != 2 * (tick - 1) // rate_hz:
            desk.bus.publish("mir.beat", tick, beat % 4, 4, 120.0, 0.9, beat)
            desk.bus.publish("accompaniment.chord", tick, chords[beat % 4], 0.9)
        desk.run(1 / rate_hz)
    return [(at_s, len(message)) for at_s, message in port.log]


def find_busiest_second(sent: list[tuple[float, int]]) -> int:
    """The bytes of the second in which most were sent."""
    return max(sum(size for at_s, size in sent if start_s <= at_s < start_s + 1.0) for start_s, _ in sent)


def make_levels(steady: bool) -> Iterator[float]:
    numbers = random.Random(7)
    while True:
        yield -20.0 if steady else numbers.uniform(-60.0, 0.0)


@pytest.mark.parametrize("name", MAINS)
@pytest.mark.parametrize("rate_hz", [30, 100])
@pytest.mark.parametrize("steady", [True, False], ids=["steady", "wild"])
def test_eight_meters_are_under_a_fifth_of_a_midi_cable(name: str, rate_hz: int, steady: bool) -> None:
    """Thirty times a second at most, however often the levels are measured."""
    strips = tuple(StripTable(name=channel, meter=f"meters[{channel}].peak_db") for channel in CHANNELS)
    desk = Desk(name, strips=strips)
    device = desk.devices[0][0]
    device.press(0x35)  # the chords too
    sent = play(desk, 5, make_levels(steady), rate_hz)
    assert min(device.meters) > 0 or not steady
    busiest = find_busiest_second(sent)
    assert (100 if steady else 300) < busiest < 0.2 * BYTES_PER_S, f"{busiest} bytes"


def test_a_steady_meter_is_kept_up_and_one_without_a_reading_falls() -> None:
    desk = Desk("behringer_x_touch")
    device = desk.devices[0][0]
    play(desk, 2, make_levels(True))
    assert device.meters[:5] == [8] * 5
    drums = [message for message in device.received if message[0] == 0xD0 and message[1] >> 4 == 0]
    assert 15 <= len(drums) <= 21
    desk.run(2.0)
    assert device.meters == [0] * 8

"""X-Touch and extender: the shipped mappings on simulated devices, from the handshake to the goodbye."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.control.bus import Bus
from bridge.controllers.mappings.mapping_file import StripTable
from bridge.controllers.mappings.mapping_reader import check_mapping
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.mcu.handshake import HostHandshake
from bridge.controllers.ports.session import DeviceSession
from bridge.controllers.surface.controller import Controller
from tests.controllers.fake_midi import FakePort
from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.mappings.shipped import registry, shipped_file

TICK_S = 0.005
BYTES_PER_S = 3125
"""Of a MIDI cable (31,250 baud, ten bits a byte)."""
CHANNELS = ("drums", "bass", "vocals", "other", "band", "mix", "in_1", "in_2")
UNITS = {"behringer_x_touch": 0x14, "behringer_x_touch_extender": 0x15, "mackie_control_universal": 0x14}
MAINS = ("behringer_x_touch", "mackie_control_universal")
STRIPS = ["Drums", "Bass", "Vocals", "Other", "Band"]
PARTS = ["BndDrms", "BandBss", "BandKys", "BandPad", "BandGtr"]


class Desk:
    """Devices on one Bus and bank, each with its session, and a clock."""

    def __init__(self, *names: str, has_handshake: bool = True, strips: tuple[StripTable, ...] = ()) -> None:
        self.bus, self.bank, self.now_s = Bus(registry()), Bank(), 100.0
        self.actions: list[tuple[str, str]] = []
        for action in self.bus.registry.actions:
            self.bus.add_handler(action.name, partial(self._note, action.name))
        self.devices: list[tuple[SimulatedXTouch, FakePort, DeviceSession]] = []
        for name in names:
            file = msgspec.structs.replace(shipped_file(name), strip=strips)
            mapping, port = check_mapping(file, name, self.bus.registry), FakePort(name)
            surface = Controller(mapping, self.bus, self.bank, f"controller:{name}")
            session = DeviceSession(port, surface, mapping, HostHandshake(mapping.device.unit))
            self.devices.append((SimulatedXTouch(UNITS[name], has_handshake), port, session))
            session.start(self.now_s)

    def _note(self, action: str, argument: str = "") -> None:
        self.actions.append((action, argument))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(max(1, round(seconds / TICK_S))):
            self.now_s += TICK_S
            for device, port, session in self.devices:
                port.inbox, device.inbox = port.inbox + device.inbox, []
                port.clock_s = self.now_s
                session.update(self.now_s)
                for message in port.sent[len(device.received) :]:
                    device.receive(message)

    def get(self, name: str) -> float:
        return self.bus.get(name)

    def set(self, name: str, value: object) -> None:
        self.bus.set(name, value, "osc")


@pytest.fixture(params=MAINS)
def desk(request: pytest.FixtureRequest) -> Desk:
    desk = Desk(request.param)
    desk.run(1.0)
    return desk


@pytest.fixture
def device(desk: Desk) -> SimulatedXTouch:
    return desk.devices[0][0]


def to_position(gain_db: float) -> int:
    return round((gain_db + 60) / 72 * 16383)


def test_it_is_confirmed_and_shows_strips_levels_and_faders(desk: Desk, device: SimulatedXTouch) -> None:
    assert desk.devices[0][2].state == "confirmed"
    assert device.read(0) == [*STRIPS, *PARTS[:3]]
    assert device.read(1) == ["0.0dB"] * 5 + [""] * 3
    assert device.faders[:5] == [to_position(0)] * 5
    assert device.faders[8] == to_position(0)
    assert device.rings == [0x20 + ring for ring in (6, 6, 6, 1, 4, 11, 6, 1)]
    assert device.leds[0x34] == 0x7F  # of the two pages of the lower line, the values
    assert device.leds[0x36 + 5] == 0x7F  # pop


def test_a_clone_that_never_answers_works_as_a_port() -> None:
    desk = Desk("behringer_x_touch", has_handshake=False)
    desk.run(3.0)
    device, _, session = desk.devices[0]
    assert session.state == "port"
    assert device.read(0)[:5] == STRIPS
    device.press(0x10)
    desk.run(0.1)
    assert desk.get("stems.drums.mute") == 1.0
    assert device.leds[0x10] == 0x7F


@pytest.mark.parametrize("traffic", [b"\xf8", b"\xfe", b"\xf0\x00\x00\x66\x15\x03ABCDEFG\xf7"])
def test_other_traffic_does_not_confirm_it(traffic: bytes) -> None:
    desk = Desk("behringer_x_touch", has_handshake=False)
    device, _, session = desk.devices[0]
    for _ in range(100):
        device.inbox += [traffic] * 5
        desk.run(0.1)
        assert session.state == "port"


def test_main_unit_and_extender_show_one_row_of_strips_that_moves_together() -> None:
    desk = Desk("behringer_x_touch", "behringer_x_touch_extender")
    desk.run(1.0)
    main, extender = (device for device, _, _ in desk.devices)
    assert [session.state for _, _, session in desk.devices] == ["confirmed", "confirmed"]
    assert main.read(0) + extender.read(0) == [*STRIPS, *PARTS] + [""] * 6
    extender.press(0x10 + 1)
    desk.run(0.1)
    assert desk.get("accompaniment.band.guitar.mute") == 1.0
    assert extender.leds[0x11] == 0x7F
    main.press(0x31)  # all strips are in sight: the bank stays where it is
    desk.run(0.1)
    assert main.read(0)[0] == "Drums"


def test_the_bank_moves_names_faders_lights_and_colours(desk: Desk, device: SimulatedXTouch) -> None:
    desk.set("stems.vocals.gain_db", -20.0)
    desk.set("accompaniment.band.pad.mute", True)
    device.press(0x31)
    device.press(0x31)
    desk.run(0.5)
    assert device.read(0) == [*STRIPS[2:], *PARTS]
    assert device.faders[0] == to_position(-20.0)
    assert device.faders[3] == 0
    assert device.leds[0x10 + 6] == 0x7F
    device.press(0x2E)
    desk.run(0.5)
    assert device.read(0)[0] == "Drums"
    assert device.leds[0x10 + 6] == 0x00


def test_the_colours_of_all_strips_are_one_message_and_no_name_is_in_the_dark() -> None:
    desk = Desk("behringer_x_touch", "behringer_x_touch_extender")
    desk.run(1.0)
    for device, port, _ in desk.devices:
        assert all(colour > 0 for name, colour in zip(device.read(0), device.colours, strict=True) if name)
        sent = [message for message in port.sent if message[0] == 0xF0 and message[5] == 0x72]
        assert len(sent) == 2  # the goodbye to whoever was there before, and the one of now
    main, extender = (device for device, _, _ in desk.devices)
    assert len(set(main.colours[:5])) == 5
    assert extender.colours[2:] == [0] * 6


def test_no_motor_moves_against_a_finger_and_the_last_value_comes_at_release(
    desk: Desk, device: SimulatedXTouch
) -> None:
    device.touch(0, True)
    desk.run(0.02)
    device.moves.clear()
    for i in range(50):
        device.move(0, 8000 + 100 * i)
        desk.run(0.01)
        desk.set("stems.drums.gain_db", -30.0 + i / 10)  # feedback of 200 ms ago, come back from elsewhere
        desk.run(0.01)
    assert device.moves == []
    device.touch(0, False)
    desk.run(0.5)
    assert device.moves == [(0, to_position(-30.0 + 4.9))]


def test_a_fader_that_was_moved_by_hand_stays_where_it_is(desk: Desk, device: SimulatedXTouch) -> None:
    device.moves.clear()
    device.touch(1, True)
    for position in range(0, 16000, 500):
        device.move(1, position)
        desk.run(0.01)
    device.touch(1, False)
    desk.run(1.0)
    assert desk.get("stems.bass.gain_db") == pytest.approx(-60 + 72 * 15500 / 16383)
    assert all(abs(position - 15500) <= 16 for _, position in device.moves)
    assert len(device.moves) <= 1


def test_without_a_touch_message_a_moved_fader_is_left_alone_for_a_moment(desk: Desk, device: SimulatedXTouch) -> None:
    device.moves.clear()
    device.move(0, 5000)
    desk.run(0.05)
    desk.set("stems.drums.gain_db", -10.0)
    desk.run(0.2)
    assert device.moves == []
    desk.run(0.5)
    assert device.moves == [(0, to_position(-10.0))]


def test_a_touch_that_is_never_released_ends_by_itself(desk: Desk, device: SimulatedXTouch) -> None:
    device.touch(0, True)
    desk.run(0.1)
    desk.set("stems.drums.gain_db", -10.0)
    desk.run(5.0)
    assert device.faders[0] == to_position(0.0)
    desk.run(10.0)
    assert device.faders[0] == to_position(-10.0)


def test_the_master_fader_is_the_band_as_is_its_strip(desk: Desk, device: SimulatedXTouch) -> None:
    device.touch(8, True)
    device.move(8, 4000)
    desk.run(0.1)
    assert desk.get("synth.gain_db") == pytest.approx(-60 + 72 * 4000 / 16383)
    assert abs(device.faders[4] - 4000) <= 1
    assert device.faders[8] == to_position(0.0)


def test_knobs_turn_by_sign_and_size_and_their_rings_follow(desk: Desk, device: SimulatedXTouch) -> None:
    for value in (0x01, 0x01, 0x41, 0x41):
        device.turn(0, value)
        desk.run(0.01)
    assert desk.get("accompaniment.band.intensity") == pytest.approx(0.5)
    device.turn(0, 0x0F)
    desk.run(0.1)
    assert desk.get("accompaniment.band.intensity") == pytest.approx(0.65)
    device.turn(0, 0x4F)
    device.turn(0, 0x41)
    for _ in range(6):
        device.turn(0, 0x4F)
    desk.run(0.1)
    assert desk.get("accompaniment.band.intensity") == 0.0
    assert device.rings[0] == 0x21
    device.press(0x20)
    desk.run(0.1)
    assert desk.get("accompaniment.band.intensity") == 0.5
    assert device.rings[0] == 0x26


def test_keys_are_styles_sections_presets_fill_drop_out_and_panic(desk: Desk, device: SimulatedXTouch) -> None:
    styles = desk.bus.registry.get_control("accompaniment.band.style").choices
    device.press(0x37)
    desk.run(0.1)
    assert styles[int(desk.get("accompaniment.band.style"))] == "funk"
    assert [device.leds[0x36 + i] for i in range(8)] == [0, 0x7F, 0, 0, 0, 0, 0, 0]
    device.press(0x40)
    desk.run(0.1)
    sections = desk.bus.registry.get_control("accompaniment.band.section").choices
    assert sections[int(desk.get("accompaniment.band.section"))] == "chorus"
    for note in (0x28, 0x29, 0x2A, 0x5D):
        device.press(note)
    desk.run(0.1)
    assert desk.actions == [
        ("preset.load", "karaoke"),
        ("preset.load", "drumless"),
        ("preset.load", "rehearsal"),
        ("transport.panic", ""),
    ]
    for note, control in ((0x5E, "fill"), (0x5F, "dropout")):
        device.inbox.append(bytes((0x90, note, 0x7F)))
        desk.run(0.1)
        assert desk.get(f"accompaniment.band.{control}") == 1.0
        assert device.leds[note] == 0x7F
        device.inbox.append(bytes((0x90, note, 0x00)))
        desk.run(0.1)
        assert desk.get(f"accompaniment.band.{control}") == 0.0
        assert device.leds[note] == 0x00


def test_the_lower_line_shows_the_chord_on_the_page_of_the_song(desk: Desk, device: SimulatedXTouch) -> None:
    desk.bus.publish("accompaniment.chord", 1000, "F#m7b5", 0.9)
    device.press(0x35)
    desk.run(0.5)
    assert device.read(1) == ["F#m7b5", "", "", "pop", "auto", "50%", "50%", "0%"]
    desk.bus.publish("mir.tempo", 1000, 123.4, 0.9)
    desk.bus.publish("accompaniment.chord", 2000, "Cmaj7/E", 0.9)
    desk.run(0.5)
    assert device.read(1)[:3] == ["Cmaj7/E", "", "123.4"]
    device.press(0x34)
    desk.run(0.5)
    assert device.read(1) == ["0.0dB"] * 5 + [""] * 3


def test_of_the_display_only_what_changed_is_sent(desk: Desk, device: SimulatedXTouch) -> None:
    device.received.clear()
    _, port, _ = desk.devices[0]
    port.log.clear()
    desk.set("stems.vocals.gain_db", -6.0)
    desk.run(0.5)
    texts = [message for message in device.received if message[5:6] == b"\x12"]
    assert texts == [b"\xf0\x00\x00\x66\x14\x12" + bytes((0x38 + 14,)) + b"-6.0dB \xf7"]


def test_the_beat_flashes(desk: Desk, device: SimulatedXTouch) -> None:
    for number in range(4):
        desk.bus.publish("mir.beat", 1000 * number, number, 4, 120.0, 0.9, number)
        desk.run(0.02)
        assert device.leds[0x72] == 0x7F
        desk.run(0.3)
        assert device.leds[0x72] == 0x00


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


@pytest.mark.parametrize("name", [*MAINS, "behringer_x_touch_extender"])
def test_at_the_end_it_is_dark_and_its_motors_rest(name: str) -> None:
    desk = Desk(name)
    device = desk.devices[0][0]
    for item in desk.bus.registry.controls:
        if item.kind == "switch" and "reserve" not in item.name:
            desk.set(item.name, True)
    desk.run(2.0)
    for channel in CHANNELS:
        desk.bus.publish("meters", channel, -3.0, -10.0, *[-60.0] * 4)
    desk.run(0.5)
    assert not device.is_dark()
    assert name not in MAINS or min(device.meters[:5]) > 0
    session, faders = desk.devices[0][2], list(device.faders)
    session.close(desk.now_s)
    desk.run(3.0)
    assert session.is_closed
    assert device.is_dark()
    assert device.faders == faders


def test_what_was_unplugged_shows_all_again_when_it_is_back(desk: Desk, device: SimulatedXTouch) -> None:
    desk.set("stems.drums.mute", True)
    desk.run(0.5)
    shown = device.lcd.copy(), device.colours, device.leds, device.rings, device.faders
    device.switch_on()
    desk.devices[0][1].log.clear()
    desk.devices[0][2].start(desk.now_s)
    desk.run(2.0)
    leds = {note: value for note, value in device.leds.items() if note in shown[2]}
    assert (device.lcd, device.colours, leds, device.rings, device.faders) == shown


def test_a_strip_that_does_not_exist_does_nothing(desk: Desk, device: SimulatedXTouch) -> None:
    device.press(0x31)
    device.press(0x31)
    desk.run(0.5)
    before = dict(desk.bus.values())
    for message in ("E6 00 00", "90 0E 7F", "90 0E 00", "EF 00 40", "90 7F 7F", "90 6E 7F", "90 6E 00"):
        device.inbox.append(bytes.fromhex(message))
    desk.run(0.5)
    assert dict(desk.bus.values()) == before


traffic = st.one_of(
    st.binary(max_size=20),
    st.tuples(st.integers(0x80, 0xEF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.binary(max_size=20).map(lambda data: b"\xf0\x00\x00\x66\x14" + bytes(byte & 0x7F for byte in data) + b"\xf7"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(traffic, max_size=80))
def test_any_traffic_is_survived_and_the_controls_stay_in_range(messages: list[bytes]) -> None:
    desk = Desk("behringer_x_touch")
    device, port, session = desk.devices[0]
    for message in messages:
        device.inbox.append(message)
        desk.run(TICK_S)
    device.inbox += [bytes((0x90, note, 0)) for note in range(128)]
    desk.run(12.0)
    port.log.clear()
    device.received.clear()
    desk.run(3.0)
    assert len(port.log) <= 2  # nothing is said for ever but the question who it is
    assert not session.is_gone
    for control in desk.bus.registry.controls:
        assert control.low <= desk.get(control.name) <= control.high

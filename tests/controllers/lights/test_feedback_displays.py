"""Feedback on displays and meters: names, text and levels, with the strips that the bank shows."""

from __future__ import annotations

from tests.controllers.rig import DeviceRig

BAND = "accompaniment.band"


def test_chord_names_are_on_a_display_in_ascii_and_filled() -> None:
    text = '[[feedback]]\nsource = "mir.chord.label"\nvalue = "F0 00 00 66 14 12 38 {text:7} F7"'
    rig = DeviceRig(text)
    rig.take()
    rig.bus.publish("mir.chord", 0, "B♭m7", 1.0)
    head, end = "F0 00 00 66 14 12 38 ", " F7"
    assert rig.take() == [head + b"Bbm7   ".hex(" ").upper() + end]
    rig.bus.publish("mir.chord", 999, "Bbm7", 0.5)
    assert rig.take() == []
    rig.bus.publish("mir.chord", 999, "F#maj7/C#", 0.5)
    assert rig.take() == [head + b"F#maj7/".hex(" ").upper() + end]


STRIPS = """
[[feedback]]
strip = 1
function = "name"
count = 3
value = "F0 12 {i*7} {text:7} F7"
[[feedback]]
strip = 1
function = "mute"
count = 3
on = "90 {0x10+i} 7F"
off = "90 {0x10+i} 00"
[[feedback]]
strip = 1
function = "meter"
count = 3
value = "D0 {i*16+v}"
range = [-60, 0]
to = [0, 12]
every_ms = 30
repeat_ms = 100
"""
BANKS = """
[[input]]
midi = "note 47"
button = "momentary"
bank = 2
"""


def name_cell(index: int, name: str) -> str:
    return f"F0 12 {7 * index:02X} {name.ljust(7).encode().hex(' ').upper()} F7"


def test_strips_show_what_the_bank_has_there_and_those_that_do_not_exist_are_blank() -> None:
    rig = DeviceRig(STRIPS.replace("count = 3", "count = 6"), device="strips = 6")
    rig.set("stems.other.mute", 1)
    sent = rig.take()
    names = ["Drums", "Bass", "Vocals", "Other", "", ""]
    assert [m for m in sent if m.startswith("F0")] == [name_cell(i, name) for i, name in enumerate(names)]
    assert [m for m in sent if m.startswith("90")] == [f"90 {0x10 + i:02X} {0x7F * (i == 3):02X}" for i in range(6)]
    assert [m for m in sent if m.startswith("D0")] == [f"D0 {i:X}0" for i in range(6)]


def test_a_bank_move_sends_the_strips_that_are_different_there() -> None:
    rig = DeviceRig(STRIPS + BANKS, device="strips = 3")
    rig.set("stems.other.mute", 1)
    rig.take()
    rig.send("90 2F 7F", "90 2F 00")
    assert sorted(rig.take()) == ["90 12 7F", name_cell(0, "Bass"), name_cell(1, "Vocals"), name_cell(2, "Other")]
    rig.set("stems.bass.mute", 1)
    assert rig.take() == ["90 10 7F"]
    rig.set("stems.drums.mute", 1)
    assert rig.take() == []


def test_meters_are_repeated_while_they_are_up_and_end_with_their_source() -> None:
    rig = DeviceRig(STRIPS, device="strips = 3")
    rig.take()
    rig.bus.publish("meters", "drums", -30.0, -40.0, *[-60.0] * 4)
    assert rig.take(after_s=0.05) == ["D0 06"]
    assert rig.take(after_s=0.05) == []
    rig.bus.publish("meters", "drums", -30.0, -40.0, *[-60.0] * 4)
    assert rig.take(after_s=0.06) == ["D0 06"]
    rig.bus.publish("meters", "bass", -80.0, -90.0, *[-60.0] * 4)
    assert rig.take() == []
    for _ in range(8):
        rig.take(after_s=0.1)
    assert rig.take(after_s=0.5) == ["D0 00"]  # nobody measures any more
    assert rig.take(after_s=10) == []


def test_a_meter_is_sent_no_more_often_than_it_may_be() -> None:
    rig = DeviceRig(STRIPS, device="strips = 3")
    rig.take()
    sent: list[str] = []
    for k in range(100):  # each 10 ms for a second
        rig.bus.publish("meters", "drums", -60.0 + 7 * k % 60, -60.0, *[-60.0] * 4)
        sent += rig.take(after_s=0.01)
    assert 25 <= len(sent) <= 34
    rig.take(after_s=0.1)
    assert rig.sent[-1] == f"D0 {round(7 * 99 % 60 / 5):02X}"


def test_names_are_shortened_so_that_they_differ() -> None:
    text = STRIPS.replace("count = 3", "count = 8")
    rig = DeviceRig(text, BAND, "synth.plain", device="strips = 8")
    names = ["Drums", "Bass", "Vocals", "Other", "Band", "BndDrms", "BandBss", "BandKys"]
    assert [m for m in rig.take() if m.startswith("F0")] == [name_cell(i, name) for i, name in enumerate(names)]


def test_a_meter_that_does_not_fall_by_itself_ends_with_its_source() -> None:
    text = '[[feedback]]\nsource = "meters[drums].peak_db"\nvalue = "B0 10 {v}"\nrange = [-60, 0]'
    rig = DeviceRig(text)
    rig.take()
    for _ in range(30):
        rig.bus.publish("meters", "drums", -30.0, -36.0, *[-60.0] * 4)
        rig.take(after_s=0.1)
    assert rig.sent[1:] == ["B0 10 40"]
    assert rig.take(after_s=0.8) == []
    assert rig.take(after_s=0.3) == ["B0 10 00"]

"""X-Touch: faders, knobs and keys, and motors that do not fight the hand."""

from __future__ import annotations

import pytest

from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.controllers.mcu.x_touch.x_touch_desk import (
    Desk,
    to_position,
)


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

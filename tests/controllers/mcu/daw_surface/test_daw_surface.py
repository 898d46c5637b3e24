"""DAW surface: a DAW's strips show stems, whichever side moves, however late or often the DAW answers."""

from __future__ import annotations

import pytest

from bridge.core.audio import STEMS
from tests.controllers.mcu.daw_surface.surface_desk import STEP_DB, TICK_S, Desk, to_db


def test_the_values_of_the_daw_win_at_the_start(desk: Desk) -> None:
    assert [desk.gain_db(stem) for stem in STEMS] == pytest.approx([to_db(12000)] * 4)
    assert desk.sent == []


def test_a_fader_of_the_daw_moves_the_stem_of_that_name_alone(desk: Desk) -> None:
    desk.daw.move(2, 3000, desk.now_s)
    desk.run(0.2)
    assert desk.gain_db("bass") == pytest.approx(to_db(3000))
    assert desk.gain_db("drums") == pytest.approx(to_db(12000))


def test_a_track_of_another_name_moves_nothing(desk: Desk) -> None:
    before = dict(desk.bus.values())
    desk.daw.move(0, 0, desk.now_s)
    desk.daw.click(0, "mute", desk.now_s)
    desk.run(1.0)
    assert dict(desk.bus.values()) == before


@pytest.mark.parametrize("switch", ["mute", "solo"])
def test_a_button_of_the_daw_switches_the_stem_and_back(desk: Desk, switch: str) -> None:
    for expected in (True, False):
        desk.daw.click(3, switch, desk.now_s)
        desk.run(0.2)
        assert desk.is_on("vocals", switch) == expected
    assert desk.sent == []


def test_a_stem_that_changes_here_is_touched_moved_and_let_go(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -24.0, "osc")
    sent = desk.run(1.0)
    position = round((60 - 24) / 72 * 16383)
    move = bytes((0xE1, position & 0x7F, position >> 7))
    assert sent == [bytes((0x90, 0x69, 0x7F)), move, bytes((0x90, 0x69, 0x00))]
    assert to_db(desk.daw.tracks[1].fader) == pytest.approx(-24.0, abs=0.01)
    assert desk.gain_db("drums") == -24.0


@pytest.mark.parametrize(("switch", "note"), [("mute", 0x11), ("solo", 0x09)])
def test_a_stem_that_is_switched_here_presses_and_releases_once(desk: Desk, switch: str, note: int) -> None:
    desk.bus.set(f"stems.drums.{switch}", True, "osc")
    assert desk.run(3.0) == [bytes((0x90, note, 0x7F)), bytes((0x90, note, 0x00))]
    assert getattr(desk.daw.tracks[1], switch)
    assert desk.is_on("drums", switch)


def test_a_light_that_is_already_right_is_not_pressed(desk: Desk) -> None:
    desk.daw.click(1, "mute", desk.now_s)
    desk.bus.set("stems.drums.mute", True, "osc")  # both at once
    assert desk.run(3.0) == []
    assert desk.is_on("drums", "mute")
    assert desk.daw.tracks[1].mute


def test_a_sweep_is_one_touch_and_its_late_echoes_do_not_move_it(desk: Desk) -> None:
    desk.daw.delay_s = 0.2
    sent = []
    for i in range(50):
        desk.bus.set("stems.vocals.gain_db", -60.0 + i, "osc")
        sent += desk.run(0.01)
        assert desk.gain_db("vocals") == -60.0 + i
    sent += desk.run(2.0)
    touches = [message[2] for message in sent if message[:2] == bytes((0x90, 0x6B))]
    assert touches == [0x7F, 0]
    assert len([message for message in sent if message[0] == 0xE3]) <= 26  # one in two of the changes
    assert desk.gain_db("vocals") == -11.0
    assert to_db(desk.daw.tracks[3].fader) == pytest.approx(-11.0, abs=0.01)


def test_a_daw_that_rounds_gets_no_second_message(desk: Desk) -> None:
    desk.daw.step = 16
    desk.bus.set("stems.drums.gain_db", -11.111, "osc")
    assert len(desk.run(3.0)) == 3
    assert desk.gain_db("drums") == -11.111


def test_a_daw_that_rounds_coarsely_is_right_in_the_end(desk: Desk) -> None:
    desk.daw.step = 512
    desk.bus.set("stems.drums.gain_db", -11.111, "osc")
    assert len(desk.run(3.0)) == 3
    assert desk.gain_db("drums") == pytest.approx(to_db(desk.daw.tracks[1].fader))


def test_silence_arrives_as_silence(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -59.97, "osc")
    desk.run(1.0)
    desk.bus.set("stems.drums.gain_db", -60.0, "osc")
    desk.run(1.0)
    assert desk.daw.tracks[1].fader == 0


def test_small_changes_add_up_to_a_move(desk: Desk) -> None:
    desk.bus.set("stems.drums.gain_db", -20.0, "osc")
    desk.run(1.0)
    for i in range(1, 11):
        desk.bus.set("stems.drums.gain_db", -20.0 + i * STEP_DB / 2, "osc")
        desk.run(1.0)
    assert to_db(desk.daw.tracks[1].fader) == pytest.approx(-20.0 + 5 * STEP_DB, abs=STEP_DB)


def test_a_button_that_the_daw_does_not_answer_is_pressed_three_times_and_then_left(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.daw.answers = False
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.run(60.0)
    assert desk.daw.presses == 3
    assert "the DAW does not answer the button of strip 3" in caplog.text
    assert desk.is_on("bass", "mute")


def test_a_button_pressed_again_before_the_answer_ends_as_the_user_wants(desk: Desk) -> None:
    desk.daw.delay_s = 0.4
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.run(0.1)
    desk.bus.set("stems.bass.mute", False, "osc")
    desk.run(3.0)
    assert not desk.is_on("bass", "mute")
    assert not desk.daw.tracks[2].mute
    assert desk.daw.presses == 2


def test_a_light_that_is_sent_again_unchanged_is_no_answer(desk: Desk) -> None:
    desk.daw.delay_s = 0.5
    desk.bus.set("stems.bass.mute", True, "osc")
    for _ in range(40):
        desk.surface.receive(bytes((0x90, 0x12, 0x00)), desk.now_s)
        desk.run(0.01)
    desk.run(3.0)
    assert desk.daw.presses == 1
    assert desk.is_on("bass", "mute")


def test_a_blinking_mute_is_not_a_mute(desk: Desk) -> None:
    desk.surface.receive(bytes((0x90, 0x12, 0x01)), desk.now_s)
    desk.run(1.0)
    assert not desk.is_on("bass", "mute")
    desk.bus.set("stems.bass.mute", True, "osc")
    desk.run(1.0)
    assert desk.daw.presses == 1


def test_a_fader_in_motion_is_followed_at_once(desk: Desk) -> None:
    desk.daw.move(1, 100, desk.now_s)
    desk.run(0.1)
    for position in range(200, 2000, 100):
        desk.daw.move(1, position, desk.now_s)
        desk.run(TICK_S)
        assert desk.gain_db("drums") == pytest.approx(to_db(position))


def test_of_two_moves_at_once_ours_counts_in_a_daw_that_does_not_repeat_moves(desk: Desk) -> None:
    desk.daw.echoes = False
    desk.daw.move(1, 100, desk.now_s)
    desk.run(0.02)
    desk.bus.set("stems.drums.gain_db", -20.0, "osc")
    desk.run(3.0)
    assert desk.gain_db("drums") == -20.0
    assert to_db(desk.daw.tracks[1].fader) == pytest.approx(-20.0, abs=0.01)

"""The command ``sideman learn``, beside a server and a hand that moves faders."""

from __future__ import annotations

import json
import time

from tests.controllers.simulated_devices import send_controller
from tests.learn_commands.learn_desk import MAPPING, UP_DOWN, VOCALS, Command, Desk


def test_a_fader_that_is_moved_is_vocals_and_undo_takes_it_back(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    desk.move()
    status, out, err = command.finish()
    assert (status, err) == (0, "")
    assert "stems.vocals.gain_db is on cc 79 ch 9 of Box" in out
    assert "hold Shift to see the lights" in out
    mapping = desk.read_mapping()
    assert mapping is not None
    assert [one.target.control.name for one in mapping.inputs] == [VOCALS]  # type: ignore[union-attr]
    status, out, _ = Command(desk, "learn", "--undo").finish()
    assert status == 0
    assert "removed" in out
    assert not desk.file.exists()


def test_json_is_the_whole_output(desk: Desk) -> None:
    command = Command(desk, "learn", "mute", "vocals", "--json")
    desk.wait_for_start()
    desk.press()
    status, out, _ = command.finish()
    assert status == 0
    learned = json.loads(out)
    assert (learned["state"], learned["control"], learned["message"]) == (
        "learned",
        "stems.vocals.mute",
        "note 36 ch 10",
    )


def test_a_terminal_shows_what_moves_and_takes_it_without_a_key(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move()
    status, shown, _ = command.finish()
    assert status == 0
    assert "cc 79 ch 9 on Box: fader or knob" in shown
    assert "is on cc 79 ch 9" in shown


def test_what_does_something_already_is_taken_by_enter_alone(desk: Desk) -> None:
    first = Command(desk, "learn", "bass")
    desk.wait_for_start()
    desk.move()
    first.finish()
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move()
    command.wait_for("now stems.bass.gain_db")
    command.type("\n")
    status, shown, _ = command.finish()
    assert status == 0
    assert "no longer stems.bass.gain_db" in shown


def test_what_is_refused_is_tried_once_and_says_why_until_something_else_is_moved(desk: Desk) -> None:
    command = Command(desk, "learn", "other", "gain", terminal=True)
    desk.wait_for_start()
    desk.press()
    command.wait_for("stems.other.gain_db takes a fader or knob")
    desk.wait_for_updates(100)
    assert desk.takes == ["1"]
    desk.move()
    command.wait_for("cc 79 ch 9")
    command.type("\n")
    status, shown, _ = command.finish()
    assert status == 0
    assert desk.takes == ["1", "1"]
    assert "learn.take:" not in shown
    assert "learn a value: stems.other.gain_db 0" in " ".join(shown.split())


def test_a_fader_that_does_it_already_is_taken_without_a_key(desk: Desk) -> None:
    first = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    desk.move()
    first.finish()
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move()
    status, shown, _ = command.finish()
    assert status == 0
    assert "does this already" in shown
    assert "is on cc 79 ch 9 of Box, as before" in shown
    assert "no longer" not in shown


def test_the_second_of_two_is_taken_by_its_number(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move(80, UP_DOWN[:10])
    desk.move(79)
    command.wait_for("cc 80 ch 9")
    command.type("2\n")
    status, shown, _ = command.finish()
    assert status == 0
    assert "is on cc 80 ch 9" in shown


def test_the_likeliest_of_two_is_taken_without_a_terminal_where_that_is_asked_for(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", "--first")
    desk.wait_for_start()
    desk.move(80, UP_DOWN[:10])
    desk.move(79)
    status, out, _ = command.finish()
    assert status == 0
    assert "is on cc 79 ch 9" in out


def test_a_second_program_that_learns_ends_the_first_without_its_result(desk: Desk) -> None:
    first = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    second = Command(desk, "learn", "bass")
    status, out, err = first.finish()
    assert status == 2
    assert "another program learns stems.bass.gain_db now; learn stems.vocals.gain_db again" in err
    desk.move()
    status, out, _ = second.finish()
    assert status == 0
    assert "stems.bass.gain_db is on cc 79 ch 9 of Box" in out


def test_what_does_something_else_already_is_said_in_a_script_with_the_way_to_take_it(desk: Desk) -> None:
    desk.file.parent.mkdir()
    desk.file.write_text(MAPPING)
    command = Command(desk, "learn", "bass", read=True)
    desk.wait_for_start()
    for _, message in send_controller(0, 1, UP_DOWN):
        desk.learn.observe("Box", message, time.monotonic())
    command.wait_for("now stems.vocals.gain_db, which it will do no longer (--first takes it)")
    command.interrupt()
    status, _, _ = command.finish()
    assert status == 130
    assert "Nothing was changed." in command.shown


def test_undo_and_forget_print_json(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", "--json")
    desk.wait_for_start()
    desk.move()
    command.finish()
    for words, state in ((("vocals", "--forget"), "forgotten"), (("--undo",), "undone")):
        status, out, _ = Command(desk, "learn", *words, "--json").finish()
        assert status == 0
        assert (json.loads(out)["state"], json.loads(out)["control"]) == (state, VOCALS)


def test_a_value_and_a_synonym_are_learned_by_a_button(desk: Desk) -> None:
    command = Command(desk, "learn", "vox", "-6", read=True)
    command.wait_for("Press the button or pad that is to do it.")
    desk.press()
    status, out, _ = command.finish()
    assert status == 0
    assert f"{VOCALS} -6.0 is on note 36 ch 10 of Box" in out
    assert "value = -6\n" in desk.file.read_text()

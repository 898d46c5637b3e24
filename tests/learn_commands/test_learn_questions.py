"""The command ``sideman learn``: words that mean several controls or none, lists, and what is forgotten."""

from __future__ import annotations

import re

from tests.learn_commands.learn_desk import Command, Desk
from tests.waiting import until


def test_words_that_mean_nothing_are_answered_with_what_there_is(desk: Desk) -> None:
    for words, error in (
        (("preset",), "preset.load: which name?; write it behind: drumless, karaoke, rehearsal"),
        (("preset", "nope"), "no preset is named nope"),
    ):
        status, _, err = Command(desk, "learn", *words).finish()
        assert status == 2
        assert error in err


def test_an_interrupt_leaves_all_as_it_was(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    command.interrupt()
    status, shown, _ = command.finish()
    assert status == 130
    assert "Nothing was changed." in shown
    until("learning ended", lambda: not desk.learn.listening)
    assert not desk.file.exists()


def test_words_that_mean_several_controls_are_asked_for_in_a_terminal_and_refused_without(desk: Desk) -> None:
    status, _, err = Command(desk, "learn", "mute").finish()
    assert status == 2
    assert "stems.drums.mute, stems.bass.mute" in err
    command = Command(desk, "learn", "mute", terminal=True)
    command.wait_for("Which one?")
    command.type("2\n")
    desk.wait_for_start()
    desk.press()
    status, shown, _ = command.finish()
    assert status == 0
    assert "stems.bass.mute is on note 36 ch 10" in shown


def test_an_interrupt_at_the_question_which_one_begins_nothing(desk: Desk) -> None:
    command = Command(desk, "learn", "gain", terminal=True)
    command.wait_for("Which one?")
    assert "Fader of the bass stem" in command.shown
    command.interrupt()
    status, shown, _ = command.finish()
    assert status == 130
    assert "Nothing was changed." in shown
    assert not desk.learn.listening


def test_an_encoder_is_asked_to_be_turned_both_ways(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals", terminal=True)
    desk.wait_for_start()
    desk.move(16, [1, 1, 1, 1])
    command.wait_for("now turn it to the left")
    desk.move(16, [65, 65, 65, 65])
    status, shown, _ = command.finish()
    assert status == 0
    assert "endless knob (sign bit)" in shown


def test_what_is_forgotten_is_bound_no_more(desk: Desk) -> None:
    command = Command(desk, "learn", "vocals")
    desk.wait_for_start()
    desk.move()
    command.finish()
    status, out, _ = Command(desk, "learn", "vocals", "--forget").finish()
    assert status == 0
    assert "removed from Box" in out
    status, _, err = Command(desk, "learn", "vocals", "--forget").finish()
    assert status == 2
    assert "no connected device has anything that sets stems.vocals.gain_db" in err


def test_without_a_name_it_lists_what_can_be_learned_in_80_columns(desk: Desk) -> None:
    status, out, _ = Command(desk, "learn").finish()
    assert status == 0
    assert re.search(r"^stems\.drums bass vocals other +gain_db, mute, solo", out, re.MULTILINE)
    assert "sideman learn vocals" in out
    assert "latency" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_without_a_sidecar_it_says_what_to_start(desk: Desk) -> None:
    for words in (("learn", "vocals"), ("learn", "--undo"), ("controllers",)):
        process = Command(desk, *words, "--port", "1")
        status, _, err = process.finish()
        assert status == 1
        assert "is sideman run running?" in err

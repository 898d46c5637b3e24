"""Interface: what each key does, in which order keys are asked, and faults that stay in their place."""

from __future__ import annotations

import pytest

from tests.tui.plain_screen import PlainScreen
from tests.tui.rig import SessionRig
from tui.core.rows import Row
from tui.core.screen import Context, KeyAction, TextField
from tui.interface.interface import Interface
from tui.interface.snapshot import to_lines
from tui.keys.keymap import Keymap
from tui.overlays.help import merge_numbered

CHARACTERS = {"exclamation_mark": "!", "question_mark": "?", "slash": "/", "space": " ", "minus": "-"}


class KeyRig:
    """An interface of two plain screens, and a clock that each key moves on by a second."""

    def __init__(self, keymap: Keymap | None = None) -> None:
        self.rig = SessionRig()
        self.interface = Interface(self.rig.context, (PlainScreen(), PlainScreen("other", "Other", "o")), keymap)
        self.now_s = 100.0

    def press(self, *keys: str, gap_s: float = 1.0) -> None:
        for key in keys:
            self.now_s += gap_s
            self.interface.press(key, CHARACTERS.get(key, key if len(key) == 1 else None), self.now_s)

    def type(self, text: str) -> None:
        names = {sign: name for name, sign in CHARACTERS.items()}
        self.press(*(names.get(one, one) for one in text))

    def read(self) -> str:
        return to_lines(self.interface.draw(self.now_s))

    @property
    def calls(self) -> list[tuple[str, ...]]:
        return self.rig.remote.calls


def test_brackets_letters_and_function_keys_go_to_screens() -> None:
    keys = KeyRig()
    shown: list[str] = []
    keys.interface.show_screen = lambda screen: shown.append(screen.name)
    keys.press("right_square_bracket", "right_square_bracket", "g", "o", "f2", "f10", "left_square_bracket")
    assert shown == ["other", "plain", "other", "plain", "other"]
    keys.press("g")
    assert "o  Other" in keys.read()
    keys.press("x")
    assert "no screen has this letter" in keys.read()


def test_panic_goes_before_a_question_a_field_and_an_overlay() -> None:
    keys = KeyRig()
    view = keys.rig.context.view
    view.asked = ("delete it?", lambda: None)
    view.field = TextField("Find")
    keys.press("exclamation_mark", "f12")
    assert [call[0] for call in keys.calls] == ["transport.panic"] * 2
    assert view.asked is not None, "what was asked is still open"
    assert "PANIC" in keys.rig.context.view.message


def test_a_sign_that_comes_with_others_is_a_paste_and_no_panic() -> None:
    keys = KeyRig()
    keys.press("a", "exclamation_mark", gap_s=0.001)
    assert keys.calls == []
    assert "press it again" in keys.read()
    keys.press("exclamation_mark")
    assert [call[0] for call in keys.calls] == ["transport.panic"]


def test_panic_makes_the_mix_dry_where_the_sidecar_can_and_undo_ends_it() -> None:
    keys = KeyRig()
    keys.rig.session.feed("/controls/action", ("/transport/panic", "s", "Release."), 0.0)
    keys.rig.session.feed("/controls/arguments", ("/transport/panic", 1, 1, 0, 1, "dry"), 0.0)
    keys.press("exclamation_mark")
    assert keys.calls == [("transport.panic", "dry")]
    assert "the mix is dry · u undoes it" in keys.read()
    keys.rig.session.values["stems.dry"] = 1.0
    keys.press("exclamation_mark")
    assert "the mix is dry" in keys.read()
    assert "u undoes it" not in keys.read(), "it was dry before"


def test_a_question_is_answered_by_enter_and_by_nothing_else() -> None:
    keys = KeyRig()
    done: list[str] = []
    for key, expected in (("escape", []), ("m", []), ("enter", ["deleted"])):
        keys.rig.context.view.asked = ("delete it?", lambda: done.append("deleted"))
        keys.press(key)
        assert done == expected
    assert not keys.rig.session.is_on("stems.drums.mute"), "the key was the answer, and nothing else"


def test_a_field_takes_signs_and_leaves_movements_to_the_screen() -> None:
    keys = KeyRig()
    typed: list[str] = []
    view = keys.rig.context.view
    view.field = TextField("Find", on_change=typed.append, on_submit=typed.append)
    keys.type("mq?")
    keys.press("up", "enter")
    assert typed == ["m", "mq", "mq?", "mq?"]
    assert keys.rig.context.view.field is None, "it is closed"
    assert not keys.rig.session.is_on("stems.drums.mute")


def test_a_field_that_the_screen_does_not_draw_is_in_place_of_the_message() -> None:
    keys = KeyRig()
    keys.press("ctrl+s")
    keys.type("late set")
    assert keys.read().splitlines()[-2] == " Save as preset › late set▏"
    keys.press("enter")
    assert keys.calls == [("preset.save", "late set")]


def test_help_has_every_key_and_finds_words() -> None:
    keys = KeyRig()
    keys.press("question_mark")
    text = keys.read()
    assert "Mute the drums." in text
    seen = text
    for _ in range(6):
        keys.press("pagedown")
        seen += keys.read()
    for action in (*keys.interface.screen.actions, *keys.interface.app_actions):
        assert action.doc[:30] in seen, action.name
    keys.press("slash")
    keys.type("rare")
    assert "Mute the drums." not in keys.read()
    keys.press("escape", "escape")
    assert "80×19 row 1" in keys.read()


def test_the_palette_finds_controls_by_name_and_by_description_and_opens_them() -> None:
    keys = KeyRig()
    keys.press("ctrl+p")
    keys.type("voc mute")
    assert "▌stems vocals mute" in keys.read()
    keys.press("enter")
    assert "▌stems.vocals.mute" in keys.read()
    keys.press("enter")
    assert keys.rig.session.is_on("stems.vocals.mute")
    keys.press("escape", "ctrl+p")
    keys.type("other")
    keys.press("enter")
    assert keys.interface.screen.name == "other"
    keys.press("ctrl+p")
    keys.type("xyzzy")
    assert "nothing fits" in keys.read()


def test_the_palette_does_actions_and_asks_for_their_arguments() -> None:
    keys = KeyRig()
    keys.press("ctrl+p")
    keys.type("preset load")
    keys.press("enter")
    keys.type("karaoke")
    keys.press("enter")
    assert keys.calls == [("preset.load", "karaoke")]
    assert "preset.load: done" in keys.read()


def test_the_own_keymap_is_what_acts_and_what_is_shown() -> None:
    keys = KeyRig(Keymap({"plain.mute": ("x",), "app.panic": ("P",)}))
    keys.press("m")
    assert not keys.rig.session.is_on("stems.drums.mute")
    keys.press("x", "P")
    assert keys.rig.session.is_on("stems.drums.mute")
    assert [call[0] for call in keys.calls] == ["transport.panic"]
    assert keys.read().splitlines()[-1].startswith(" x mute")
    keys.press("exclamation_mark")
    assert len(keys.calls) == 2, "panic keeps its own keys too"


class BrokenScreen(PlainScreen):
    """A screen with a fault in its drawing."""

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        raise ZeroDivisionError("no bars")


def test_a_fault_of_one_screen_is_said_and_the_rest_goes_on() -> None:
    rig = SessionRig()
    interface = Interface(rig.context, (BrokenScreen(), PlainScreen("other", "Other", "o")))
    text = to_lines(interface.draw(1.0))
    assert "Plain cannot be drawn: ZeroDivisionError: no bars" in text
    assert "fault of this app" in to_lines(interface.draw(1.1))
    assert len(interface.faults) == 1
    interface.press("f3", None, 2.0)
    assert "row 1" in to_lines(interface.draw(2.1))


def test_a_frame_that_cannot_be_drawn_is_said_and_keys_go_on() -> None:
    keys = KeyRig()
    keys.rig.session.feed("/clock", (0, 0, 1, "thirty-three", 1.0, 4, 120.0, "host", "locked", 0.0, 0), 1.0)
    text = keys.read()
    assert "cannot be drawn: ValueError: invalid literal" in text
    assert len(text.splitlines()) == 24
    keys.press("m", "exclamation_mark")
    assert keys.rig.session.is_on("stems.drums.mute")
    assert [call[0] for call in keys.calls] == ["transport.panic"]
    keys.rig.bus.publish("clock", 44100, 1000, 1, 33, 1.4, 4, 120.0, "host", "locked", 0.3, 7, "jack", 0.0, "")
    assert " SIDEMAN  33.1" in keys.read()


class ListScreen(PlainScreen):
    """A list of eight rows of which six are shown; the others scroll in."""

    def __init__(self) -> None:
        super().__init__()
        self.at, self.top = 1, 0

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (
            KeyAction("plain.down", ("down",), "", "Down.", lambda one: self.move(one, 1)),
            KeyAction("plain.up", ("up",), "", "Up.", lambda one: self.move(one, -1)),
        )

    def move(self, context: Context, step: int) -> None:
        self.at = min(max(self.at + step, 0), 7)
        self.top = min(max(self.top, self.at - 5), self.at)
        context.remote.call("transport.panic")

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        marks = {self.at: "▌"}
        shown = range(self.top, self.top + 6)
        return [[], *([("  ", "text"), (f"{marks.get(at, ' ')}row number {at}", "text")] for at in shown)]


def test_jump_letters_lie_over_what_can_be_selected_and_select_it() -> None:
    rig = SessionRig()
    screen = ListScreen()
    interface = Interface(rig.context, (screen,))
    interface.press("f", "f", 1.0)
    assert (screen.at, screen.top, rig.remote.calls) == (1, 0, []), "nothing was moved to find the places"
    lines = to_lines(interface.draw(1.1)).splitlines()
    assert [line[2:6] for line in lines[3:9]] == ["[a]w", "[s]w", "[d]w", "[f]w", "[g]w", "[h]w"]
    interface.press("g", "g", 2.0)
    assert screen.at == 4
    assert "[a]" not in to_lines(interface.draw(2.1))


def test_a_click_selects_the_row() -> None:
    rig = SessionRig()
    screen = ListScreen()
    interface = Interface(rig.context, (screen,))
    interface.click(10, 3)
    assert screen.at == 0
    interface.click(10, 8)
    assert screen.at == 5
    interface.click(10, 2)
    interface.click(10, 23)
    assert screen.at == 5, "there is no row"


def test_numbered_keys_are_one_row_of_the_help() -> None:
    def choose(number: int) -> KeyAction:
        return KeyAction(f"x.{number}", (str(number),), "stem", f"Select stem {number}.", lambda _: None)

    other = KeyAction("x.d", ("d",), "", "Select drums.", lambda _: None)
    [first, second] = merge_numbered([*(choose(number) for number in range(1, 10)), other])
    assert (first.label, first.doc) == ("1 … 9", "Select stem 1 … 9.")
    assert second is other


@pytest.mark.parametrize("seconds", [1.0, 29.0])
def test_a_message_stays_and_goes_an_error_stays(seconds: float) -> None:
    keys = KeyRig()
    keys.rig.context.now_s = 100.0
    keys.interface.say("saved\nwell", "good")
    assert " saved well" in to_lines(keys.interface.draw(100.0 + seconds))
    assert "saved" not in to_lines(keys.interface.draw(131.0))
    keys.interface.say("not sent", "error")
    assert "not sent" in to_lines(keys.interface.draw(1000.0))


def test_the_tempo_is_rewritten_four_times_a_second_and_the_beat_at_once() -> None:
    keys = KeyRig()
    shown = []
    for tenth in range(10):
        keys.rig.bus.publish(
            "clock", 0, 0, 1, 33, 1.0 + tenth * 0.4, 4, 120.0 + tenth, "host", "locked", 0.3, 7, "jack", 0.0, ""
        )
        head = to_lines(keys.interface.draw(200.0 + tenth / 10)).splitlines()[0].split()
        shown.append((head[1], head[3]))
    assert len({tempo for _, tempo in shown}) == 4
    assert len({position for position, _ in shown}) == 4
    assert shown[3] == ("33.2", "123.0")


def test_no_name_can_steer_the_terminal() -> None:
    keys = KeyRig()
    keys.rig.bus.publish("mir.key", 0, "G\x1b[2J\u202e major", 0.8)
    keys.interface.say("port \x1b]0;x\x07 came", "text")
    for row in keys.interface.draw(1.0):
        assert all(text.isprintable() for text, _ in row)

"""Key prefixes: what follows ``g``, ``f`` or ^P belongs to them, on every screen and whatever lies above it."""

from __future__ import annotations

import pytest

from tests.tui.rig import SessionRig
from tests.tui.sample_session import make_sample
from tui.core.screen import TextField
from tui.interface.interface import Interface
from tui.keys.app_actions import APP_ACTIONS, PREFIXES
from tui.keys.key_names import to_key
from tui.terminal.terminal import make_screens

SCREENS = {screen.name: screen.letter for screen in make_screens()}
ABOVE = {"nothing": (), "list of controls": ("ctrl+g", "down", "down"), "help": ("question_mark",)}
"""What lies above a screen, by the keys that open it."""


class PrefixRig:
    """An interface of all screens over a sidecar with music, and what was changed or called since it was made."""

    def __init__(self, screen: str) -> None:
        self.rig: SessionRig = make_sample()
        self.interface = Interface(self.rig.context, make_screens())
        self.interface.go_to(screen)
        self._now_s = 200.0
        self._before = dict(self.rig.bus.values())

    def press(self, *keys: str) -> None:
        for key in keys:
            self._now_s += 1.0
            self.interface.press(key, key if len(key) == 1 else None, self._now_s)

    @property
    def is_unchanged(self) -> bool:
        # the presets screen asks for the content of the selected one whenever it draws
        calls = [call for call in self.rig.remote.calls if call[0] != "preset.show"]
        return (dict(self.rig.bus.values()), calls) == (self._before, [])

    @property
    def is_screen_shown(self) -> bool:
        """Whether the keys go to the screen again: nothing lies above it and nothing is asked."""
        view = self.rig.context.view
        return self.interface._overlay is None and view.asked is None and view.field is None


@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("screen", SCREENS)
def test_g_and_a_letter_go_to_its_screen_from_everywhere_and_change_nothing(screen: str, above: str) -> None:
    keys = PrefixRig(screen)
    for name, letter in SCREENS.items():
        keys.interface.go_to(screen)
        keys.press(*ABOVE[above], "g", letter)
        assert keys.interface.screen.name == name, f"g {letter}"
        assert keys.is_screen_shown, f"g {letter}"
    assert keys.is_unchanged


@pytest.mark.parametrize("letter", SCREENS.values())
def test_g_answers_a_question_with_no_and_its_letter_is_no_key_of_the_screen(letter: str) -> None:
    keys = PrefixRig("stems")
    keys.rig.context.view.asked = ("delete it?", lambda: pytest.fail("it was answered with yes"))
    keys.press("g", letter)
    assert SCREENS[keys.interface.screen.name] == letter
    assert keys.is_screen_shown
    assert keys.is_unchanged


@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_letter_that_no_screen_or_place_has_is_not_given_to_what_lies_below(screen: str, above: str) -> None:
    keys = PrefixRig(screen)
    own = {key for action in keys.interface.screen.actions for key in action.keys if len(key) == 1}
    for letter in sorted({*own, *"hjklHJKLq"} - {*SCREENS.values()}):
        keys.press(*ABOVE[above], "g", letter)
        assert keys.interface.screen.name == screen, f"g {letter}"
        assert keys.is_screen_shown, f"g {letter}"
    for letter in "hlHL":
        keys.press(*ABOVE[above], "f", letter)
        assert keys.is_screen_shown, f"f {letter}"
    assert keys.is_unchanged


def test_in_a_text_field_g_and_its_letter_are_typed() -> None:
    keys = PrefixRig("stems")
    field = keys.rig.context.view.field = TextField("Find")
    keys.press("g", "h")
    assert (field.text, keys.interface.screen.name) == ("gh", "stems")
    keys.press("escape", "ctrl+g", "slash", "g", "h")
    assert keys.rig.context.view.field is not None
    assert keys.rig.context.view.field.text == "gh", "the list finds by it"


def test_no_screen_has_the_key_of_a_prefix() -> None:
    prefixes = {key for action in APP_ACTIONS if action.name in PREFIXES for key in action.keys}
    assert prefixes == {to_key("g"), to_key("f"), "ctrl+p"}
    for screen in make_screens():
        own = {key for action in screen.actions for key in action.keys}
        assert not own & prefixes, screen.name

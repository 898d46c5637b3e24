"""Keys as terminals send them: every default key arrives by its name, also through tmux, and on other keyboards."""

from __future__ import annotations

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from tests.tui.test_interface import KeyRig
from tests.tui.tmux_rig import OpenTmux, to_tmux
from tui.keys.app_actions import APP_ACTIONS
from tui.keys.key_names import SIGNS
from tui.terminal.terminal import make_screens

PROBE = (
    "import os; from tests.tui.rig import SessionRig; from tui.terminal.terminal import DisplayOptions, run_probe; "
    "run_probe(SessionRig().context, DisplayOptions(), os.environ)"
)
BYTES = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "escape": "\x1b",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "shift+up": "\x1b[1;2A",
    "shift+down": "\x1b[1;2B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f12": "\x1b[24~",
}
"""Bytes that xterm sends for keys that type no sign."""


def list_keys() -> list[str]:
    """Every default key of the app and its screens; Esc last, since what follows it would be taken for alt."""
    actions = [*APP_ACTIONS, *(action for screen in make_screens() for action in screen.actions)]
    keys = {key for action in actions for key in action.keys}
    return [*sorted(keys - {"escape"}), "escape"]


def to_bytes(key: str) -> str:
    """Bytes that xterm sends for a key."""
    if key in BYTES:
        return BYTES[key]
    if key.startswith("ctrl+"):
        return chr(ord(key[-1]) - 96)
    return SIGNS.get(key, key)


def parse(typed: str) -> list[str]:
    """The names of the keys that Textual finds in what a terminal sends."""
    parser = XTermParser()
    found = [event for event in [*parser.feed(typed), *parser.feed("")] if isinstance(event, events.Key)]
    return [event.key for event in found]


@pytest.mark.parametrize("key", [key for key in list_keys() if key != "escape"])
def test_every_default_key_arrives_by_its_name(key: str) -> None:
    assert parse(to_bytes(key)) == [key]


def test_on_azerty_letters_choose_stems_and_the_unshifted_digits_do_no_harm() -> None:
    keys = KeyRig()
    for sign in "&é\"'(-è_çà":
        [name] = parse(sign)
        keys.now_s += 1.0
        keys.interface.press(name, sign, keys.now_s)
    assert keys.calls == []
    assert not keys.rig.session.is_on("stems.drums.mute")
    assert parse("1!") == ["1", "exclamation_mark"]


def test_every_default_key_goes_through_tmux(open_tmux: OpenTmux) -> None:
    tmux = open_tmux("-c", PROBE, COLUMNS="80", LINES="24")
    tmux.wait_for(" Press keys.")
    assert any(len(line) > 100 for line in tmux.run("capture-pane", "-p").splitlines()), "COLUMNS is not the size"
    for key in list_keys():
        tmux.run("send-keys", "--", to_tmux(key))
        tmux.wait_for(f" {key} ")

"""Keymap: the user's file, its errors with their lines, and clashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.plain_screen import PlainScreen
from tui.keys.app_actions import APP_ACTIONS
from tui.keys.key_names import NAMES, SIGNS, to_key, to_label
from tui.keys.keymap import Keymap, find_clashes, parse_keymap, read_keymap

GROUPS = (APP_ACTIONS, PlainScreen().actions)


def test_a_file_gives_keys_in_tables_and_in_dotted_names(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('app.undo = ["U", "alt+u"]\n[plain]\nmute = "x"\n', encoding="utf-8")
    keymap = read_keymap(path, GROUPS)
    assert keymap == Keymap({"app.undo": ("U", "alt+u"), "plain.mute": ("x",)})
    assert keymap.apply(GROUPS[1])[0].keys == ("x",)
    assert read_keymap(tmp_path / "none.toml", GROUPS) == Keymap()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('\nplain.mutt = "x"', "keys.toml: line 2: plain.mutt: no action is called so; did you mean plain.mute?"),
        ('[plain]\n\nmute = "hyper+x"', "line 3: plain.mute: 'hyper+x': no modifier is called 'hyper'"),
        ('plain.mute = "xx"', "'xx' is no key"),
        ("plain.mute = 3", "3 is no key"),
        ("plain.mute = ", "keys.toml: Invalid value (at end of document); write lines such as"),
        ('plain.mute = "z"', "line 2: z is both plain.secret and plain.mute"),
        ('plain.mute = "!"', "! is both plain.mute and app.panic"),
        ('app.undo = "m"', "line 1: m is both plain.mute and app.undo"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_the_rest_acts(text: str, words: str) -> None:
    keymap = parse_keymap('app.redo = "Y"\n' * text.startswith("plain") + text, GROUPS)
    assert words in "\n".join(keymap.problems)
    assert set(keymap.keys) <= {"app.redo"}
    assert not text.startswith("plain") or "app.redo" in keymap.keys or "Invalid" in words


def test_a_large_file_and_one_of_other_bytes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_bytes(b"#" * (1 << 21))
    assert "larger than 1 MiB" in read_keymap(path, GROUPS).problems[0]
    path.write_bytes(b"\xff\xfe")
    assert "cannot be read" in read_keymap(path, GROUPS).problems[0]


def test_the_default_keys_do_not_clash() -> None:
    assert find_clashes(Keymap(), GROUPS) == []


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("!", "exclamation_mark"),
        ("S", "S"),
        ("Ctrl+S", "ctrl+s"),
        ("^s", "ctrl+s"),
        ("PageUp", "pageup"),
        ("esc", "escape"),
        ("F12", "f12"),
        ("shift+left", "shift+left"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("+", "plus"),
    ],
)
def test_keys_are_written_as_users_write_them(written: str, key: str) -> None:
    assert to_key(written) == key
    assert to_key(to_label(key)) == key or key in ("escape", "pageup", "shift+left", "ctrl+shift+left")


def test_every_sign_has_textuals_name() -> None:
    from textual.keys import _character_to_key

    for sign, name in NAMES.items():
        assert _character_to_key(sign) == name
    assert {SIGNS[name] for name in SIGNS} == set(NAMES)

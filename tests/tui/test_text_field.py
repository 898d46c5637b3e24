"""Text field: editing, completion, history, and drawing around the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.rows import measure_row, to_text
from tui.core.screen import TextField
from tui.drawing.text_field import complete, draw_field, edit, paste, type_key


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("left", ("ab cd", 2)),
        ("home", ("ab cd", 0)),
        ("end", ("ab cd", 5)),
        ("backspace", ("abcd", 2)),
        ("delete", ("ab d", 3)),
        ("ctrl+w", ("cd", 0)),
        ("ctrl+u", ("cd", 0)),
        ("ctrl+k", ("ab ", 3)),
        ("ctrl+left", ("ab cd", 0)),
        ("ctrl+right", ("ab cd", 5)),
    ],
)
def test_each_key_edits_at_the_cursor(key: str, expected: tuple[str, int]) -> None:
    assert edit("ab cd", 3, key) == expected


def test_typed_text_reaches_whoever_asks_for_changes() -> None:
    seen: list[str] = []
    field = TextField("Find", on_change=seen.append)
    for character in "abc":
        assert type_key(field, character, character)
    assert type_key(field, "left", None)
    assert type_key(field, "backspace", "\x08")
    assert (field.text, field.cursor, seen) == ("ac", 1, ["a", "ab", "abc", "ac"])
    assert not type_key(field, "ctrl+s", "\x13"), "a control character is no text"


def test_tab_completes_as_far_as_all_agree() -> None:
    assert complete("st", ["stems/", "stereo", "other"]) == "ste"
    assert complete("x", ["stems"]) == "x"
    field = TextField("Path", "st", complete=lambda _text: ["stems/"])
    assert type_key(field, "tab", "\t")
    assert (field.text, field.cursor) == ("stems/", 6)


def test_up_and_down_bring_back_earlier_texts() -> None:
    field = TextField("", history=("one", "two"))
    for key, expected in (("up", "two"), ("up", "one"), ("down", "two"), ("down", "")):
        assert type_key(field, key, None)
        assert field.text == expected
    assert not type_key(TextField(""), "up", None), "without a history the arrows are the screen's"


def test_a_paste_of_several_lines_gives_its_first() -> None:
    field = TextField("", "ab", cursor=1)
    paste(field, "x\ty\nrm -rf\n")
    assert (field.text, field.cursor) == ("ax yb", 4)


def test_the_cursor_is_drawn_within_the_text_and_behind_it() -> None:
    assert draw_field(TextField("Find", "abc", cursor=1), 40) == [
        ("Find › ", "dim"),
        ("a", "field"),
        ("b", "cursor"),
        ("c", "field"),
    ]
    assert to_text(draw_field(TextField("", "abc", cursor=3), 40)) == "› abc▏"


@given(st.text(max_size=40), st.text(alphabet="ab 漢é/", max_size=60), st.integers(-3, 70), st.integers(0, 60))
def test_no_field_is_wider_than_its_room(prompt: str, text: str, cursor: int, width: int) -> None:
    assert measure_row(draw_field(TextField(prompt, text, cursor), width)) <= width

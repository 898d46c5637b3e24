"""Tables, panes and rows: what fits, what is cut, where a list is scrolled to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.rows import Run, cut, cut_start, fit_row, measure, measure_row, to_printable, to_text
from tui.drawing.panes import put_side_by_side, wrap
from tui.drawing.table import Column, draw_table, find_window, lay_out
from tui.models.selection import Selection

TEXTS = st.text(st.sampled_from("ab 日\u0301é🎹\x1b\n\u200d"), max_size=40)


@given(cursor=st.integers(-1, 60), count=st.integers(0, 60), size=st.integers(-2, 70))
def test_the_window_is_full_and_has_the_cursor(cursor: int, count: int, size: int) -> None:
    window = find_window(cursor, count, size)
    assert len(window) == max(min(count, size), 0)
    assert all(0 <= at < count for at in window)
    assert not window or not 0 <= cursor < count or cursor in window


@given(text=TEXTS, width=st.integers(0, 50))
def test_a_text_is_cut_to_its_columns_and_no_shorter_than_needed(text: str, width: int) -> None:
    shown = cut(text, width)
    assert measure(shown) <= width
    assert (shown == text) == (measure(text) <= width)
    assert measure(cut_start(text, width)) <= max(width, 0)
    assert measure_row(fit_row([(text, "text")], width)) == width
    assert to_printable(text).isprintable()


def test_the_end_of_a_long_name_can_be_kept() -> None:
    assert cut_start("accompaniment.band.style", 11) == "…band.style"
    assert cut_start("short", 11) == "short"


@given(text=TEXTS, width=st.integers(0, 20), rows=st.integers(0, 4))
def test_wrapped_lines_fit(text: str, width: int, rows: int) -> None:
    lines = wrap(text, width, rows)
    assert len(lines) <= rows
    assert all(measure(line) <= width for line in lines)


def test_a_text_is_broken_between_words_and_its_last_line_cut() -> None:
    assert wrap("one two three four five", 9) == ["one two", "three", "four five"]
    assert wrap("one two three four five", 9, 2) == ["one two", "three fo…"]


def test_open_columns_share_what_is_left() -> None:
    assert lay_out([Column("a", 5), Column("b"), Column("c")], 20) == [5, 6, 7]
    assert lay_out([Column("a", 5), Column("b")], 3) == [5, 0]


@pytest.mark.parametrize("width", [1, 10, 30, 80])
@pytest.mark.parametrize("height", [0, 1, 2, 5, 30])
def test_a_table_has_exact_rows_and_marks_the_selected_one(width: int, height: int) -> None:
    rows: list[list[Run]] = [[(f"name {at}", "text"), ("12", "dim")] for at in range(20)]
    drawn = draw_table([Column("name"), Column("n", 4, right=True)], rows, width, height, 11, spacing=1)
    assert len(drawn) <= height
    assert {measure_row(row) for row in drawn} <= {width}
    marked = [to_text(row) for row in drawn if row and row[0] == ("▌", "selected")]
    assert len(marked) == (height > 1)
    if height > 1 and width >= 30:
        assert marked[0].startswith("▌name 11")
        assert (f" of {len(rows)}" in to_text(drawn[0])) == (height <= len(rows))


def test_rows_side_by_side_begin_in_one_column() -> None:
    rows = put_side_by_side([[("left", "text")], [("日本", "text")]], [[("r", "text")]] * 3, 6, 2)
    assert [to_text(row) for row in rows] == ["left    r", "日本    r", "        r"]


def test_a_selection_stays_at_its_key_and_then_in_its_place() -> None:
    selection = Selection()
    assert selection.find([]) == -1
    selection.move(["a", "b", "c"], 1)
    assert (selection.key, selection.find(["x", "a", "b", "c"])) == ("b", 2)
    assert (selection.find(["x", "a", "c"]), selection.key) == (2, "c")
    selection.move(["x"], 5)
    assert selection.key == "x"

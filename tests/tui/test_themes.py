"""Themes: contrast, and nothing that is said by colour alone."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tui.core.rows import ROLES, Row
from tui.drawing.svg import COLUMN_PX, MARGIN_PX, draw_svg
from tui.drawing.themes import CALM, CONTRAST, MONO, THEMES, Theme, compute_contrast, find_theme, to_grey

COLORED = [theme for theme in THEMES.values() if theme.front]


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_read(theme: Theme, role: str) -> None:
    look = theme.get_look(role)
    least = 7.0 if theme is CONTRAST else 4.5
    assert compute_contrast(look.front, look.back) >= least


def test_contrast_is_that_of_the_norm() -> None:
    assert compute_contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert compute_contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.01)


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
def test_in_grey_what_is_urgent_is_still_as_bright_as_text(theme: Theme) -> None:
    looks = {role: THEMES[theme.name].get_look(role) for role in ROLES}
    for role in ("warning", "error", "bar_clip", "good"):
        look = looks[role]
        assert compute_contrast(to_grey(look.front), to_grey(look.back)) >= 4.5


def test_where_no_colour_is_wanted_there_is_none() -> None:
    theme = find_theme("calm", no_color=True)
    assert theme is MONO
    assert {(look.front, look.back) for look in theme.looks.values()} == {("", "")}
    assert theme.get_look("selected").is_reversed
    assert theme.get_look("error").is_reversed


def test_an_unknown_theme_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="no theme is called 'dark'; there are calm, contrast, light, mono"):
        find_theme("dark")


def test_an_svg_has_each_word_at_its_column() -> None:
    row: Row = [("  ab  c", "text"), ("漢x", "error"), (" <&", "selected")]
    tree = ET.fromstring(draw_svg([row], 20, CALM))
    words = [one for one in tree.iter() if one.tag.endswith("text")]
    assert [one.text for one in words] == ["ab", "c", "漢x", "<&"]
    columns = [(float(one.attrib["x"]) - MARGIN_PX) / COLUMN_PX for one in words]
    assert columns == pytest.approx([2, 6, 7, 11], abs=0.01)
    grey = draw_svg([row], 20, CALM, grey=True)
    colors = {part[:7] for part in grey.split('fill="')[1:]}
    assert all(color[1:3] == color[3:5] == color[5:7] for color in colors)


def test_block_elements_meet_as_rectangles() -> None:
    tree = ET.fromstring(draw_svg([[("a██▌b", "bar")], [("▄▄", "bar")]], 10, CALM))
    rectangles = [one for one in tree.iter() if one.tag.endswith("rect")][1:]
    at = [
        ((float(one.attrib["x"]) - MARGIN_PX) / COLUMN_PX, float(one.attrib["width"]) / COLUMN_PX) for one in rectangles
    ]
    assert at == [pytest.approx(one, abs=0.01) for one in ((1, 2), (3, 0.5), (0, 2))]
    assert [one.text for one in tree.iter() if one.tag.endswith("text")] == ["a", "b"]

"""Text for ASCII displays of seven characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.lights.display_text import format_control, format_number, shorten_name, to_ascii
from bridge.core.control import Control


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("B♭m7", "Bbm7"),
        ("F♯/A♯", "F#/A#"),
        ("E𝄫", "Ebb"),
        ("CΔ7", "Cmaj7"),
        ("Bø", "Bm7b5"),
        ("B°7", "Bdim7"),
        ("Ré café", "Re cafe"),
        ("−6 dB", "-6 dB"),
        ("歌", "?"),
        ("a\tb\n", "a?b?"),
    ],
)
def test_signs_of_chords_and_accents_are_written_in_ascii(text: str, ascii_text: str) -> None:
    assert to_ascii(text) == ascii_text


@given(st.text())
def test_any_text_becomes_printable_ascii(text: str) -> None:
    assert all(" " <= char <= "~" for char in to_ascii(text))


def test_the_names_of_the_band_s_parts_differ_in_seven_characters() -> None:
    names = ["Band", "Band drums", "Band bass", "Band keys", "Band pad", "Band guitar"]
    shown = [shorten_name(name, 7) for name in names]
    assert shown == ["Band", "BndDrms", "BandBss", "BandKys", "BandPad", "BandGtr"]


@given(st.text(st.characters(codec="ascii"), max_size=30), st.integers(0, 12))
def test_a_short_name_is_never_longer_than_asked(name: str, length: int) -> None:
    assert len(shorten_name(name, length)) <= max(length, 0)
    if len(name) <= length:
        assert shorten_name(name, length) == name


def test_values_are_short_and_have_their_unit() -> None:
    section = Control("a.section", 0, 1, 0, kind="choice", choices=("auto", "chorus"))
    assert format_control(section, 1) == "chorus"
    assert format_control(Control("a.mute", 0, 1, 0, kind="switch"), 1) == "on"
    assert format_control(Control("a.gain_db", -60, 12, 0, unit="dB"), -6) == "-6.0dB"
    assert format_control(Control("a.swing", 0, 1, 0), 0.834) == "83%"
    assert format_control(Control("a.reserve", 16, 8192, 384, unit="frames", kind="integer"), 384) == "384frames"
    assert (format_number(-12.34), format_number(3), format_number("B♭")) == ("-12.3", "3", "Bb")

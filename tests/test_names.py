"""Names of files that every system can have, and that are one file on none; names of clients and servers of JACK."""

from __future__ import annotations

import pytest

from bridge.names import LONGEST_JACK, find_clash, why_not, why_not_jack, why_not_plain


@pytest.mark.parametrize(
    "name",
    ["CON", "con", "Nul", "AUX", "prn", "COM1", "com9", "lpt0", "COM¹", "conin$", "con.v2", "nul.tar.gz", "aux .x"],
)
def test_names_of_devices_are_refused(name: str) -> None:
    assert "device" in why_not(name)


@pytest.mark.parametrize("name", ["console", "com", "com10", "nullify", "my-con", "v2.con", "auxiliary"])
def test_names_that_only_look_like_devices_are_taken(name: str) -> None:
    assert not why_not(name)


@pytest.mark.parametrize("name", ["mix.", "mix ", "mix. .", "...", "x" * 65])
def test_names_that_a_system_would_change_are_refused(name: str) -> None:
    assert why_not(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "a:b", "-x", "_x", "a b", "a\0", "a\n", "a\x1b[2J", "Zoë", "Zoe\u0308", "\u202ea"],
)  # fmt: skip
def test_a_plain_name_is_letters_figures_dash_and_underline(name: str) -> None:
    assert "letters" in why_not_plain(name)


def test_a_plain_name_may_be_long_but_not_longer() -> None:
    assert not why_not_plain("Set-2_b" + "x" * 57)
    assert why_not_plain("x" * 65)


def test_names_that_are_one_file_elsewhere_clash() -> None:
    assert find_clash("Karaoke", ["drumless", "karaoke"]) == "karaoke"
    assert find_clash("karaoke", ["drumless", "karaoke"]) == ""
    assert find_clash("Zoe\u0308", ["Zo\u00eb"]) == "Zo\u00eb"
    assert find_clash("STRASSE", ["straße"]) == "straße"
    assert find_clash("new", []) == ""


@pytest.mark.parametrize(
    "name", ["sideman", "sideman-2", "My Band (left)", "süß", "バンド", "a.b*[c]", "x" * LONGEST_JACK]
)
def test_names_that_jack_keeps_as_they_are_are_taken(name: str) -> None:
    assert not why_not_jack(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [("a:b", ":"), ("a::b", ":"), (":", ":"), ("a/b", "/"), ("a\\b", "\\"), ("../a", "/"), ("a:/", ": and /"),
     ("", "empty"), (" ", "space"), ("a ", "space"), (" a", "space"), ("a\0b", "printed"), ("a\n", "printed"),
     ("a\tb", "printed"), ("\x1b[2J", "printed"), ("a\x7f", "printed"), ("a\udcff", "printed"), ("a\u202eb", "printed"),
     ("a\u00a0b", "printed"), ("x" * (LONGEST_JACK + 1), "bytes"), ("バ" * 11, "bytes")],
)  # fmt: skip
def test_names_that_jack_would_take_otherwise_are_refused(name: str, why: str) -> None:
    assert why in why_not_jack(name)

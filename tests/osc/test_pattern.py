"""OSC address patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ControlError
from bridge.osc.pattern import Pattern, is_pattern

MUTE = "/stems/vocals/mute"


@pytest.mark.parametrize(
    "pattern",
    ["/stems/vocals/mute", "/stems/*/mute", "/stems/*/*", "/stems/v*s/mut?", "/stems/{bass,vocals}/mute",
     "/stems/[a-z]ocals/mute", "/stems/[!a-u]ocals/mute", "/stems/vocals/m[tu]te", "/*/*/*", "/stems/**/mute"],
)  # fmt: skip
def test_it_matches(pattern: str) -> None:
    assert Pattern(pattern).matches(MUTE)


@pytest.mark.parametrize(
    "pattern",
    ["/stems", "/", "/stems/*", "/*", "/stems/vocals/mut", "/stems/vocals/mute?", "/stems/{bass,drums}/mute",
     "/stems/[!a-z]ocals/mute", "/stems?vocals/mute", "/stems[/]vocals/mute", "/stems/vocals/mute/x"],
)  # fmt: skip
def test_it_does_not_match(pattern: str) -> None:
    assert not Pattern(pattern).matches(MUTE)


@pytest.mark.parametrize("pattern", ["/", "/stems", "/stems/", "/stems/vocals", "/*", "/stems/{vocals,bass}", MUTE])
def test_it_covers_what_lies_below(pattern: str) -> None:
    assert Pattern(pattern).covers(MUTE)


@pytest.mark.parametrize("pattern", ["/stem", "/stems/voc", "/bass", "/stems/*/mut"])
def test_it_covers_whole_parts_only(pattern: str) -> None:
    assert not Pattern(pattern).covers(MUTE)


@pytest.mark.parametrize("pattern", ["", "stems", "/a[b", "/a{b", "/" + "a" * 256])
def test_a_malformed_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(ControlError):
        Pattern(pattern)


def test_a_pattern_made_to_take_for_ever_does_not() -> None:
    assert not Pattern("/" + "*a" * 120 + "b").matches("/" + "a" * 200)


@given(st.text(alphabet="/ab*?[]{},!-", max_size=20).map("/".__add__), st.text(alphabet="/ab", max_size=20))
def test_any_text_either_matches_or_is_an_error(pattern: str, address: str) -> None:
    try:
        compiled = Pattern(pattern)
    except ControlError:
        return
    assert compiled.matches("/" + address) in {True, False}


def test_a_plain_address_is_no_pattern() -> None:
    assert not is_pattern(MUTE)
    assert all(is_pattern(text) for text in ("/a*", "/a?", "/[a]", "/{a}"))

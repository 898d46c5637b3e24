"""OSC address patterns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.control.sidecar import make_sidecar_registry
from bridge.errors import ControlError
from bridge.osc.pattern import MAX_CHARACTERS, MAX_KNOWN, AddressPattern, Index, is_pattern
from tests.osc.floods import PATTERNS

MUTE = "/stems/vocals/mute"


@pytest.mark.parametrize(
    "pattern",
    ["/stems/vocals/mute", "/stems/*/mute", "/stems/*/*", "/stems/v*s/mut?", "/stems/{bass,vocals}/mute",
     "/stems/[a-z]ocals/mute", "/stems/[!a-u]ocals/mute", "/stems/vocals/m[tu]te", "/*/*/*", "/stems/**/mute"],
)  # fmt: skip
def test_it_matches(pattern: str) -> None:
    assert AddressPattern(pattern).matches(MUTE)


@pytest.mark.parametrize(
    "pattern",
    ["/stems", "/", "/stems/*", "/*", "/stems/vocals/mut", "/stems/vocals/mute?", "/stems/{bass,drums}/mute",
     "/stems/[!a-z]ocals/mute", "/stems?vocals/mute", "/stems[/]vocals/mute", "/stems/vocals/mute/x"],
)  # fmt: skip
def test_it_does_not_match(pattern: str) -> None:
    assert not AddressPattern(pattern).matches(MUTE)


@pytest.mark.parametrize("pattern", ["/", "/stems", "/stems/", "/stems/vocals", "/*", "/stems/{vocals,bass}", MUTE])
def test_it_covers_what_lies_below(pattern: str) -> None:
    assert AddressPattern(pattern).covers(MUTE)


@pytest.mark.parametrize("pattern", ["/stem", "/stems/voc", "/bass", "/stems/*/mut"])
def test_it_covers_whole_parts_only(pattern: str) -> None:
    assert not AddressPattern(pattern).covers(MUTE)


@pytest.mark.parametrize("pattern", ["", "stems", "/a[b", "/a{b", "/" + "a" * 256])
def test_a_malformed_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(ControlError):
        AddressPattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "address", "matches"),
    [("//mute", MUTE, True), ("/stems//mute", MUTE, True), ("/stems//mute", "/stems/mute", True), ("//*", MUTE, True),
     ("//ute", MUTE, False), ("/stems//ocals/mute", MUTE, False), ("/stem//mute", MUTE, False),
     ("//stems", MUTE, False), ("///v*//mute", MUTE, True), ("/stems//[!v]*/mute", MUTE, False)],
)  # fmt: skip
def test_two_slashes_stand_for_any_parts(pattern: str, address: str, matches: bool) -> None:
    assert AddressPattern(pattern).matches(address) is matches


def ends(text: str, address: str, at: int) -> set[int]:
    """Where ``text`` may end in ``address`` from ``at`` on, by trying everything: slow, but right."""
    if not text:
        return {at}
    if text.startswith("//"):
        slashes = [i for i in range(at, len(address)) if address[i] == "/" and address[at] == "/"]
        return set().union(*(ends(text.lstrip("/"), address, slash + 1) for slash in slashes))
    head, rest = text[0], text[1:]
    if head == "*":
        stop = address.find("/", at) if "/" in address[at:] else len(address)
        return set().union(*(ends(rest, address, end) for end in range(at, stop + 1)))
    if head == "{":
        words, _, rest = rest.partition("}")
        return set().union(*(ends(rest, address, at + len(w)) for w in words.split(",") if address.startswith(w, at)))
    if at == len(address):
        return set()
    if head == "[":
        letters, _, rest = rest.partition("]")
        fits = address[at] != "/" and (address[at] in letters.removeprefix("!")) != letters.startswith("!")
    else:
        fits = address[at] != "/" if head == "?" else address[at] == head
    return ends(rest, address, at + 1) if fits else set()


pieces = st.sampled_from(["a", "b", "/a", "*", "**", "?", "[ab]", "[!a]", "[]", "{a,ab}", "{,b}", "{a/b,b}", "*a", "]"])


@given(st.lists(pieces, max_size=7).map("".join).map("/".__add__), st.text(alphabet="/ab", max_size=9))
def test_it_matches_what_trying_everything_matches(text: str, address: str) -> None:
    found = ends(text, "/" + address, 0)
    assert AddressPattern(text).matches("/" + address) == (len(address) + 1 in found)
    above = any(at == len(address) + 1 or ("/" + address)[at] == "/" for at in found)
    assert AddressPattern(text).covers("/" + address) == (above or text == "/")


@given(st.text(alphabet="/ab*?[]{},!-", max_size=20).map("/".__add__), st.text(alphabet="/ab", max_size=20))
def test_any_text_either_matches_or_is_an_error(pattern: str, address: str) -> None:
    try:
        compiled = AddressPattern(pattern)
    except ControlError:
        return
    assert compiled.matches("/" + address) in {True, False}


ADDRESSES = [item.address for item in make_sidecar_registry({})]


@pytest.mark.parametrize(
    "text", ["/", "/stems/*/mute", "//ping", "/*/*", "/latency/{mir,synth}", "/nothing", *PATTERNS]
)
def test_an_index_finds_what_one_address_at_a_time_would(text: str) -> None:
    index, pattern = Index(ADDRESSES), AddressPattern(text)
    assert [ADDRESSES[i] for i in index.find_matching(pattern)] == [one for one in ADDRESSES if pattern.matches(one)]
    assert [ADDRESSES[i] for i in index.find_covered(pattern)] == [one for one in ADDRESSES if pattern.covers(one)]


class Counted(int):
    """A whole number that counts what is done with it."""

    done = 0

    @classmethod
    def of(cls, number: int) -> Counted:
        cls.done += 1
        return cls(number)

    def __and__(self, other: int) -> Any:
        return Counted.of(int(self) & int(other))

    def __or__(self, other: int) -> Any:
        return Counted.of(int(self) | int(other))

    def __xor__(self, other: int) -> Any:
        return Counted.of(int(self) ^ int(other))

    def __add__(self, other: int) -> Any:
        return Counted.of(int(self) + int(other))

    def __lshift__(self, places: int) -> Any:
        return Counted.of(int(self) << places)

    def __invert__(self) -> Any:
        return Counted.of(~int(self))

    __rand__, __ror__, __rxor__, __radd__ = __and__, __or__, __xor__, __add__


def operations(text: str, addresses: list[str]) -> int:
    """Count the operations of looking up ``text``, without reading the results."""
    line = Index(addresses)._line
    line.starts, line.inside, line.all = Counted(line.starts), Counted(line.inside), Counted(line.all)
    for character, places in line.places.items():
        line.places[character] = Counted(places)
    Counted.done = 0
    line.find_ends(AddressPattern(text))
    return Counted.done


@pytest.mark.parametrize("text", [*PATTERNS, "/stems/*/mute", "/" + "[a-z]" * 50, "/" + "*[!b]" * 50, "//a" * 80])
def test_a_pattern_takes_no_more_operations_than_it_says_and_those_are_few(text: str) -> None:
    # of addresses that keep every place possible for as long as can be
    for addresses in (ADDRESSES, ["/" + "a" * 255], ["/" + "ab" * 100] * 50, ["/a" * 128]):
        assert operations(text, addresses) <= AddressPattern(text).steps
    assert AddressPattern(text).steps <= 8 * MAX_CHARACTERS


def test_operations_grow_with_the_pattern_and_not_with_the_addresses() -> None:
    few, many = ["/" + "a" * 30], ["/" + "a" * 30] * 200
    assert operations("/" + "*a" * 20, few) == operations("/" + "*a" * 20, many)
    assert operations("/" + "*a" * 25, few) < 2 * operations("/" + "*a" * 15, few)


def test_a_run_of_stars_is_merged() -> None:
    assert AddressPattern("/" + "*" * 255).steps == AddressPattern("/*").steps


def test_the_lookup_cache_is_bounded() -> None:
    index, first = Index(ADDRESSES), AddressPattern("/*a*/*")
    assert index.count_steps(first) > 1
    index.find_matching(first)
    assert index.count_steps(first) == 1
    for number in range(MAX_KNOWN):
        index.find_matching(AddressPattern(f"/*{number}*"))
    assert len(index._known) == MAX_KNOWN
    assert index.count_steps(first) > 1


def test_a_plain_address_is_no_pattern() -> None:
    assert not is_pattern(MUTE)
    assert all(is_pattern(text) for text in ("/a*", "/a?", "/[a]", "/{a}", "//a"))

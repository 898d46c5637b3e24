"""The hints of errors: an unknown name gets the most similar one that there is, or all."""

from __future__ import annotations

from bridge.errors import BridgeError, did_you_mean, find_nearest

STEMS = ("drums", "bass", "vocals", "other")


def test_a_misspelt_name_gets_the_most_similar_one() -> None:
    assert find_nearest("vocal", STEMS) == "vocals"
    assert did_you_mean("vocal", STEMS) == "did you mean vocals?"
    assert did_you_mean("basss", ["brass", "bass"]) == "did you mean bass?"


def test_where_no_name_is_similar_all_are_listed_in_their_order() -> None:
    assert find_nearest("kazoo", STEMS) == ""
    assert did_you_mean("kazoo", STEMS) == "there are: drums, bass, vocals, other"
    assert did_you_mean("kazoo", []) == "there are: none"


def test_choices_may_come_from_any_iterable_once() -> None:
    assert did_you_mean("kazoo", (stem for stem in STEMS)) == "there are: drums, bass, vocals, other"
    assert did_you_mean("drum", dict.fromkeys(STEMS)) == "did you mean drums?"


def test_an_error_says_its_hint_after_its_message() -> None:
    assert str(BridgeError("no stem 'vocal'", did_you_mean("vocal", STEMS))) == "no stem 'vocal'; did you mean vocals?"
    assert str(BridgeError("no stem")) == "no stem"

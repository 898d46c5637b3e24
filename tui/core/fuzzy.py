"""Fuzzy search: how well a few typed letters fit a name and its description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

LONG_NAME = 25
"""Characters that count as a point less: names of about the same length stay in the order of the registry."""
DOC_SCORE = 5.0
"""Score of a word that only the description has: less than any fit of the name."""
_BETWEEN_WORDS = re.compile(r"[\s./]+")
"""What stands between the words of a query: names are shown with dots, and as addresses with slashes."""


def score_name(word: str, name: str) -> float:
    """How well ``word`` fits ``name``, both lower case; 0 where its letters are not there in this order.

    A whole word scores best, then the start of a word, then any part; last come letters with others between them.
    """
    if not word:
        return 1.0
    at = name.find(word)
    if at >= 0:
        starts = at == 0 or not name[at - 1].isalnum()
        end = at + len(word)
        ends = end == len(name) or not name[end].isalnum()
        return 60.0 + 20.0 * starts + 15.0 * (starts and ends) - min(len(name), 100) // LONG_NAME
    return _score_letters(word, name)


def _score_letters(word: str, name: str) -> float:
    """10 to 50 where the letters of ``word`` are in ``name`` in order: the more begin a word or follow one another."""
    at, good = 0, 0
    for letter in word:
        found = name.find(letter, at)
        if found < 0:
            return 0.0
        good += found == at or found == 0 or not name[found - 1].isalnum()
        at = found + 1
    return 10.0 + 40.0 * good / len(word) - min(len(name), 100) // LONG_NAME if good * 2 >= len(word) else 0.0


def score(query: str, name: str, doc: str = "") -> float:
    """How well a query fits: each of its words has to fit the name, or stand in the description. 0: it does not.

    A query may be a dotted name or an OSC address, or the start of one.
    """
    name, doc = name.casefold(), doc.casefold()
    total = 0.0
    for word in _split_words(query):
        best = score_name(word, name)
        if not best and word in doc:
            best = DOC_SCORE
        if not best:
            return 0.0
        total += best
    return total or 1.0


def _split_words(query: str) -> list[str]:
    """The words of a query in lower case; one of dots and slashes alone has itself as its word."""
    return [word for word in _BETWEEN_WORDS.split(query.casefold()) if word] or query.casefold().split()


def search(query: str, items: Iterable[Item], describe: Callable[[Item], tuple[str, str]]) -> list[Item]:
    """The items that fit, best first; all in their order where nothing is asked. ``describe``: name and doc."""
    found = [(score(query, *describe(item)), -number, item) for number, item in enumerate(items)]
    found = [one for one in found if one[0] > 0]
    if query.strip():
        found.sort(key=lambda one: one[:2], reverse=True)
    return [item for _, _, item in found]

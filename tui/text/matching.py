"""Matching of typed words with names: controls, actions, ports and presets are found by any words of their names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

SHORTEST_START = 2
"""Letters that are taken as the start of a word."""
SUGGESTIONS = 3
_WORD = re.compile(r"[^\W_]+")


class UnclearError(ValueError):
    """Typed words fit nothing, or several things alike."""


def split_words(text: str) -> list[str]:
    """The words of a name or of what was typed, in lower case: ``stems.vocals.gain_db`` has four."""
    return _WORD.findall(text.casefold())


def rank_match(typed: Sequence[str], name: str) -> tuple[int, int] | None:
    """How well all the typed words fit a name: words that are no whole word of it, and words that it has besides.

    None where one does not fit. Less is better.
    """
    words = split_words(name)
    inexact = 0
    for one in typed:
        if one in words:
            continue
        if len(one) < SHORTEST_START or not any(word.startswith(one) for word in words):
            return None
        inexact += 1
    return inexact, len(words) - len(typed)


def find_best(typed: Sequence[str], items: Iterable[Item], name_of: Callable[[Item], str]) -> list[Item]:
    """The items whose names the typed words fit best: none, one, or several that fit alike."""
    ranked = [(rank, item) for item in items if (rank := rank_match(typed, name_of(item))) is not None]
    best = min((rank for rank, _ in ranked), default=None)
    return [item for rank, item in ranked if rank == best]


def prefer_subject(items: list[Item], typed: Sequence[str], name_of: Callable[[Item], str]) -> list[Item]:
    """Of items that fit alike, those whose names end with the word typed last; all, where none does.

    "tempo 90" is the band's tempo, as it is while a clock has a ``tempo_bpm`` too; "clock tempo 90" is the clock's.
    """
    return [one for one in items if split_words(name_of(one))[-1:] == list(typed[-1:])] or items


def find_one(typed: Sequence[str], items: Iterable[Item], name_of: Callable[[Item], str], kind: str) -> Item:
    """The one item that the typed words mean. ``kind``: what it is, for the error.

    Raises:
        UnclearError: None fits, with the nearest names; or several fit alike, with these.
    """
    known = list(items)
    exact = [item for item in known if name_of(item).casefold() == " ".join(typed).casefold()]
    found = exact or find_best([word for one in typed for word in split_words(one)], known, name_of)
    if len(found) == 1:
        return found[0]
    said = " ".join(typed)
    if found:
        names = ", ".join(name_of(item) for item in found[: 2 * SUGGESTIONS])
        raise UnclearError(f"{said} may mean {names}; add a word")
    raise UnclearError(f"no {kind} is called {said}{suggest(typed, [name_of(item) for item in known])}")


def suggest(typed: Sequence[str], names: Iterable[str]) -> str:
    """The nearest names as the end of an error; empty where none is near."""
    whole = difflib.get_close_matches(" ".join(typed), names := list(names), n=SUGGESTIONS, cutoff=0.6)
    words = {word for name in names for word in split_words(name)}
    near = [close for one in typed for close in difflib.get_close_matches(one, words, n=1) if close != one]
    nearest = whole or near
    return f"; nearest: {', '.join(nearest)}" if nearest else ""

"""Target search: which control or action a user means by words such as "vocals", "mute bass" or "style funk"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

FILLER = frozenset(
    {"a", "an", "the", "is", "to", "of", "on", "for", "my", "and", "out", "button", "knob", "pad", "number"}
)
"""Words that say nothing about the target."""
GENERAL = frozenset({"stems", "accompaniment", "band", "gain", "db", "transport", "load", "synth"})
"""Words of names that users leave out: with the rest alone, a stem's fader is meant."""
QUANTITY = frozenset({"gain", "db"})
"""Words of names that many have: alone they do not say which one is meant, however short the rest of a name is."""
SYNONYMS = {
    "gain": ("fader", "volume", "level"),
    "panic": ("stop", "silence"),
    "vocals": ("vox", "voice", "voices", "singer"),
}
"""Further words for a word of a name."""
SETTINGS = frozenset({"latency", "learn", "controllers", "counters", "engines", "save", "ping", "source"})
"""Words of names that are set once, and not under the hand while playing."""
EXACT, BEGINNING, SIMILAR = 3.0, 2.0, 1.5
REST = 0.5
"""Cost of a word of the name that was not given."""
TIE = 0.25
SHORTEST = 3
"""Letters of a beginning that counts as a word."""
COUNTED = frozenset({"fader", "knob", "button", "pad", "key", "number", "note", "cc", "preset"})
"""Words before a number that is no value."""
_NUMBER_BEHIND = re.compile(
    r"(?P<name>(?:.*\s)?(?P<before>\S+))\s+(?P<number>[+-]?\d+(?:\.\d+)?)\s*(?:db)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Learnable:
    """A control or action. ``choices``: its words, of a choice, or the arguments that there are. ``argument``: what an
    action asks for, if anything."""

    name: str
    doc: str = ""
    choices: tuple[str, ...] = ()
    argument: str = ""

    @property
    def is_setting(self) -> bool:
        return bool(SETTINGS & set(_split(self.name)))


def find_targets(text: str, items: Iterable[Learnable]) -> list[str]:
    """The targets that ``text`` may mean, with their values and arguments; of a name, or a clear best one, that alone.

    Empty where nothing fits. A target is written as `bridge.controllers.learning.learn_target.parse_target` reads it.
    """
    items = list(items)
    text = " ".join(text.split())
    if text.partition(" ")[0] in {item.name for item in items}:
        return [text]
    if (given := _NUMBER_BEHIND.fullmatch(text)) and given["before"].lower() not in COUNTED:
        numeric = [item for item in items if not item.argument and not item.choices]
        if found := _find(given["name"], numeric):
            return [f"{one} {given['number']}" for one in found]
    return _find(text, items)


def explain_miss(text: str, items: Iterable[Learnable]) -> tuple[str, str]:
    """Why `find_targets` finds nothing: what is wrong, and what there is."""
    items = list(items)
    text = " ".join(text.split())
    by_name = {item.name: item for item in items}
    if asking := _find(text, [replace(item, argument="") for item in items if item.argument]):
        item = by_name[asking[0].partition(" ")[0]]
        there = f": {', '.join(item.choices)}" if item.choices else ""
        return f"{item.name}: which {item.argument}?", f"write it behind{there}"
    words = text.split()
    for word in reversed(words):
        found = _find(" ".join(one for one in words if one != word), items) if len(words) > 1 else []
        if len(found) == 1 and found[0] in by_name and (choices := by_name[found[0]].choices):
            return f"{found[0].rpartition('.')[2]} has no {word}", f"it has {', '.join(choices)}"
    return f"nothing is called {text!r}", "sideman learn lists what can be learned"


def _find(text: str, items: Iterable[Learnable]) -> list[str]:
    words = [word for word in re.split(r"[\s._/]+", text.lower()) if word]
    wanted = [word for word in words if word not in FILLER and not word.isdecimal()] or words
    items = list(items)
    known = frozenset(part for item in items for part in _split(item.name))
    found = [(score, target) for item in items for score, target in [_rate(wanted, item, text, known)] if score > 0]
    found.sort(key=lambda one: -one[0])
    return [target for score, target in found if score >= found[0][0] - TIE]


def _rate(words: list[str], item: Learnable, text: str, known: frozenset[str]) -> tuple[float, str]:
    """How well the words fit, 0: not, and the target. ``known``: words of names, which are never misspelt ones."""
    left = _split(item.name)
    score, value, rest, says_which = 0.0, "", list[str](), False
    for word in words:
        rated = max(((_rate_word(word, part, word in known), part) for part in left), default=(0.0, ""))
        if rated[0] > 0:
            score += rated[0]
            left.remove(rated[1])
            says_which |= rated[1] not in QUANTITY
            continue
        bonus, choice = (0.0, "") if value else _choose(word, item.choices, score > 0)
        if choice:
            score, value = score + bonus, choice
        elif item.argument and score > 0:
            rest.append(word)
        else:
            return 0.0, ""
    if rest:  # the argument as it was written
        value = text[text.lower().find(rest[0]) :]
        value = next((one for one in item.choices if _squeeze(one) == _squeeze(value)), value)
    if item.argument and not value:
        return 0.0, ""
    if says_which or value:
        score -= REST * sum(part not in GENERAL for part in left)
    return score, f"{item.name} {value}".rstrip()


def _choose(word: str, choices: tuple[str, ...], named: bool) -> tuple[float, str]:
    """The choice that a word means and its score; a beginning does where something else names the control."""
    word = _squeeze(word)
    if len(word) < SHORTEST:
        return 0.0, ""
    for choice in choices:
        if _squeeze(choice) == word:
            return EXACT, choice
    begun = [choice for choice in choices if named and _squeeze(choice).startswith(word)]
    return (BEGINNING, begun[0]) if len(begun) == 1 else (0.0, "")


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _rate_word(word: str, part: str, is_known: bool) -> float:
    names = (part, *SYNONYMS.get(part, ()))
    if word in names:
        return EXACT
    if len(word) >= SHORTEST and any(name.startswith(word) or word.startswith(name) for name in names if len(name) > 2):
        return BEGINNING
    is_misspelt = len(word) > SHORTEST and not is_known
    return SIMILAR if is_misspelt and difflib.get_close_matches(word, names, 1, 0.75) else 0.0


def _split(name: str) -> list[str]:
    return re.split(r"[._]", name)

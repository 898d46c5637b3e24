"""Target search: which control or action a user means by words such as "vocals", "mute bass" or "style funk"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

FILLER = frozenset(
    {"a", "an", "the", "is", "to", "of", "on", "for", "my", "and", "out", "button", "knob", "pad", "number"}
)
"""Words that say nothing about the target."""
GENERAL = frozenset({"stems", "accompaniment", "band", "gain", "db", "transport", "load", "synth"})
"""Words of names that users leave out: with the rest alone, a stem's fader is meant."""
SYNONYMS = {"gain": ("fader", "volume", "level"), "panic": ("stop", "silence")}
"""Further words for a word of a name."""
SETTINGS = frozenset({"latency", "learn", "controllers", "counters", "engines", "save", "ping", "source"})
"""Words of names that are set once, and not under the hand while playing."""
EXACT, BEGINNING, SIMILAR = 3.0, 2.0, 1.5
REST = 0.5
"""What a word of the name that was not given costs."""
TIE = 0.25
SHORTEST = 3
"""Letters of a beginning that counts as a word."""


@dataclass(frozen=True, slots=True)
class Learnable:
    """A control or action. ``choices``: its words, of a choice. ``argument``: what an action asks for, if anything."""

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
    words = [word for word in re.split(r"[\s._/]+", text.lower()) if word]
    wanted = [word for word in words if word not in FILLER and not word.isdecimal()] or words
    found = [(score, target) for item in items for score, target in [_rate(wanted, item, text)] if score > 0]
    found.sort(key=lambda one: -one[0])
    return [target for score, target in found if score >= found[0][0] - TIE]


def _rate(words: list[str], item: Learnable, text: str) -> tuple[float, str]:
    """How well the words fit, 0: not, and the target."""
    left = _split(item.name)
    score, value, rest = 0.0, "", list[str]()
    for word in words:
        rated = max(((_rate_word(word, part), part) for part in left), default=(0.0, ""))
        if rated[0] > 0:
            score += rated[0]
            left.remove(rated[1])
            continue
        chosen = [] if value else [one for one in item.choices if one.lower() == word and len(word) >= SHORTEST]
        if chosen:
            score, value = score + EXACT, chosen[0]
        elif item.argument and score > 0:
            rest.append(word)
        else:
            return 0.0, ""
    if rest:  # the argument as it was written
        value = text[text.lower().find(rest[0]) :]
    if item.argument and not value:
        return 0.0, ""
    score -= REST * sum(part not in GENERAL for part in left)
    return score, f"{item.name} {value}".rstrip()


def _rate_word(word: str, part: str) -> float:
    names = (part, *SYNONYMS.get(part, ()))
    if word in names:
        return EXACT
    if len(word) >= SHORTEST and any(name.startswith(word) or word.startswith(name) for name in names if len(name) > 2):
        return BEGINNING
    return SIMILAR if len(word) > SHORTEST and difflib.get_close_matches(word, names, 1, 0.75) else 0.0


def _split(name: str) -> list[str]:
    return re.split(r"[._]", name)

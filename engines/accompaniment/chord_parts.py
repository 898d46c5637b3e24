"""Parts of a chord symbol between root and bass: tokens such as ``m``, ``7``, ``b9``, gathered into notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bridge.core.chords import MAJOR_THIRD, MINOR_THIRD, QUALITIES, find_nearest_quality

_WORDS = r"""
    (?P<half>(?i:half-?dim(?:inished)?|hdim)|ø|h)
    | (?P<dim>(?i:diminished|dim)\.?|°|o(?!mit))
    | (?P<aug>(?i:augmented|aug)\.?|\+(?!\d))
    | (?P<major>(?i:major|maj|ma(?!dd|lt|ug))\.?|M(?![iI])|j(?=7))
    | (?P<delta>[Δ^])
    | (?P<minor>(?i:minor|min|mi)\.?|m)
    | (?P<dom>(?i:dominant|dom)\.?)
    | (?P<alt>(?i:altered|alt)\.?)
    | (?i:sus)(?P<sus>2(?:/?4|sus4)|4(?:/?2|sus2)|2|4|)
    | (?i:add)(?P<add>[b#+-]?(?:2|3|4|6|9|11|13)(?!\d))
    | (?i:no|omit)(?P<omit>(?:3|5|7|9|11|13)(?!\d))(?:rd|th)?
    | (?P<alter>[b#+-](?:2|4|5|6|7|9|11|13)(?!\d))
    | (?P<number>(?:6/9|69|2|5|6|7|9|11|13)(?!\d))
    | (?P<divider>[(),]|/(?=[b#+-]?(?:6|9|11|13)(?!\d)|[b#+-]5(?!\d)|5[b#+-]|(?i:maj|ma(?=[79]))|M7|Δ))
"""
FIRST = re.compile(rf"(?P<minor1>-(?!5(?!\d)))|(?P<aug1>\+(?=[79](?!\d)))|(?P<alter1>5[+-](?!\d))|{_WORDS}", re.VERBOSE)
"""What may follow the root: here ``-`` is minor, ``+7`` an augmented seventh chord and ``5+`` an augmented one."""
NEXT = re.compile(_WORDS, re.VERBOSE)
DIVIDED = re.compile(rf"(?P<alter1>(?:5|9|11|13)[b#+-](?!\d))|{_WORDS}", re.VERBOSE)
"""In brackets and behind a slash: here a sign may follow its degree, as in ``Bm7/5-``."""

STACKS: dict[str, frozenset[int]] = {
    "7": frozenset(), "9": frozenset({2}), "11": frozenset({2, 5}), "13": frozenset({2, 5, 9}),
}  # fmt: skip
"""What an extension holds above its seventh."""
_SIXTHS = {"6": {9}, "69": {9, 2}, "6/9": {9, 2}, "2": {2}}
_DEGREES = {2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 10, 9: 2, 11: 5, 13: 9}
"""Semitones above the root of a degree without a sign, the octave left out."""
_SHIFTS = {"b": -1, "-": -1, "#": 1, "+": 1}
_IMPLY_SEVENTH = frozenset({"b9", "#9", "b13"})
SUS2 = "sus2"
"""No quality of the vocabulary: it has the notes of the suspended fourth a fifth above."""
_TRIADS = ("half", "dim", "aug", "minor")


def to_semitones(degree: str) -> int:
    """``#11`` as semitones above the root, below 12."""
    sign, number = (degree[0], degree[1:]) if degree[0] in _SHIFTS else ("", degree)
    return (_DEGREES[int(number)] + _SHIFTS.get(sign, 0)) % 12


@dataclass
class Parts:
    """A chord as it is gathered, a token at a time."""

    triad: str = ""
    """half, dim, aug or minor; empty: major."""
    sus: str | None = None
    major: bool = False
    """Of the seventh."""
    seventh_said: bool = False
    """By a word, without a number: Δ, dom, alt."""
    number: str = ""
    altered: set[str] = field(default_factory=set)
    """Such as b5 and #11."""
    added: set[int] = field(default_factory=set)
    omitted: set[int] = field(default_factory=set)
    """Degrees, as their semitones without signs."""
    alt: bool = False
    _last: str = ""
    _said: set[str] = field(default_factory=set)

    def add_token(self, kind: str, value: str, bracketed: bool) -> bool:
        """Whether the token fits what came before; ``kind``: its group in the patterns above. ``bracketed``: in
        brackets, or behind a slash."""
        taken = self._add_token(kind, value, bracketed)
        self._last = kind
        self._said.add(kind)
        return taken

    def _add_token(self, kind: str, value: str, bracketed: bool) -> bool:
        if kind == "divider":
            return True
        if kind == "alter":
            sign, degree = (value[-1], value[:-1]) if value[-1] in _SHIFTS else (value[0], value[1:])
            self.altered.add(("b" if _SHIFTS[sign] < 0 else "#") + degree)
            return self.number != "5"
        if kind in ("add", "omit"):
            (self.added if kind == "add" else self.omitted).add(to_semitones(value))
            return True
        if kind == "number":
            return self._add_number(value, bracketed)
        if kind in _TRIADS:
            return self._add_triad(kind)
        return kind not in self._said and self._add_word(kind, value, bracketed)

    def _add_word(self, kind: str, value: str, bracketed: bool) -> bool:
        if kind == "sus":
            self.sus = value
            return self.triad in ("", "aug") and self.number not in ("2", "5")
        if kind in ("major", "delta"):
            self.major = True
            self.seventh_said = kind == "delta" or bool(self.triad)
            said_minor = bracketed and self.number == "7" and self._last != "number"  # C7(maj7)
            clear = not self.number or (self.number in STACKS and not said_minor)
            return clear and self.triad != "half" and not self._said & {"major", "delta", "dom", "alt"}
        self.seventh_said = True
        self.alt = kind == "alt"
        return not self.triad and not self.major and ((kind == "alt" and self.number in ("", "7")) or not self.number)

    def _add_triad(self, kind: str) -> bool:
        if kind == "aug" and self.number in STACKS:  # C7+
            self.altered.add("#5")
            return not self.triad
        self.triad = kind
        return not self._said

    def _add_number(self, value: str, bracketed: bool) -> bool:
        if self.number:
            if value == "7" and self._last in ("major", "delta"):  # Cm9maj7
                return True
            self.added |= _SIXTHS.get(value) or {to_semitones(value)}
            return self._last != "number" and value not in ("2", "5", "7")
        if bracketed and not self.seventh_said and not self.major and value in ("2", "9", "11", "13"):
            self.added.add(to_semitones(value))
            return True
        self.number = value
        if value == "5":
            return not self._said
        return value in STACKS or (not self.seventh_said and not (value == "2" and self.triad))

    @property
    def third(self) -> set[int]:
        """Or what takes its place."""
        if self.sus is not None:
            return {{"2": 2, "4": 5}[degree] for degree in self.sus if degree in "24"} or {5}
        if self.number == "5":
            return set()
        return {3 if self.triad in ("half", "dim", "minor") else 4}

    @property
    def fifths(self) -> set[int]:
        if self.alt:
            return {6, 8}
        altered = {to_semitones(one) for one in self.altered & {"b5", "#5"}}
        return altered or {{"half": 6, "dim": 6, "aug": 8}.get(self.triad, 7)}

    @property
    def seventh(self) -> int | None:
        if "#7" in self.altered:
            return 11
        if self.triad == "half" or "b7" in self.altered:
            return 10
        if self.number in STACKS or self.seventh_said:
            return 11 if self.major else 9 if self.triad == "dim" else 10
        implied = self.altered & _IMPLY_SEVENTH and self.triad != "minor" and not self.number and not self.major
        return None if not implied else 9 if self.triad == "dim" else 10

    @property
    def intervals(self) -> frozenset[int]:
        """All notes, in semitones above the root, below 12."""
        altered = self.altered - {"b5", "#5", "b7", "#7"} | ({"b9", "#9"} if self.alt else set())
        replaced = {to_semitones(one[1:]) for one in altered}
        seventh = set() if self.seventh is None else {self.seventh}
        upper = set(STACKS.get(self.number, ())) - replaced | {to_semitones(one) for one in altered}
        left_out = {4: self.third, 7: self.fifths, 10: seventh}
        notes = {0} | self.third | self.fifths | seventh | upper | self.added | _SIXTHS.get(self.number, set())
        for degree in self.omitted:
            notes -= left_out.get(degree, {degree})
        return frozenset(notes)

    @property
    def quality(self) -> str:
        """The suffix of the nearest of `bridge.core.chords.QUALITIES`, or SUS2."""
        third = next((degree for degree in (5, 2, MINOR_THIRD) if degree in self.third), MAJOR_THIRD)
        altered = {MINOR_THIRD: 6, MAJOR_THIRD: 8}.get(third, 7)
        fifth = altered if self.fifths == {altered} else 7
        number = find_nearest_quality(third, fifth, self.seventh)
        return SUS2 if number is None else QUALITIES[number].suffix

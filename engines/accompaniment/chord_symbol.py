"""Chord symbol reader: ``F#m7(b5)/C`` as its root, all its notes, and its bass.

A symbol is taken whole or not at all: what is left over is a `SymbolError` that says where it begins. The notes are
those of MusicXML's kinds: a ninth, eleventh or thirteenth holds all thirds below it. Where conventions differ:

    C2 is Cadd9     C7+ and C+7 are C7#5     C7M is Cmaj7     C-5 is C(b5)     Ch7 and C∅ are Cm7b5
    C(b9), C(#9), C(b13) hold a minor seventh; C(9), C(11), C(#11), C(13) add a note to the triad
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.chords import QUALITIES, QUALITY_NUMBERS, SPELLINGS
from bridge.core.events import Chord
from engines.accompaniment.chord_parts import DIVIDED, FIRST, NEXT, SUS2, Parts
from engines.accompaniment.note_names import NOTE_PATTERN, normalise, parse_note_name
from engines.accompaniment.score import NO_CHORD

_NO_CHORD = re.compile(r"N\.?C?\.?", re.IGNORECASE)
_ROOT = re.compile(NOTE_PATTERN)
_UNCLEAR = re.compile(r"[A-H](?:##|bb)(?=(?:5|9|11|13)(?!\d))")
_BASS = re.compile(rf"(?P<open>\()?(?:/|on)(?P<note>{NOTE_PATTERN.replace('[A-H]', '[A-Ha-h]', 1)})(?(open)\))\Z")
_TOO_HIGH = re.compile(r"[+](?:11|13)")


class SymbolError(ValueError):
    """A part of a chord symbol is not understood: ``rest``, from its character ``at`` (from 0) on. ``hint``: what to
    write instead, empty where only the usual spellings are known."""

    def __init__(self, rest: str, at: int, hint: str = "") -> None:
        super().__init__(rest, at, hint)
        self.rest, self.at, self.hint = rest, at, hint


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """``root`` and ``bass``: pitch classes, 0 is C. ``intervals``: all notes, in semitones above the root, below 12.

    ``quality``: of `bridge.core.chords.QUALITIES` the nearest one, with the same third, seventh and, for diminished
    and augmented chords, fifth. ``german`` and ``plain_b``: as in `engines.accompaniment.note_names.NoteName`.
    """

    root: int
    intervals: frozenset[int]
    bass: int
    quality: str
    german: bool = False
    plain_b: bool = False

    @property
    def pitch_classes(self) -> frozenset[int]:
        return frozenset((self.root + interval) % 12 for interval in self.intervals)

    @property
    def chord(self) -> Chord:
        """As the band plays it."""
        if self.quality == SUS2:
            return Chord((self.root + 7) % 12, QUALITY_NUMBERS["sus4"], self.bass, 1.0)
        return Chord(self.root, QUALITY_NUMBERS[self.quality], self.bass, 1.0)


def parse_chord(symbol: str) -> Chord | None:
    """The chord that ``symbol`` (``F#m7/C#``) stands for; None where it is none."""
    if is_no_chord(symbol):
        return NO_CHORD
    try:
        return parse_symbol(symbol).chord
    except SymbolError:
        return None


def has_ambiguous_b(symbols: Iterable[str]) -> bool:
    """Whether there is a plain B beside German names such as H and Fis, so that it may be B flat or B natural."""
    german = plain_b = False
    for text in symbols:
        if not is_no_chord(text):
            symbol = parse_symbol(text)
            german, plain_b = german or symbol.german, plain_b or symbol.plain_b
    return german and plain_b


def is_no_chord(symbol: str) -> bool:
    """Whether ``symbol`` says that no chord sounds: N.C., NC, N."""
    return _NO_CHORD.fullmatch(normalise(symbol)) is not None


def parse_label(label: str) -> Chord:
    """The chord of an analyser's label, such as ``Am7``, or ``N`` where no chord sounds. Raises: SymbolError."""
    return NO_CHORD if is_no_chord(label) else parse_symbol(label).chord


def parse_symbol(symbol: str) -> ChordSymbol:
    """The chord of ``symbol``. Raises: SymbolError."""
    text = normalise(symbol)
    match = _ROOT.match(text)
    if match is None or text.startswith("Do"):
        raise SymbolError(text, 0, _find_hint(text))
    if _UNCLEAR.match(text):
        raise SymbolError(text[1:], 1, f"write {text[:2]}({text[2:]}), or the root by another name")
    root, end = parse_note_name(match[0]), len(text)
    bass = root
    if (named := _BASS.search(text, match.end())) is not None:
        bass, end = parse_note_name(named["note"]), named.start()
    if (number := SPELLINGS.get(text[match.end() : end])) is not None:
        intervals, suffix = frozenset(QUALITIES[number].intervals), QUALITIES[number].suffix
    else:
        parts = _parse_parts(text, match.end(), end)
        intervals, suffix = parts.intervals, parts.quality
    return ChordSymbol(
        root.pitch_class, intervals, bass.pitch_class, suffix,
        root.german or bass.german, root.plain_b or bass.plain_b,
    )  # fmt: skip


def _parse_parts(text: str, start: int, end: int) -> Parts:
    """What stands between root and bass."""
    parts, depth, at, pattern = Parts(), 0, start, FIRST
    while at < end:
        match = pattern.match(text, at, end)
        if match is None or match.lastgroup is None or (at == start and _TOO_HIGH.match(text, at, end)):
            raise SymbolError(text[at:end], at, _find_rest_hint(text, at, end))
        kind, value = match.lastgroup.rstrip("1"), match[match.lastgroup]
        depth += {"(": 1, ")": -1}.get(value, 0)
        if not parts.add_token(kind, value, pattern is DIVIDED) or depth not in (0, 1) or (value == "," and not depth):
            raise SymbolError(text[at:end], at)
        pattern = DIVIDED if depth or value == "/" else NEXT
        at = match.end()
    if depth:
        opened = text.rindex("(", start, end)
        raise SymbolError(text[opened:end], opened, "close the bracket")
    return parts


SOLFEGE = {"do": "C", "dó": "C", "ut": "C", "re": "D", "ré": "D", "mi": "E", "fa": "F", "fá": "F", "sol": "G",
           "la": "A", "lá": "A", "si": "B", "ti": "B"}  # fmt: skip
_SOLFEGE = re.compile(rf"(?i:({'|'.join(sorted(SOLFEGE, key=len, reverse=True))}))(.*)")
_NUMERAL = re.compile(r"[b#]?(?:[IViv]+|[1-7])(?![A-Za-z]*[A-Zac-ln-z]{3}).*")


def _find_hint(text: str) -> str:
    """What to write for ``text``, whose root is none."""
    if (match := _SOLFEGE.fullmatch(text)) is not None:
        dim = " or, for a diminished chord, Ddim" if text.startswith("Do") else ""
        return f"write notes by letters: {SOLFEGE[match[1].lower()]}{match[2]}{dim}"
    if _NUMERAL.fullmatch(text):
        return "write chords by their names, such as C and Am, not by degrees of the key"
    if text[:1] == "(":
        return "write a chord as one word that begins with its root, such as C7(b9)"
    if text[:1] in tuple("abcdefgh"):
        capital = text[0].upper() + text[1:]
        root = _ROOT.match(capital)
        if root is not None and root.end() < len(capital):
            return f"write the root as a capital: {capital}"
        return f"write the root as a capital: {capital}, or {capital}m for the minor chord"
    return ""


def _find_rest_hint(text: str, at: int, end: int) -> str:
    rest = text[at:end]
    if _SOLFEGE.fullmatch(text) is not None:
        return _find_hint(text)
    if _TOO_HIGH.match(rest):
        return f"write {text[:at]}(#{rest[1:]}) or {text[:at]}aug{rest[1:]}"
    if re.match(r"/?4", rest):
        return f"write {text[:at]}sus4, or {text[:at]}add4 where the third stays"
    if rest[0] in "/\\":
        return "write one note below the slash, such as C/E"
    return ""

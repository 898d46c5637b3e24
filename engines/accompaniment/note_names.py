"""Note name parser: English, German and Dutch names, with all signs for sharps and flats."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
SIGNS = {"": 0, "#": 1, "##": 2, "b": -1, "bb": -2, "is": 1, "isis": 2, "es": -1, "eses": -2, "s": -1, "ses": -2}
NOTE_PATTERN = r"[A-H](?:##?|bb?|is(?:is)?|es(?:es)?|(?<=[AEae])s(?!us)(?:es)?)?"
"""A note's name. *Es* and *As* are E flat and A flat, but *Esus* and *Asus* are suspended chords."""

LIKENESS = {
    "♭": "b", "♯": "#", "♮": "", "𝄫": "bb", "𝄪": "##", "−": "-", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-",
    "º": "°", "˚": "°", "∘": "°", "○": "°", "∅": "ø", "Ø": "ø", "⌀": "ø", "Δ": "Δ", "△": "Δ", "∆": "Δ", "▵": "Δ",
    "▲": "Δ", "∣": "|", "│": "|", "❘": "|", "┃": "|", "¦": "|", "‖": "|", "║": "|", "𝄎": "%", "⁄": "/", "∕": "/",
    "⁺": "+", "⁻": "-",
}  # fmt: skip
"""What stands for a character that is read, one for one but for the double signs."""

_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_SPELT = re.compile(r"(?P<letter>[A-Ha-h])(?P<sign>.*)")


@dataclass(frozen=True, slots=True)
class NoteName:
    """``pitch_class``: 0 is C. ``german``: the name is no English one. ``plain_b``: it is *B*, which is B natural in
    English and B flat in German."""

    pitch_class: int
    german: bool
    plain_b: bool


def parse_note_name(name: str) -> NoteName:
    """The note of a name that `NOTE_PATTERN` matches, a lower-case letter too."""
    match = _SPELT.fullmatch(name)
    if match is None or match["sign"] not in SIGNS:
        raise ValueError(f"{name!r} names no note")
    letter, sign = match["letter"].upper(), match["sign"]
    german = letter == "H" or (bool(sign) and sign[0] in "ise")
    return NoteName((LETTERS[letter] + SIGNS[sign]) % 12, german, letter == "B" and not sign)


def strip_invisible(text: str) -> str:
    """``text`` without what cannot be seen, such as a byte order mark: columns stay what an editor shows."""
    return _UNSEEN.sub("", text)


def normalise(text: str) -> str:
    """``text`` with full-width characters, spaces of every sort, superscripts and signs in their usual spelling, and
    without what cannot be seen. Its length stays that of `strip_invisible`, but for a double sharp or flat."""
    return "".join(map(_normalise_character, strip_invisible(text)))


def _normalise_character(character: str) -> str:
    if character.isascii():
        return character
    if character in LIKENESS:
        return LIKENESS[character]
    if character.isspace():
        return " "
    usual = unicodedata.normalize("NFKC", character)
    return usual if len(usual) == 1 and usual.isascii() else character

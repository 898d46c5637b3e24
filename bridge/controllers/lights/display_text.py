"""Display text: names and values as the small ASCII displays of controllers can show them."""

from __future__ import annotations

import unicodedata

from bridge.core.control import Control, Value, format_value

_SIGNS = str.maketrans(
    {
        "♭": "b", "♯": "#", "𝄫": "bb", "𝄪": "##", "♮": "", "Δ": "maj", "△": "maj", "ø": "m7b5", "Ø": "m7b5",
        "°": "dim", "º": "dim", "−": "-", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...",
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "đ": "d", "ł": "l", "Ł": "L",
    }
)  # fmt: skip
"""Signs of music, typography and letters that have no accent to remove; ø, ° and Δ as chord symbols use them."""
_VOWELS = "aeiou"


def to_ascii(text: str) -> str:
    """``text`` in printable ASCII: signs of music written out, accents removed, what remains as "?"."""
    plain = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    marks = (char for char in plain if not unicodedata.combining(char))
    return "".join(char if " " <= char <= "~" else "?" for char in marks)


def shorten_name(name: str, length: int) -> str:
    """``name`` in ``length`` characters: spaces go first, then vowels from the end, then the end itself.

    So "Band drums" is "BndDrms" in seven, and differs from "Band bass", of which cutting would leave the same.
    """
    if len(name) <= length:
        return name
    letters = [*"".join(word[:1].upper() + word[1:] for word in name.replace("_", " ").split())]
    at = len(letters) - 1
    while len(letters) > length and at > 0:
        if letters[at] in _VOWELS:
            del letters[at]
        at -= 1
    return "".join(letters)[:length]


def format_control(control: Control, value: float) -> str:
    """A control's value with its unit, as short as it can be read: "on", "chorus", "-6.0dB", "120BPM", "83%"."""
    shown = format_value(control, control.clamp(value))
    if isinstance(shown, bool):
        return "on" if shown else "off"
    if isinstance(shown, str):
        return to_ascii(shown)
    if not control.unit and control.kind == "linear" and (control.low, control.high) == (0.0, 1.0):
        return f"{shown * 100:.0f}%"
    return format_number(shown) + to_ascii(control.unit)


def format_number(value: Value) -> str:
    """A number or word of a reading: whole numbers without a point, others with one digit after it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"
    return to_ascii(str(value))

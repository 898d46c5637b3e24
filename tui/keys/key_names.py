"""Names of keys: as Textual sends them, as a footer shows them, and as users write them in a keymap file."""

from __future__ import annotations

SIGNS: dict[str, str] = {
    "exclamation_mark": "!",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "slash": "/",
    "backslash": "\\",
    "full_stop": ".",
    "comma": ",",
    "colon": ":",
    "semicolon": ";",
    "minus": "-",
    "plus": "+",
    "asterisk": "*",
    "equals_sign": "=",
    "underscore": "_",
    "apostrophe": "'",
    "quotation_mark": '"',
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "at": "@",
    "circumflex_accent": "^",
    "grave_accent": "`",
    "vertical_line": "|",
    "tilde": "~",
}
"""Keys that Textual names by a word, and the sign that they type."""
SPECIAL: dict[str, str] = {
    "enter": "↵",
    "escape": "Esc",
    "space": "space",
    "tab": "tab",
    "backspace": "⌫",
    "delete": "del",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "home": "home",
    "end": "end",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "insert": "ins",
}
"""Keys that type no sign, and how a footer shows them."""
NAMES: dict[str, str] = {sign: name for name, sign in SIGNS.items()}
MODIFIERS = ("ctrl", "alt", "shift")
FUNCTION_KEYS = tuple(f"f{number}" for number in range(1, 25))


def to_label(key: str) -> str:
    """How a footer shows a key: ``^S`` for ``ctrl+s``, ``!`` for ``exclamation_mark``."""
    *modifiers, last = key.split("+") if key != "+" else ("+",)
    shown = SIGNS.get(last) or SPECIAL.get(last) or (last.upper() if last in FUNCTION_KEYS else last)
    if modifiers == ["ctrl"] and len(last) == 1:
        return "^" + last.upper()
    return "+".join((*modifiers, shown))


def to_key(written: str) -> str:
    """The name of a key from what a user writes: ``!``, ``S``, ``Ctrl+S``, ``^s``, ``PageUp``, ``F12``, ``left``.

    Raises:
        ValueError: It is the name of no key.
    """
    text = written.strip()
    if text in NAMES:
        return NAMES[text]
    if len(text) == 2 and text[0] == "^" and text[1].isalnum():
        return "ctrl+" + text[1].lower()
    *modifiers, last = text.split("+")
    modifiers = [modifier.strip().lower().replace("control", "ctrl") for modifier in modifiers]
    wrong = [modifier for modifier in modifiers if modifier not in MODIFIERS]
    if wrong:
        raise ValueError(f"{written!r}: no modifier is called {wrong[0]!r}; there are ctrl, alt and shift")
    name = _to_plain_key(last.strip(), bool(modifiers))
    if not name:
        raise ValueError(f"{written!r} is no key; write a character, ctrl+s, alt+x, f12, left, pageup, space or enter")
    return "+".join((*sorted(modifiers, key=MODIFIERS.index), name))


def _to_plain_key(text: str, has_modifiers: bool) -> str:
    """The name of a key without modifiers; empty where there is none."""
    low = text.lower()
    if low in SPECIAL or low in FUNCTION_KEYS or low in SIGNS:
        return low
    aliases = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "page_up": "pageup"}
    if low in aliases:
        return aliases[low]
    if text in NAMES:
        return NAMES[text]
    if len(text) == 1 and text.isprintable() and not text.isspace():
        return low if has_modifiers else text
    return ""

"""Text field: a line that is typed, its editing as functions of text and cursor, and how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, cut, measure
from tui.core.screen import TextField

MAX_CHARACTERS = 4096
"""Characters of a field: the longest path of a file system."""
CURSOR_AT_END = "▏"
"""Character of the cursor behind the text."""


def insert(text: str, cursor: int, typed: str) -> tuple[str, int]:
    """``text`` with ``typed`` at the cursor, and the cursor behind it. Line breaks become blanks."""
    typed = "".join(one if one.isprintable() else " " for one in typed)[: MAX_CHARACTERS - len(text)]
    return text[:cursor] + typed + text[cursor:], cursor + len(typed)


def find_word_start(text: str, cursor: int) -> int:
    """The start of the word before the cursor; a slash, a dot and a blank end a word."""
    at = cursor
    while at and not text[at - 1].isalnum():
        at -= 1
    while at and text[at - 1].isalnum():
        at -= 1
    return at


def find_word_end(text: str, cursor: int) -> int:
    """The end of the word behind the cursor."""
    at = cursor
    while at < len(text) and not text[at].isalnum():
        at += 1
    while at < len(text) and text[at].isalnum():
        at += 1
    return at


def edit(text: str, cursor: int, key: str) -> tuple[str, int] | None:
    """Text and cursor after an editing key; None where ``key`` is none."""
    before, behind = text[:cursor], text[cursor:]
    word_start, word_end = find_word_start(text, cursor), find_word_end(text, cursor)
    edits: dict[str, tuple[str, int]] = {
        "left": (text, max(cursor - 1, 0)),
        "right": (text, min(cursor + 1, len(text))),
        "home": (text, 0),
        "end": (text, len(text)),
        "ctrl+left": (text, word_start),
        "ctrl+right": (text, word_end),
        "backspace": (before[:-1] + behind, max(cursor - 1, 0)),
        "delete": (before + behind[1:], cursor),
        "ctrl+w": (text[:word_start] + behind, word_start),
        "ctrl+u": (behind, 0),
        "ctrl+k": (before, cursor),
    }
    edits["ctrl+a"], edits["ctrl+e"] = edits["home"], edits["end"]
    edits["alt+b"], edits["alt+f"] = edits["ctrl+left"], edits["ctrl+right"]
    edits["alt+backspace"] = edits["ctrl+w"]
    return edits.get(key)


def complete(text: str, words: Sequence[str]) -> str:
    """``text`` as far as all of ``words``, which continue it, agree."""
    fitting = [word for word in words if word.startswith(text)]
    if not fitting:
        return text
    first, last = min(fitting), max(fitting)
    end = len(text)
    while end < min(len(first), len(last)) and first[end] == last[end]:
        end += 1
    return first[:end]


def recall(field: TextField, step: int) -> bool:
    """Put an earlier (``step`` -1) or later (1) text of the history into the field; False where there is none."""
    at = (len(field.history) if field.history_at < 0 else field.history_at) + step
    if not field.history or not 0 <= at <= len(field.history):
        return False
    field.history_at = at
    field.text = field.history[at] if at < len(field.history) else ""
    field.cursor = len(field.text)
    return True


def type_key(field: TextField, key: str, character: str | None) -> bool:
    """Edit ``field`` by a key: its own editing keys, its history, or a printable character. False where none fits."""
    before = field.text
    field.cursor = min(max(field.cursor, 0), len(field.text))
    edited = edit(field.text, field.cursor, key)
    if edited is not None:
        field.text, field.cursor = edited
    elif key in ("up", "down"):
        if not recall(field, -1 if key == "up" else 1):
            return False
    elif key == "tab" and field.complete is not None:
        field.text = complete(field.text, field.complete(field.text))
        field.cursor = len(field.text)
    elif character is not None and character.isprintable() and not key.startswith(("ctrl+", "alt+")):
        field.text, field.cursor = insert(field.text, field.cursor, character)
    else:
        return False
    if field.text != before and field.on_change is not None:
        field.on_change(field.text)
    return True


def paste(field: TextField, text: str) -> None:
    """Insert what was pasted, its first line."""
    lines = text.splitlines() or [""]
    field.text, field.cursor = insert(field.text, min(field.cursor, len(field.text)), lines[0])
    if field.on_change is not None:
        field.on_change(field.text)


def draw_field(field: TextField, width: int) -> Row:
    """The field in at most ``width`` columns: prompt, ``›``, and the part of the text around the cursor."""
    prompt = cut(field.prompt, max(width // 2, 0))
    row: Row = [(prompt + (" " if prompt else "") + "› ", "dim")]
    room = width - measure(row[0][0])
    if room < 1:
        return [("›"[: max(width, 0)], "dim")]
    cursor = min(max(field.cursor, 0), len(field.text))
    at = field.text[cursor] if cursor < len(field.text) else CURSOR_AT_END
    before, behind = field.text[:cursor], field.text[cursor + 1 :]
    while before and measure(before) + measure(at) > room:
        before = before[1:]
    if before != field.text[:cursor] and before:
        before = "…" + before[1:] if measure(before[0]) == 1 else before[1:]
    if measure(at) > room:
        at = CURSOR_AT_END
    row.append((before, "field"))
    row.append((at, "cursor"))
    row.append((cut(behind, room - measure(before) - measure(at)), "field"))
    return [run for run in row if run[0]]

"""Chord sheet file: the text of a file, whatever editor wrote it, read as a sheet."""

from __future__ import annotations

import codecs
from pathlib import Path

from bridge.errors import ConfigError
from engines.accompaniment.sheet import Sheet, read_sheet

LARGEST_BYTES = 1 << 20
_SAVE = "save the file as UTF-8, or give a song or MIDI file by its usual name (.wav, .mp3, .mid)"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"),
)  # fmt: skip
"""Byte order marks, the longer before those that they begin with, and what is written behind them."""


def read_sheet_file(path: Path, name: str = "") -> Sheet:
    """The sheet in the file at ``path``, named ``name`` in errors. Raises: ConfigError, OSError."""
    return read_sheet(read_text(path, name), name or str(path))


def read_text(path: Path, name: str = "") -> str:
    """What is written in the file at ``path``. Raises: ConfigError, OSError."""
    with path.open("rb") as file:
        return decode_text(file.read(LARGEST_BYTES + 1), name or str(path))


def decode_text(data: bytes, name: str) -> str:
    """``data`` as text: UTF-8, or UTF-16 or UTF-32 with a byte order mark, as Windows' Notepad writes."""
    if len(data) > LARGEST_BYTES:
        raise ConfigError(f"{name}: longer than a chord sheet can be ({LARGEST_BYTES >> 20} MiB)", _SAVE)
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line = len(before.splitlines()) or 1
        shown = encoding.removesuffix("-sig").upper()
        raise ConfigError(f"{name}: not {shown} at byte {error.start}, line {line}", _SAVE) from error
    if "\0" in text:
        raise ConfigError(f"{name}: no text, or UTF-16 without a byte order mark", _SAVE)
    return text

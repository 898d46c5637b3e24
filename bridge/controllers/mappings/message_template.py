"""Message template: an outgoing MIDI message as text in hex, with placeholders for what changes.

    90 {n} 7F                  note-on of the input's own number
    D0 {i*16+v}                meter level v of the strip i
    {0xE0+i} {lsb} {msb}       pitch bend, 14 bits
    F0 00 00 66 {unit} 12 {i*7} {text:7} F7
    F0 00 00 66 {unit} 72 {colours:8} F7

A placeholder is a sum of terms: a number, a variable, or a variable times a number. Variables that are known when the
file is read: ``i`` (index of the message in its entry, from 0), ``n`` (its controller or note), ``c`` (its channel,
from 0), ``unit``. Those of each sending: ``v``, ``msb``, ``lsb``, ``colour``, and ``text:N``: N characters, filled with
spaces; without N, as they come; and ``colours:N``: the colours of N channel strips, 0 for one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

FIXED = frozenset({"i", "n", "c", "unit"})
"""Variables whose values are known when the file is read."""
SENT = frozenset({"v", "msb", "lsb", "colour"})
"""Variables of each sending: value, its upper and its lower seven bits, colour."""
LONGEST_TEXT = 64
MOST_CHANGING = 64
"""Places of a message that change with the value."""
LONGEST_SOURCE = 1024
"""Characters of a template: more than a message to any device mapped so far, and quick to read."""
SYSEX_START, SYSEX_END = 0xF0, 0xF7

_TOKEN = re.compile(r"\{(?P<placeholder>[^{}]*)\}|(?P<byte>[0-9A-Fa-f]{2})(?=\s|\{|$)|(?P<space>\s+)|(?P<wrong>.)")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{1,8}|[0-9]{1,8}")
_TEXT = re.compile(r"text(?::(?P<length>[0-9]{1,4}))?")
_COLOURS = re.compile(r"colours:(?P<count>[0-9]{1,4})")
_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}


class _Sum:
    """A byte as a sum of terms (variable or "", factor)."""

    def __init__(self, source: str, fixed: Mapping[str, int]) -> None:
        self.variables: set[str] = set()
        self._base, self._terms = 0, list[tuple[str, int]]()
        for term in source.split("+"):
            factor, names = 1, list[str]()
            for part in map(str.strip, term.split("*")):
                if _NUMBER.fullmatch(part):
                    factor *= int(part, 0)
                elif part in fixed:
                    factor *= fixed[part]
                elif part in SENT:
                    names.append(part)
                else:
                    raise ValueError(
                        f"{{{source}}}: {part!r} is no variable of this entry; known: {_list_variables(fixed)}"
                    )
            if len(names) > 1:
                raise ValueError(f"{{{source}}}: at most one variable in a product")
            if names:
                self._terms.append((names[0], factor))
                self.variables.add(names[0])
            else:
                self._base += factor

    def evaluate(self, values: Mapping[str, int]) -> int:
        return self._base + sum(values[name] * factor for name, factor in self._terms)


class _Text:
    """Characters: ASCII, others as "?"; cut and filled to ``length``, where that is not 0."""

    def __init__(self, length: int) -> None:
        self.length = length

    def encode(self, text: str) -> bytes:
        data = bytes(code if 0x20 <= code < 0x7F else 0x3F for code in text.encode("ascii", "replace"))
        return data[: self.length].ljust(self.length) if self.length else data[:LONGEST_TEXT]


class _Colours:
    """The colours of ``count`` strips."""

    def __init__(self, count: int) -> None:
        self.count = count

    def encode(self, colours: Sequence[int]) -> bytes:
        return bytes(colours[: self.count]).ljust(self.count, b"\0")


class MessageTemplate:
    """A message with placeholders. Equal templates with equal fixed values are equal.

    Raises:
        ValueError: ``text`` is no template, or its messages would not be MIDI: the message says where and why.
    """

    def __init__(self, text: str, fixed: Mapping[str, int] | None = None) -> None:
        if len(text) > LONGEST_SOURCE:
            raise ValueError(f"has more than {LONGEST_SOURCE:,} characters")
        self._source, self._fixed = text, dict(fixed or {})
        self._parts: list[int | _Sum | _Text | _Colours] = []
        for token in _TOKEN.finditer(text):
            if token["wrong"] is not None:
                raise ValueError(f"{text!r}: {token['wrong']!r}: write bytes as two hex digits, placeholders in braces")
            if token["byte"]:
                self._parts.append(int(token["byte"], 16))
            elif token["placeholder"] is not None:
                self._parts.append(self._parse_placeholder(token["placeholder"].strip()))
        if sum(not isinstance(part, int) for part in self._parts) > MOST_CHANGING:
            raise ValueError(f"{text!r}: more than {MOST_CHANGING} bytes change with the value")
        if self._parts and not isinstance(self._parts[0], int):
            raise ValueError(f"{text!r}: its first byte may not change with the value")
        for v in (0, 0x7F) if self.variables & SENT else (0,):
            check_message(self._render({"v": v, "msb": v, "lsb": v, "colour": min(v, 7)}, ""), text, bool(v))

    def _parse_placeholder(self, text: str) -> int | _Sum | _Text | _Colours:
        if written := _TEXT.fullmatch(text):
            length = int(written["length"] or 0)
            if length > LONGEST_TEXT:
                raise ValueError(f"{{{text}}}: more than {LONGEST_TEXT} characters")
            return _Text(length)
        if written := _COLOURS.fullmatch(text):
            count = int(written["count"])
            if not 0 < count <= LONGEST_TEXT:
                raise ValueError(f"{{{text}}}: colours of 1 to {LONGEST_TEXT} strips")
            return _Colours(count)
        found = _Sum(text, self._fixed)
        if found.variables:
            return found
        if (number := found.evaluate({})) > 0xFF:
            raise ValueError(f"{{{text}}}: a byte would be {number}")
        return number

    @property
    def variables(self) -> set[str]:
        """The variables of each sending that it has, and ``text`` and ``colours``."""
        found = {name for part in self._parts if isinstance(part, _Sum) for name in part.variables}
        found |= {"text"} if any(isinstance(part, _Text) for part in self._parts) else set()
        return found | ({"colours"} if self.colours else set())

    @property
    def colours(self) -> int:
        """The number of strips whose colours it has; 0: none."""
        return max((part.count for part in self._parts if isinstance(part, _Colours)), default=0)

    def render(self, v: int = 0, text: str = "", colour: int = 0, colours: Sequence[int] = ()) -> bytes:
        """The message for the value ``v`` (0 to 127, or to 16383 where the template has ``msb``)."""
        return self._render({"v": v, "msb": v >> 7, "lsb": v & 0x7F, "colour": colour}, text, colours)

    def _render(self, values: Mapping[str, int], text: str, colours: Sequence[int] = ()) -> bytes:
        data = bytearray()
        for part in self._parts:
            if isinstance(part, int):
                data.append(part)
            elif isinstance(part, _Text):
                data += part.encode(text)
            elif isinstance(part, _Colours):
                data += part.encode(colours)
            else:
                number = part.evaluate(values)
                if not 0 <= number <= 0xFF:
                    raise ValueError(f"{self._source!r}: a byte would be {number}")
                data.append(number)
        return bytes(data)

    def check_range(self, low: int, high: int) -> None:
        """Check that every value from ``low`` to ``high``, in either order, with any text and colour, makes a message.

        Raises:
            ValueError: One does not; the message says which.
        """
        low, high = min(low, high), max(low, high)
        limit = 16383 if self.variables & {"msb", "lsb"} else 127
        if self.variables & SENT - {"colour"} and (low < 0 or high > limit):
            raise ValueError(f"{self._source!r}: takes values from 0 to {limit}, not {low} to {high}")
        # factors are never negative: a byte is largest at the end, or where the lower seven bits are for the last time
        for v in {high, max(low, (high & ~0x7F) - 1)}:
            for colour, words in ((0, ""), (7, "A" * LONGEST_TEXT)):
                values = {"v": v, "msb": v >> 7, "lsb": v & 0x7F, "colour": colour}
                check_message(self._render(values, words), self._source)

    def __repr__(self) -> str:
        return f"MessageTemplate({self._source!r}, {self._fixed!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MessageTemplate):
            return NotImplemented
        return (self._source, self._fixed) == (other._source, other._fixed)

    def __hash__(self) -> int:
        return hash((self._source, tuple(sorted(self._fixed.items()))))


def check_message(message: bytes, source: str, lenient: bool = False) -> None:
    """Check that ``message`` is one whole MIDI message. ``lenient``: data bytes may be above 127.

    Raises:
        ValueError: It is not; ``source`` is how the file writes it.
    """
    if not message:
        raise ValueError(f"{source!r}: is empty")
    status, data = message[0], message[1:]
    if status == SYSEX_START:
        if message[-1] != SYSEX_END or len(message) < 3:
            raise ValueError(f"{source!r}: a system exclusive message ends with F7")
        data = data[:-1]
    elif (wanted := _LENGTHS.get(status & 0xF0)) is None:
        raise ValueError(f"{source!r}: begins with {status:02X}; give a channel message (80 to EF) or F0 ... F7")
    elif len(message) != wanted:
        raise ValueError(f"{source!r}: has {len(message)} bytes; {status:02X} has {wanted}")
    wrong = next((byte for byte in data if byte > 0x7F), None)
    if wrong is not None and not lenient:
        raise ValueError(f"{source!r}: the data byte {wrong:02X} is above 7F")


def _list_variables(fixed: Mapping[str, int]) -> str:
    return ", ".join(sorted({*fixed, *SENT, "text:N", "colours:N"}))

"""Message specs as text: which MIDI messages an entry of a mapping file stands for.

    cc 48                 controller 48, on the device's channel
    cc 48-55              eight controllers
    cc 1,4,7 ch 9         three controllers on channel 9
    cc14 0-7              eight controllers of 14 bits; the fine one is 32 above
    cc14 0,33             one of 14 bits: coarse 0, fine 33
    nrpn 130              a non-registered parameter, MSB * 128 + LSB
    note 36-43 ch 10      keys or pads
    key pressure 18       polyphonic aftertouch
    channel pressure ch 1-8
    bend ch 1-8           pitch bend, 14 bits
    program 3             one program; "program" alone: any of them, as a value

Channels are counted from 1 in text, from 0 in a `MessageSpec`. Several numbers on several channels are all of the
first channel's, then all of the next one's.
"""

from __future__ import annotations

import re

from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.errors import ConfigError
from bridge.toml import shorten

MOST = 1024
"""Messages that one text may stand for."""
LONGEST = 1000
"""Characters of a text; the pattern's time grows with their square."""
FINE_OFFSET = 32
"""From a controller's MSB to its LSB (MIDI 1.0, control change messages)."""

_SPEC = re.compile(
    r"\s*(?P<kind>cc14|cc|nrpn|note|key pressure|channel pressure|bend|program)"
    r"(?:\s+(?P<numbers>[0-9][0-9,\s-]*?))?(?:\s+ch\s+(?P<channels>[0-9][0-9,\s-]*?))?\s*"
)
_RANGE = re.compile(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?")
_UNNUMBERED = frozenset({MessageKind.CHANNEL_PRESSURE, MessageKind.PITCH_BEND})
_FORMS = "write cc 48, cc 48-55, cc14 0-7, nrpn 130, note 36 ch 10, key pressure 36, channel pressure, bend or program"


def parse_message_specs(text: str, default_channel: int) -> tuple[MessageSpec, ...]:
    """The messages that ``text`` stands for, in the order in which it names them.

    ``default_channel``: from 1, where the text has none.

    Raises:
        ConfigError: The text is none, names a number beyond its kind's, or a message twice.
    """
    shown = shorten(repr(text))
    if len(text) > LONGEST or not (found := _SPEC.fullmatch(text)):
        raise ConfigError(f"{shown} is no message", _FORMS)
    kind = MessageKind(found["kind"])
    channels = [default_channel]
    if found["channels"]:
        channels = _parse_numbers(found["channels"], 1, 16, f"{shown}: channel")
    if kind in _UNNUMBERED and found["numbers"]:
        raise ConfigError(f"{shown}: {kind.value} has no number", f"write {kind.value}, or {kind.value} ch 1")
    if kind not in _UNNUMBERED and not found["numbers"] and kind is not MessageKind.PROGRAM:
        raise ConfigError(f"{shown}: which {kind.value}?", f"add its number, as in {kind.value} 48")
    numbers = _parse_kind_numbers(kind, found["numbers"], shown)
    if len(numbers) * len(channels) > MOST:
        raise ConfigError(f"{shown} stands for more than {MOST} messages", "give fewer")
    return tuple(MessageSpec(kind, channel - 1, number, fine) for channel in channels for number, fine in numbers)


def format_message_spec(spec: MessageSpec) -> str:
    """The text of ``spec``, always with its channel: parsed again it gives the same, whatever the device's channel."""
    number = ""
    if spec.kind is MessageKind.CC14:
        number = f" {spec.number},{spec.fine}"
    elif spec.kind not in _UNNUMBERED and spec.number >= 0:
        number = f" {spec.number}"
    return f"{spec.kind.value}{number} ch {spec.channel + 1}"


def _parse_kind_numbers(kind: MessageKind, text: str | None, shown: str) -> list[tuple[int, int]]:
    """Number and fine number of each message on one channel."""
    if text is None:
        return [(-1 if kind is MessageKind.PROGRAM else 0, -1)]
    highest = 16383 if kind is MessageKind.NRPN else 127
    numbers = _parse_numbers(text, 0, highest, f"{shown}: {kind.value}")
    if kind is not MessageKind.CC14:
        return [(number, -1) for number in numbers]
    if "-" not in text and len(numbers) > 1:
        if len(numbers) > 2:
            raise ConfigError(
                f"{shown}: two numbers are the coarse and the fine controller of one fader",
                "give one entry for each fader, or a range such as cc14 0-7",
            )
        return [(numbers[0], numbers[1])]
    if beyond := [number for number in numbers if number + FINE_OFFSET > 127]:
        raise ConfigError(
            f"{shown}: cc14 {beyond[0]} has no controller {FINE_OFFSET} above it",
            f"give both, as in cc14 {beyond[0]},{beyond[0] - FINE_OFFSET}",
        )
    if twice := sorted(set(numbers) & {number + FINE_OFFSET for number in numbers}):
        raise ConfigError(f"{shown}: cc {twice[0]} would be coarse and fine", "give fewer, or each pair by itself")
    return [(number, number + FINE_OFFSET) for number in numbers]


def _parse_numbers(text: str, lowest: int, highest: int, shown: str) -> list[int]:
    numbers: dict[int, None] = {}
    for part in text.split(","):
        if not (found := _RANGE.fullmatch(part)):
            raise ConfigError(f"{shown} {shorten(part.strip())!r} is no number", "write 48, 48-55 or 1,4,7")
        first, last = int(found[1]), int(found[2] or found[1])
        if wrong := [number for number in (first, last) if not lowest <= number <= highest]:
            beyond = f"above {highest}" if wrong[0] > highest else f"below {lowest}"
            raise ConfigError(f"{shown} {wrong[0]} is {beyond}", f"give {lowest} to {highest}")
        for number in range(first, last + 1) if first <= last else range(first, last - 1, -1):
            if number in numbers:
                raise ConfigError(f"{shown} {number} is there twice", "name each once")
            numbers[number] = None
    return list(numbers)

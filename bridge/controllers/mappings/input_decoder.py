"""Input decoder: raw MIDI messages of a device as values of the messages that its mapping names.

Values of two messages (controllers of 14 bits, NRPNs) change with the first, coarse one at once, to the nearest value
that it can mean, and are completed by the fine one: a fader that moves one way never jumps back, and one that sends the
coarse message alone works too. Before the first coarse message there is no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from bridge.controllers.mappings.mapping import MessageKind, MessageSpec

Decoded: TypeAlias = list[tuple[MessageSpec, int]]
"""Messages and their values: 0 to `MessageSpec.maximum`."""

NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL_CHANGE, PROGRAM, CHANNEL_PRESSURE, PITCH_BEND = range(0x80, 0xF0, 0x10)
DATA_COARSE, DATA_FINE, NRPN_FINE, NRPN_COARSE, RPN_FINE, RPN_COARSE = 6, 38, 98, 99, 100, 101
"""Controllers of registered and non-registered parameters (MIDI 1.0, table III)."""
PARAMETER_CONTROLLERS = (DATA_COARSE, DATA_FINE, NRPN_FINE, NRPN_COARSE, RPN_FINE, RPN_COARSE)
"""Those that a device's NRPNs take: they are nothing else on the same channel."""
NO_PARAMETER = 0x3FFF
"""The null of either kind: data that follow change nothing."""

_NUMBERED = {
    MessageKind.CC: CONTROL_CHANGE,
    MessageKind.NOTE: NOTE_ON,
    MessageKind.KEY_PRESSURE: KEY_PRESSURE,
}
_UNNUMBERED = {MessageKind.CHANNEL_PRESSURE: CHANNEL_PRESSURE, MessageKind.PITCH_BEND: PITCH_BEND}


class _PairedValue:
    """A value of 14 bits whose halves come one after the other."""

    def __init__(self) -> None:
        self._value = -1
        self._has_fine = False

    def take_coarse(self, coarse: int) -> int:
        """The value once the upper seven bits are ``coarse``.

        A device that sends no fine part has 128 values, spread evenly. Of one that does, the value is in the new
        coarse step where it is nearest to the old one; the fine part follows.
        """
        if self._value < 0 or not self._has_fine:
            self._value = coarse << 7 | coarse
        else:
            self._value = min(max(self._value, coarse << 7), coarse << 7 | 0x7F)
        return self._value

    def take_fine(self, fine: int) -> int:
        """The value once the lower seven bits are ``fine``; -1 while the upper ones are unknown."""
        self._has_fine = True
        if self._value >= 0:
            self._value = self._value & ~0x7F | fine
        return self._value


class _ParameterChannel:
    """The NRPNs of one channel: which is selected, and the values."""

    def __init__(self) -> None:
        self._coarse, self._fine = 0x7F, 0x7F
        self._is_registered = False
        self._values: dict[int, tuple[MessageSpec, _PairedValue]] = {}

    def add(self, spec: MessageSpec) -> None:
        self._values[spec.number] = spec, _PairedValue()

    def take(self, controller: int, value: int) -> Decoded:
        """What a control change of a parameter's controllers means."""
        if controller in {DATA_COARSE, DATA_FINE}:
            return self._take_data(controller, value)
        self._is_registered = controller in {RPN_COARSE, RPN_FINE}
        if controller == NRPN_COARSE:
            self._coarse = value
        elif controller == NRPN_FINE:
            self._fine = value
        return []

    def _take_data(self, controller: int, value: int) -> Decoded:
        number = self._coarse << 7 | self._fine
        if self._is_registered or number == NO_PARAMETER or number not in self._values:
            return []
        spec, pair = self._values[number]
        joined = pair.take_coarse(value) if controller == DATA_COARSE else pair.take_fine(value)
        return [(spec, joined)] if joined >= 0 else []


_Handler: TypeAlias = Callable[[int], Decoded]
"""Called with the last data byte of a message."""


class InputDecoder:
    """Decodes the messages of ``specs``; others cost one look into a table."""

    def __init__(self, specs: Iterable[MessageSpec]) -> None:
        self._handlers: dict[tuple[int, int], _Handler] = {}
        """By status and first data byte; -1 where any will do."""
        parameters: dict[int, _ParameterChannel] = {}
        for spec in dict.fromkeys(specs):
            if spec.kind in _NUMBERED:
                self._handlers[_NUMBERED[spec.kind] | spec.channel, spec.number] = partial(_give, spec)
            elif spec.kind in _UNNUMBERED:
                self._handlers[_UNNUMBERED[spec.kind] | spec.channel, -1] = partial(_give, spec)
            elif spec.kind is MessageKind.PROGRAM:
                give = partial(_give, spec) if spec.number < 0 else partial(_pulse, spec)
                self._handlers[PROGRAM | spec.channel, spec.number] = give
            elif spec.kind is MessageKind.CC14:
                pair, status = _PairedValue(), CONTROL_CHANGE | spec.channel
                self._handlers[status, spec.number] = partial(_give_joined, spec, pair.take_coarse)
                self._handlers[status, spec.fine] = partial(_give_joined, spec, pair.take_fine)
            else:
                parameters.setdefault(spec.channel, _ParameterChannel()).add(spec)
        for channel, one in parameters.items():
            for controller in PARAMETER_CONTROLLERS:
                self._handlers[CONTROL_CHANGE | channel, controller] = partial(one.take, controller)

    def decode(self, message: bytes) -> Decoded:
        """The values that ``message`` gives; none where it is not mapped, or no whole channel message.

        The release of a note is its value 0. A program has no release: as a button it is pressed and released at once.
        """
        if not 2 <= len(message) <= 3 or message[-1] > 0x7F:
            return []
        status, first, last = message[0], message[1], message[-1]
        kind = status & 0xF0
        if kind == NOTE_OFF:
            status, last = status | 0x10, 0
        handler = self._handlers.get((status, first)) or self._handlers.get((status, -1))
        if handler is None or (len(message) == 2) != (kind in {PROGRAM, CHANNEL_PRESSURE}) or first > 0x7F:
            return []
        return handler(last << 7 | first if kind == PITCH_BEND else last)


def _give(spec: MessageSpec, value: int) -> Decoded:
    return [(spec, value)]


def _pulse(spec: MessageSpec, _program: int) -> Decoded:
    return [(spec, spec.maximum), (spec, 0)]


def _give_joined(spec: MessageSpec, take: Callable[[int], int], data: int) -> Decoded:
    value = take(data)
    return [(spec, value)] if value >= 0 else []

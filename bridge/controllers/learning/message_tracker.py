"""Message tracker: which messages a device sends, and how far each has moved, without a mapping that names them.

Controllers that belong together are joined: a coarse one and the fine one 32 above it that move together, and the four
of a non-registered parameter (MIDI 1.0, control change messages).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bridge.controllers.learning.kind_detection import MOVE, Detection, detect_kind
from bridge.controllers.mappings.input_decoder import (
    DATA_COARSE,
    DATA_FINE,
    NRPN_COARSE,
    NRPN_FINE,
    PARAMETER_CONTROLLERS,
    RPN_COARSE,
    RPN_FINE,
)
from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.message_specs import FINE_OFFSET

LONGEST = 64
"""Values that a history keeps of its beginning, and of its end."""
MOST_MESSAGES = 512
"""Different messages of a device; then the one that came longest ago is dropped."""
PAIRS = 2
"""So often a coarse and a fine controller come together before they are taken for one."""
PARAMETER = frozenset({*PARAMETER_CONTROLLERS, 96, 97})
"""Controllers of parameters; 96 and 97 are steps of the data."""
PRESS = 0.08
"""Movement that a press counts as, so that a fader that was moved by a tenth is ahead of a key that was touched."""
STEP = 0.03
PRESSURE = 0.1
"""Share of the movement of pressure, which comes with every key that is struck."""

_NRPN, _RPN = (NRPN_COARSE, NRPN_FINE), (RPN_COARSE, RPN_FINE)
_FADERS = (MessageKind.CC14, MessageKind.PITCH_BEND)
"""Messages that no button sends."""


@dataclass(slots=True)
class MessageHistory:
    """The values of one message. ``last_s``: when the last one came."""

    spec: MessageSpec
    last_s: float = 0.0
    count: int = 0
    value: int = 0
    low: int = 1 << 14
    high: int = -1
    first: list[int] = field(default_factory=list)
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=LONGEST))

    def add(self, value: int, now_s: float) -> None:
        """Add a value, 0 to the maximum of the spec."""
        self.last_s, self.value, self.count = now_s, value, self.count + 1
        self.low, self.high = min(self.low, value), max(self.high, value)
        (self.first if len(self.first) < LONGEST else self.recent).append(value)

    def detect(self, now_s: float, button_wanted: bool = False) -> Detection:
        """What it is, as far as the values say. ``button_wanted``: as of `detect_kind`."""
        if self.spec.kind is MessageKind.PROGRAM:
            return Detection(button="latched", presses=self.count)  # a program change has no release
        if self.spec.kind in _FADERS:
            return Detection(encoder="absolute") if self.high > self.low else Detection(question=MOVE)
        wide = self.spec.maximum > 127
        values = [value >> 7 if wide else value for value in (*self.first, *self.recent)]
        only_button = self.spec.kind is MessageKind.NOTE
        return detect_kind(values, now_s - self.last_s, only_button, wide, button_wanted)

    def compute_movement(self, detection: Detection) -> float:
        """How far it was moved: 1 is the whole range of a fader."""
        if detection.is_button:
            return min(1.0, PRESS * detection.presses)
        if detection.relative:
            return min(1.0, STEP * self.count)
        return (self.high - self.low) / self.spec.maximum


class MessageTracker:
    """The messages of one device since it was made."""

    def __init__(self) -> None:
        self._histories: dict[MessageSpec, MessageHistory] = {}
        self._last_controller: dict[int, int] = {}
        self._values: dict[tuple[int, int], int] = {}
        self._pairs: dict[MessageSpec, int] = {}
        self._parameter: dict[int, dict[int, int]] = {}
        self._selecting: set[int] = set()
        self._joined: set[tuple[int, int]] = set()

    def receive(self, message: bytes, now_s: float) -> None:
        """Note one whole message. System messages (clock, active sensing, system exclusive) are left out."""
        if not message or not 0x80 <= message[0] < 0xF0 or len(message) < 2:
            return
        channel, number, value = message[0] & 0x0F, message[1], message[-1]
        match message[0] & 0xF0:
            case 0x80:
                self._add(MessageSpec(MessageKind.NOTE, channel, number), 0, now_s)
            case 0x90:
                self._add(MessageSpec(MessageKind.NOTE, channel, number), value, now_s)
            case 0xA0:
                self._add(MessageSpec(MessageKind.KEY_PRESSURE, channel, number), value, now_s)
            case 0xB0:
                self._receive_controller(channel, number, value, now_s)
            case 0xC0:
                self._add(MessageSpec(MessageKind.PROGRAM, channel, number), 127, now_s)
            case 0xD0:
                self._add(MessageSpec(MessageKind.CHANNEL_PRESSURE, channel), number, now_s)
            case _:
                self._add(MessageSpec(MessageKind.PITCH_BEND, channel), value << 7 | number, now_s)

    def list_histories(self) -> list[MessageHistory]:
        """The histories, that of the oldest last message first; of joined controllers that of the whole alone."""
        parts = {(spec.channel, number) for spec in self._find_pairs() for number in (spec.number, spec.fine)}
        parts |= self._joined
        whole = self._find_pairs()
        return [
            history
            for spec, history in self._histories.items()
            if (spec.kind is not MessageKind.CC14 or spec in whole)
            and (spec.kind is not MessageKind.CC or (spec.channel, spec.number) not in parts)
            and (spec.kind is not MessageKind.CC14 or (spec.channel, spec.number) not in self._joined)
        ]

    def has_key(self, spec: MessageSpec) -> bool:
        """Whether a key was struck that ``spec``, a pressure, may come from."""
        keys = (one for one in self._histories if one.kind is MessageKind.NOTE and one.channel == spec.channel)
        return any(spec.kind is MessageKind.CHANNEL_PRESSURE or key.number == spec.number for key in keys)

    def _add(self, spec: MessageSpec, value: int, now_s: float) -> None:
        history = self._histories.pop(spec, None) or MessageHistory(spec)
        if len(self._histories) >= MOST_MESSAGES:
            del self._histories[next(iter(self._histories))]
        self._histories[spec] = history  # the order is that of the last messages
        history.add(value, now_s)

    def _receive_controller(self, channel: int, number: int, value: int, now_s: float) -> None:
        last = self._last_controller.get(channel, -1)
        self._last_controller[channel] = number
        self._values[channel, number] = value
        self._add(MessageSpec(MessageKind.CC, channel, number), value, now_s)
        if number in PARAMETER:
            self._receive_parameter(channel, number, value, now_s)
        else:
            self._selecting.discard(channel)
        coarse = number % FINE_OFFSET
        if number < 2 * FINE_OFFSET and (channel, coarse) in self._values:
            spec = MessageSpec(MessageKind.CC14, channel, coarse, coarse + FINE_OFFSET)
            if {number, last} == {coarse, coarse + FINE_OFFSET}:
                self._pairs[spec] = self._pairs.get(spec, 0) + 1
            if number != coarse:
                self._add(spec, self._values[channel, coarse] << 7 | value, now_s)

    def _receive_parameter(self, channel: int, number: int, value: int, now_s: float) -> None:
        """A part of a parameter: its number (99 and 98, or 101 and 100 of a registered one), then 6 and 38."""
        selected = self._parameter.setdefault(channel, {})
        for own, other in (_NRPN, _RPN), (_RPN, _NRPN):
            if number in own:
                for part in other:
                    selected.pop(part, None)
                selected[number] = value
                self._selecting.add(channel)
                return
        if len(selected) < 2 or number not in (DATA_COARSE, DATA_FINE):
            return
        if channel not in self._selecting and (channel, number) not in self._joined:
            return  # a fader of its own
        self._joined |= {(channel, part) for part in (*selected, DATA_COARSE, DATA_FINE)}
        if NRPN_COARSE not in selected:
            return  # a registered parameter, as the range of the bend, is sent by no fader
        spec = MessageSpec(MessageKind.NRPN, channel, selected[NRPN_COARSE] << 7 | selected[NRPN_FINE])
        fine = value if number == DATA_FINE else 0
        self._add(spec, self._values.get((channel, DATA_COARSE), 0) << 7 | fine, now_s)

    def _find_pairs(self) -> set[MessageSpec]:
        """The coarse and fine controllers that are one fader: hardly any coarse value came without a fine one."""
        found = set()
        for spec, pairs in self._pairs.items():
            coarse = self._histories.get(MessageSpec(MessageKind.CC, spec.channel, spec.number))
            if pairs >= PAIRS and coarse is not None and pairs * 1.25 >= coarse.count:
                found.add(spec)
        return found

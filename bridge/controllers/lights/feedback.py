"""Feedback: what a device is sent, so that its lights, motors and displays show what is true now.

Only differences to what the device shows are sent. Changes are noted from any thread, and cost a look-up where no light
shows them; everything else is called by the thread of the device.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from bridge.control.bus import Bus, Row
from bridge.controllers.lights.hand import FaderHand, is_same_position
from bridge.controllers.lights.light_renderer import LightRenderer
from bridge.controllers.lights.light_slots import LightSlot, make_slots
from bridge.controllers.lights.lights import Light, make_lights
from bridge.controllers.mappings.mapping import (
    BEAT,
    ControlField,
    Mapping,
    MessageSpec,
    ReadingField,
    Strip,
    StripField,
)
from bridge.controllers.mappings.strips import Bank
from bridge.core.control import Reading, Value

MESSAGES_PER_CALL = 32
"""Messages that one call hands out at most: the rest waits, so that what is sent last is still true then."""
READING_TIMEOUT_S = 1.0
"""A meter whose reading was not published for so long is at its lowest: its source has ended."""

_Key = tuple[str, Value]


class FeedbackSender:
    """The lights of one device."""

    def __init__(self, mapping: Mapping, bus: Bus, bank: Bank) -> None:
        self._mapping, self._bus, self._bank = mapping, bus, bank
        self._renderer = LightRenderer(bus.get, self._find_row, self.find_strip)
        self._slots = make_slots(make_lights(mapping))
        self._lock = threading.Lock()
        self._changes: dict[_Key, Row] = {}
        self._rows: dict[_Key, Row] = {}
        self._by_key: dict[_Key, list[LightSlot]] = {}
        self._by_strip: dict[_Key, list[tuple[int, str]]] = {}
        self._by_field: dict[tuple[int, str], list[LightSlot]] = {}
        self._by_message = {message: slot for slot in self._slots for message in slot.messages}
        self._keyed: dict[str, bool] = {}
        self._readings: set[str] = set()
        for slot in self._slots:
            for light in slot.lights:
                self._watch_light(slot, light)
        self._watch_strips()
        self._position = bank.position
        self._layer = mapping.layers[0] if mapping.layers else ""
        self._queue: dict[LightSlot, None] = dict.fromkeys(self._slots)
        self._due_s: dict[LightSlot, float] = {}

    def _watch_light(self, slot: LightSlot, light: Light) -> None:
        source = light.source
        if isinstance(source, ControlField):
            self._keyed[source.control.name] = False
            self._by_key.setdefault((source.control.name, ""), []).append(slot)
        elif isinstance(source, ReadingField):
            self._by_key.setdefault(self._watch_reading(source), []).append(slot)
        elif isinstance(source, StripField):
            self._by_field.setdefault((source.strip, source.function), []).append(slot)

    def _watch_reading(self, source: ReadingField) -> _Key:
        spec = self._bus.registry.find(source.reading)
        keyed = isinstance(spec, Reading) and spec.keyed
        self._keyed[source.reading] = keyed
        self._readings.add(source.reading)
        key: _Key = (source.reading, source.row if keyed else "")
        return key

    def _watch_strips(self) -> None:
        functions = {function for _, function in self._by_field}
        for index, strip in enumerate(self._mapping.strips):
            for function in functions:
                if function == "meter" and strip.meter is not None:
                    self._by_strip.setdefault(self._watch_reading(strip.meter), []).append((index, function))
                elif (control := strip.controls.get(function)) is not None:  # type: ignore[call-overload]
                    self._keyed[control.name] = False
                    self._by_strip.setdefault((control.name, ""), []).append((index, function))

    def find_strip(self, fader: int) -> Strip | None:
        """The strip at ``fader`` of the device, from 0, with the bank as it is; None where there is none."""
        index = self._bank.position + self._mapping.device.first_strip - 1 + fader
        return self._mapping.strips[index] if index < len(self._mapping.strips) else None

    def _find_row(self, reading: str, row: str) -> Row | None:
        return self._rows.get((reading, row))

    def load_readings(self) -> None:
        """Take what was published so far; `note_change` must be called for whatever is published from now on."""
        for reading in self._readings:
            for row in self._bus.get_rows(reading):
                self._rows[reading, row[0] if self._keyed[reading] else ""] = row

    def note_change(self, name: str, values: Row) -> bool:
        """Note a change of a control or reading, from any thread; False where no light shows it.

        The row of something that has gone is not shown as gone: its last values stay.
        """
        if (keyed := self._keyed.get(name)) is None or (keyed and len(values) == 1):
            return False
        key = (name, values[0] if keyed else "")
        if key not in self._by_key and key not in self._by_strip:
            return False
        with self._lock:
            self._changes[key] = values
        return True

    def set_layer(self, layer: str) -> None:
        """Show the lights of ``layer``; those that it does not have go off."""
        if layer != self._layer:
            self._layer = layer
            self._queue.update(dict.fromkeys(self._slots))

    def replay(self) -> None:
        """The device shows nothing that it was sent: send everything again."""
        for slot in self._slots:
            slot.shown, slot.sent_s = None, -math.inf
        self._queue.update(dict.fromkeys(self._slots))

    def resend(self, message: MessageSpec) -> None:
        """Send the light of an input again if the device itself changes it when the input is released."""
        slot = self._by_message.get(message)
        if slot is not None and any(light.resend_on_release for light in slot.lights):
            slot.shown = None
            self._queue[slot] = None

    def release(self) -> None:
        """No finger is on any fader."""
        for slot in self._slots:
            if slot.hand is not None:
                slot.hand.leave()

    def touch(self, messages: Iterable[MessageSpec], touched: bool, now_s: float) -> None:
        """A finger is put on the fader that sends one of ``messages``, or taken off."""
        for message in messages:
            slot = self._by_message.get(message)
            if slot is not None and slot.hand is not None:
                slot.hand.touch(touched, now_s)
                slot.shown = None  # after the touch the motor is sent where it belongs, once, wherever it was sent
                self._queue[slot] = None

    def move(self, message: MessageSpec, position: float, now_s: float) -> bool:
        """A fader moved to ``position``, from 0 to 1; False where it is only its motor's movement, reported."""
        slot = self._by_message.get(message)
        if slot is None or slot.hand is None:
            return True
        if not slot.hand.move(position, now_s):
            return False
        slot.shown = None
        self._queue[slot] = None
        return True

    def take(self, now_s: float) -> list[bytes]:
        """The messages that are to be sent now."""
        self._take_changes(now_s)
        if self._bank.position != self._position:
            self._position = self._bank.position
            self._queue.update({slot: None for slots in self._by_field.values() for slot in slots})
        for slot in [slot for slot, due_s in self._due_s.items() if due_s <= now_s]:
            del self._due_s[slot]
            self._queue[slot] = None
        sent: list[bytes] = []
        while self._queue and len(sent) < MESSAGES_PER_CALL:
            slot = next(iter(self._queue))
            del self._queue[slot]
            if (message := self._update_slot(slot, now_s)) is not None:
                sent.append(message)
        return sent

    def _take_changes(self, now_s: float) -> None:
        if not self._changes:
            return
        with self._lock:
            changes, self._changes = self._changes, {}
        for key, row in changes.items():
            slots = list(self._by_key.get(key, ()))
            for index, function in self._by_strip.get(key, ()):
                fader = index - self._bank.position - self._mapping.device.first_strip + 1
                slots += self._by_field.get((fader, function), ())
            if key[0] in self._readings:
                self._rows[key] = row
            for slot in slots:
                slot.fresh_s = now_s
                if key[0] == BEAT:
                    self._flash(slot, row, now_s)
                self._queue[slot] = None

    def _flash(self, slot: LightSlot, row: Row, now_s: float) -> None:
        light = next((light for light in reversed(slot.list_active(self._layer)) if light.is_flash), None)
        if light is not None:
            spec = self._bus.registry.get_reading(BEAT)
            first = row[spec.fields.index("number")] == 0
            slot.flash = "downbeat" if first and light.downbeat is not None else "on"
            slot.flash_end_s = now_s + light.flash_s

    def _update_slot(self, slot: LightSlot, now_s: float) -> bytes | None:
        """What is to be sent to a slot now; where it has to wait, it comes again when that is over."""
        light, message = self._select_light(slot, now_s)
        if light is not None and light.is_motor and slot.hand is not None:
            return self._update_motor(slot, slot.hand, light, now_s)
        if light is not None and message != light.blank:
            message = self._renew(slot, light, message, now_s)
        if message is None or message == slot.shown:
            return None
        if light is not None and now_s < slot.sent_s + light.every_s:
            self._wait(slot, slot.sent_s + light.every_s)
            return None
        slot.shown, slot.sent_s = message, now_s
        if light is not None and light.repeat_s and message != light.blank:
            self._wait(slot, now_s + light.repeat_s)
        return message

    def _select_light(self, slot: LightSlot, now_s: float) -> tuple[Light | None, bytes | None]:
        """The light of a slot that is seen, and its message; None: there is none in this layer."""
        lights = slot.list_active(self._layer)
        if not lights:
            return None, slot.blank
        for light in reversed(lights):
            if light.is_motor:
                return light, None
            message = self._render_flash(slot, light, now_s) if light.is_flash else self._render(light)
            if message != light.blank:
                return light, message
        return lights[-1], lights[-1].blank

    def _render(self, light: Light) -> bytes | None:
        return self._renderer.render(light, self._layer)

    def _renew(self, slot: LightSlot, light: Light, message: bytes | None, now_s: float) -> bytes | None:
        """What is up: a meter as long as its reading comes, and again and again where it falls by itself."""
        if light.is_meter:
            if now_s >= slot.fresh_s + READING_TIMEOUT_S:
                return light.blank
            self._wait(slot, slot.fresh_s + READING_TIMEOUT_S)
        if light.repeat_s:
            if now_s >= slot.sent_s + light.repeat_s:
                slot.shown = None
            else:
                self._wait(slot, slot.sent_s + light.repeat_s)
        return message

    def _render_flash(self, slot: LightSlot, light: Light, now_s: float) -> bytes | None:
        if now_s >= slot.flash_end_s:
            return light.off.render() if light.off is not None else None
        self._wait(slot, slot.flash_end_s)
        template = light.downbeat if slot.flash == "downbeat" else light.on
        return template.render() if template is not None else None

    def _update_motor(self, slot: LightSlot, hand: FaderHand, light: Light, now_s: float) -> bytes | None:
        if now_s < (end_s := hand.find_end_s()):
            self._wait(slot, end_s)
            return None
        position = self._renderer.find_position(light)
        if hand.received is not None and is_same_position(position, hand.received):
            position = hand.received  # not a step beside the place to which the hand moved it
        message = light.render_position(position)
        if message == slot.shown:
            return None
        slot.shown, slot.sent_s = message, now_s
        hand.sent, hand.received = light.round_position(position), None
        return message

    def _wait(self, slot: LightSlot, due_s: float) -> None:
        self._due_s[slot] = min(due_s, self._due_s.get(slot, math.inf))

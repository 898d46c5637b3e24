"""Controller: one mapped device while it runs; its messages become changes on the Bus, and those its lights.

`Controller.receive` takes what the device sends, `Controller.take_output` gives what it is to be sent. Both, and all
other methods, are called by the one thread of the device; changes on the Bus come from any.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bridge.control.bus import Bus, Row
from bridge.controllers.lights.feedback import FeedbackSender
from bridge.controllers.lights.lights import name_target
from bridge.controllers.mappings.input_decoder import InputDecoder
from bridge.controllers.mappings.mapping import (
    Input,
    Mapping,
    MessageKind,
    MessageSpec,
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    Target,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.controllers.mappings.scaling import to_value
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.surface.bindings import Binding, describe_binding, name_binding
from bridge.controllers.surface.encoders import decode_steps
from bridge.controllers.surface.gestures import find_pressed_value, find_released_value, turn_encoder
from bridge.controllers.surface.layers import LayerStack
from bridge.controllers.surface.pickups import PickupTable
from bridge.controllers.surface.switch_prediction import SwitchRows, predict_message
from bridge.core.control import Control
from bridge.errors import BridgeError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeldButton:
    """A button that is down: what it was when it was pressed, whatever layer and bank are active at its release."""

    item: Input
    target: Target


@dataclass(frozen=True, slots=True)
class ReceivedInput:
    """The last message that an input of the mapping sent. ``control``: what it acted on, empty where on nothing."""

    message: MessageSpec
    value: int
    control: str


class Controller:
    """A running device.

    ``source``: names its changes on the Bus. ``wake``: called, in any thread, when a light has changed, so that
    `take_output` is called soon; it must be called regularly as well, for what is due by time.
    """

    def __init__(
        self, mapping: Mapping, bus: Bus, bank: Bank, source: str, wake: Callable[[], object] | None = None
    ) -> None:
        self.mapping, self.source = mapping, source
        self.received: ReceivedInput | None = None
        self._bus, self._bank, self._wake = bus, bank, wake
        self._layers = LayerStack(mapping.layers)
        self._inputs: dict[MessageSpec, dict[str, Input]] = {}
        self._faders: dict[object, list[MessageSpec]] = {}
        for item in mapping.inputs:
            self._inputs.setdefault(item.message, {})[item.layer] = item
            if item.kind == "absolute" and (name := name_target(item.target)) is not None:
                self._faders.setdefault(name, []).append(item.message)
        self._decoder = InputDecoder(self._inputs)
        self._pickups = PickupTable()
        self._problems: dict[str, str] = {}
        """What went wrong the last time, by what an input acts on."""
        self._held: dict[MessageSpec, HeldButton] = {}
        self._update_s = 0.0
        self._set_now: set[str] = set()
        self._pending: dict[str, float] = {}
        self._feedback = FeedbackSender(mapping, bus, bank)
        bank.join(self, len(mapping.strips), mapping.device.first_strip - 1 + mapping.device.strips)
        # its own changes too: a light shows what the Bus made of them
        self._unsubscribe = bus.subscribe(self._note_change)
        self._feedback.load_readings()

    @property
    def layer(self) -> str:
        """The active layer; empty where the mapping has none."""
        return self._layers.active

    def receive(self, message: bytes, now_s: float) -> None:
        """Act on one whole message of the device.

        Of a fader's or encoder's messages with the same ``now_s`` the first is set at once and the last with the next
        call of `receive` for a later time, of `update` or of `take_output`; all between are left out. Buttons lose
        nothing.
        """
        if now_s != self._update_s:
            self._flush()
            self._set_now.clear()
            self._update_s = now_s
        for spec, value in self._decoder.decode(message):
            self._receive_value(spec, value, now_s)

    def update(self, now_s: float) -> None:
        """Set faders and encoders to the last values that were received."""
        self._update_s = now_s
        self._flush()
        self._set_now.clear()

    def take_output(self, now_s: float) -> list[bytes]:
        """The messages that the device is to be sent now: those that change what it shows, a few at a time."""
        self.update(now_s)
        self._feedback.set_layer(self.layer)
        return self._feedback.take(now_s)

    def replay(self) -> None:
        """The device has forgotten what it was sent: all of it is sent again."""
        self._feedback.replay()

    def release(self, now_s: float) -> None:
        """The device is gone: its buttons, held layers and touches end."""
        self._flush()
        for spec in reversed(tuple(self._held)):
            self._release_button(spec, now_s)
        self._feedback.release()
        self._pickups.clear()
        self._decoder = InputDecoder(self._inputs)

    def close(self) -> None:
        """End for good; buttons that are down are released first."""
        self.release(self._update_s)
        self._unsubscribe()
        self._bank.leave(self)

    def list_bindings(self) -> list[Binding]:
        """What every input is bound to, with the layer and bank as they are."""
        return [self._describe_binding(item) for item in self.mapping.inputs]

    def _describe_binding(self, item: Input) -> Binding:
        message = format_message_spec(item.message)
        target = self._resolve(item.target)
        state = ""
        if item.layer and item.layer != self.layer:
            state = f"layer {item.layer}"
        elif isinstance(target, SetStrip):
            state = "no strip"
        elif isinstance(target, SetControl) and target.pickup:
            state = self._pickups.describe(item, target, self._bus.get(target.control.name))
        state = self._problems.get(name_binding(target), state)
        name = f"{message}, {item.layer}" if item.layer else message
        return Binding(name, message, describe_binding(target), state)

    def predict_switches(self) -> SwitchRows:
        """What each message would make of the mutes and solos of stems, if it came now.

        Only messages that would change something are there. A button that is down has its release, in whichever layer
        it was pressed.
        """
        rows: SwitchRows = {}
        for message, by_layer in self._inputs.items():
            held = self._held.get(message)
            item = by_layer.get(self.layer) or by_layer.get("")
            button = (item, self._resolve(item.target)) if item is not None and item.is_button else None
            down = (held.item, held.target) if held is not None else None
            rows |= predict_message(message, button, down, self._bus.get)
        return rows

    def _note_change(self, name: str, values: Row, _source: str) -> None:
        if self._feedback.note_change(name, values) and self._wake is not None:
            self._wake()

    def _receive_value(self, spec: MessageSpec, value: int, now_s: float) -> None:
        by_layer = self._inputs[spec]
        item = by_layer.get(self.layer) or by_layer.get("")
        target = self._resolve(item.target) if item is not None else None
        if not (isinstance(target, SetControl) and target.pickup):
            self._pickups.forget(spec)
        is_release = value == 0 and spec in self._held
        if is_release or (spec in self._held and spec.kind is MessageKind.NOTE):
            self._flush()
            self._release_button(spec, now_s)  # of a second note-on the release between was lost
        if item is not None and not is_release:
            if not item.is_button:
                self._receive_position(item, value, now_s)
                return
            self._flush()
            self._receive_button(item, value, now_s)
        if value == 0:
            self._feedback.resend(spec)
        if item is not None:
            self._note_input(spec, value, item.target)

    def _receive_button(self, item: Input, value: int, now_s: float) -> None:
        target = self._resolve(item.target)
        holds = isinstance(target, Touch) or (isinstance(target, SelectLayer) and target.held)
        if item.kind != "toggle" or holds:
            if value and item.message not in self._held:  # a controller's second value may be pressure
                self._press_button(item, now_s)
        elif isinstance(target, SetControl) and target.step is None:
            number = find_pressed_value(target, item.kind, 0.0) if value else find_released_value(target, item.kind)
            if number is not None:
                self._set(target.control, number)
        else:
            self._press(item, target, now_s)  # the device switches over by itself: off is as much a press as on is

    def _receive_position(self, item: Input, value: int, now_s: float) -> None:
        target = self._resolve(item.target)
        if not isinstance(target, SetControl):
            return
        control = target.control
        present = self._pending[control.name] if control.name in self._pending else self._bus.get(control.name)
        if (number := self._find_value(item, target, value, present, now_s)) is not None:
            self._set_merged(control, number)
        self.received = ReceivedInput(item.message, value, control.name)

    def _find_value(self, item: Input, target: SetControl, value: int, present: float, now_s: float) -> float | None:
        """What a fader or encoder sets its control to; None: it has not picked it up, or no hand moved it."""
        if item.kind == "momentary" or item.kind == "latched" or item.kind == "toggle":
            return None
        if item.kind != "absolute":
            return turn_encoder(target, present, decode_steps(item.kind, value))
        if item.message.kind is MessageKind.PROGRAM:
            return target.control.low + value
        position = value / item.message.maximum
        if not self._feedback.move(item.message, position, now_s):
            return None
        if target.pickup:
            return self._pickups.find(item, target).move(position, present)
        return to_value(position, target.low, target.high, target.curve, target.control)

    def _press_button(self, item: Input, now_s: float) -> None:
        target = self._resolve(item.target)
        self._held[item.message] = HeldButton(item, target)
        self._press(item, target, now_s)

    def _press(self, item: Input, target: Target, now_s: float) -> None:
        target = self._resolve(target)
        if isinstance(target, SetControl):
            self._set(target.control, find_pressed_value(target, item.kind, self._bus.get(target.control.name)))
        elif isinstance(target, TriggerAction):
            self._trigger(target)
        elif isinstance(target, MoveBank):
            self._bank.move(target.strips)
        elif isinstance(target, Touch):
            self._feedback.touch(self._faders.get(name_target(target.of), ()), True, now_s)
        elif isinstance(target, SelectLayer):
            if target.held:
                self._layers.hold(item.message, target.layer)
            else:
                self._layers.selected = target.layer

    def _release_button(self, spec: MessageSpec, now_s: float) -> None:
        """End what the button did while it was down, as it was when it was pressed."""
        held = self._held.pop(spec, None)
        if held is None:
            return
        if isinstance(held.target, SetControl):
            if (number := find_released_value(held.target, held.item.kind)) is not None:
                self._set(held.target.control, number)
        elif isinstance(held.target, Touch):
            self._feedback.touch(self._faders.get(name_target(held.target.of), ()), False, now_s)
        elif isinstance(held.target, SelectLayer):
            self._layers.release(spec)

    def _resolve(self, target: Target) -> Target:
        """The target with the control that a strip's function is now; a strip that has none stays as it is."""
        if isinstance(target, SetStrip) and (strip := self._feedback.find_strip(target.strip)) is not None:
            control = strip.controls.get(target.function)
            if control is not None:
                return SetControl(control, control.low, control.high, curve=target.curve, pickup=target.pickup)
        return target

    def _set_merged(self, control: Control, value: float) -> None:
        if control.name in self._set_now:
            self._pending[control.name] = value
        else:
            self._set_now.add(control.name)
            self._set(control, value)

    def _flush(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, {}
            for name, value in pending.items():
                self._set(self._bus.registry.get_control(name), value)

    def _set(self, control: Control, value: float) -> None:
        self._try(control.name, lambda: self._bus.set(control.name, value, self.source))

    def _trigger(self, target: TriggerAction) -> None:
        arguments = (target.argument,) if target.argument else ()
        self._try(name_binding(target), lambda: self._bus.trigger(target.action, *arguments, source=self.source))

    def _try(self, name: str, act: Callable[[], object]) -> None:
        """Do what an input asks for; where that fails, it is logged once and said at the input's binding."""
        try:
            act()
        except BridgeError as error:
            if self._problems.get(name) != str(error):
                log.warning("%s: %s", self.mapping.name, error)
            self._problems[name] = str(error)
        else:
            self._problems.pop(name, None)

    def _note_input(self, spec: MessageSpec, value: int, target: Target) -> None:
        target = self._resolve(target)
        control = target.control.name if isinstance(target, SetControl) else ""
        self.received = ReceivedInput(spec, value, target.action if isinstance(target, TriggerAction) else control)

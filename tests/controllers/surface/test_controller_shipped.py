"""Controller on every shipped mapping under random use: messages out are MIDI, and at the end the lights are right."""

from __future__ import annotations

import random

import pytest

from bridge.control.bus import Bus
from bridge.controllers.lights.light_slots import LightSlot
from bridge.controllers.mappings.mapping import Input, Mapping, MessageKind, MoveBank, SelectLayer, Touch
from bridge.controllers.mappings.message_template import check_message
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.surface.controller import Controller
from bridge.core.audio import STEMS
from tests.mappings.shipped import NAMES, read_shipped, registry

EVENTS = 1500
STATUS = {
    MessageKind.CC: 0xB0,
    MessageKind.NOTE: 0x90,
    MessageKind.KEY_PRESSURE: 0xA0,
    MessageKind.CHANNEL_PRESSURE: 0xD0,
    MessageKind.PITCH_BEND: 0xE0,
    MessageKind.PROGRAM: 0xC0,
}


def make_messages(item: Input, value: int) -> list[bytes]:
    """What the device sends for ``value``, from 0 to 127, of an input."""
    spec = item.message
    status = STATUS.get(spec.kind, 0xB0) | spec.channel
    if spec.kind is MessageKind.CC14:
        return [bytes([status, spec.number, value]), bytes([status, spec.fine, 127 - value])]
    if spec.kind is MessageKind.PITCH_BEND:
        return [bytes([status, 127 - value, value])]
    if spec.kind in {MessageKind.CHANNEL_PRESSURE, MessageKind.PROGRAM}:
        return [bytes([status, value if spec.number < 0 else spec.number])]
    return [bytes([status, spec.number, value])]


class RandomUser:
    """Somebody who does anything at all with one device."""

    def __init__(self, mapping: Mapping, seed: int) -> None:
        self.random = random.Random(seed)
        self.mapping, self.bus, self.bank = mapping, Bus(registry()), Bank()
        for action in registry().actions:
            self.bus.add_handler(action.name, lambda *_: None)
        self.controller = Controller(mapping, self.bus, self.bank, "controller:random")
        self.now_s = 10.0
        self.movers = [item for item in mapping.inputs if isinstance(item.target, MoveBank | SelectLayer | Touch)]

    def take(self, controller: Controller) -> None:
        while messages := controller.take_output(self.now_s):
            for message in messages:
                check_message(message, "feedback")

    def do_anything(self, plugs: bool) -> None:
        """``plugs``: the device may be unplugged and the machine sleep, after which all lights are sent again."""
        draw, choice = self.random.random(), self.random.choice
        self.now_s += choice([0.0, 0.001, 0.02, 0.5])
        if draw < 0.7:
            inputs = self.movers if self.movers and draw < 0.15 else self.mapping.inputs
            for message in make_messages(choice(inputs), choice([0, 0, 1, 64, 127, 127])):
                self.controller.receive(message, self.now_s)
        elif draw < 0.8:
            control = choice(registry().controls)
            self.bus.set(control.name, self.random.uniform(control.low, control.high), "somebody else")
        elif draw < 0.9:
            self.bus.publish("meters", choice([*STEMS, "band"]), self.random.uniform(-90, 6), -90.0, *[-60.0] * 4)
            self.bus.publish("mir.chord", 0, choice(["N", "Am", "B♭maj7/D", "F♯m7b5", "和"]), 1.0)
            self.bus.publish("mir.beat", 0, self.random.randrange(4), 4, 120.0, 1.0, 0)
        elif draw < 0.92 and plugs:
            self.controller.release(self.now_s)
            self.controller.replay()
        elif draw < 0.93 and plugs:
            self.now_s += 600.0
        else:
            self.take(self.controller)

    def let_go(self) -> None:
        """All fingers off, the song over, all that flashes done."""
        for item in self.mapping.inputs:
            if item.is_button:
                for message in make_messages(item, 0):
                    self.controller.receive(message, self.now_s)
        for port in (*STEMS, "band"):
            self.bus.publish("meters", port, -120.0, -120.0, *[-60.0] * 4)
        for _ in range(20):
            self.now_s += 1.0
            self.take(self.controller)


def list_slots(controller: Controller) -> tuple[LightSlot, ...]:
    return controller._feedback._slots


@pytest.mark.parametrize("name", NAMES)
def test_after_anything_at_all_the_lights_are_those_of_a_device_that_was_just_plugged_in(name: str) -> None:
    user = RandomUser(read_shipped(name), seed=NAMES.index(name))
    for event in range(EVENTS):
        user.do_anything(plugs=event < EVENTS / 2)
    user.let_go()
    controller = user.controller
    assert controller.take_output(user.now_s + 1.0) == []
    assert not controller._held
    fresh = Controller(user.mapping, user.bus, user.bank, "controller:fresh")
    fresh._layers.selected = controller.layer
    user.take(fresh)
    for slot, wanted in zip(list_slots(controller), list_slots(fresh), strict=True):
        if slot.hand is None:
            assert slot.shown == wanted.shown
        elif wanted.hand is not None and wanted.hand.sent is not None:
            assert slot.hand.sent == pytest.approx(wanted.hand.sent, abs=1 / 1000)

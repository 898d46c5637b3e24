"""Learned controllers: a device that was learned does, with the mapping that came of it, what its user expects."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.learn import Learn
from bridge.controllers.mappings.mapping_file import DeviceTable, MappingFile, PortPatterns
from bridge.controllers.mappings.mapping_reader import check_mapping
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.surface.controller import Controller
from bridge.core.control import Control
from tests.controllers.simulated_devices import (
    ENCODERS,
    Events,
    encode_step,
    send_bend,
    send_controller,
    send_key,
    send_pair,
    send_parameter,
)

STYLE = Control("comp.style", 0, 2, 0, kind="choice", choices=("straight", "swing", "funk"), doc="Feel.")
FADER, SWITCH, ACTION = "stems.vocals.gain_db", "stems.vocals.mute", "transport.panic"
UP_DOWN = [*range(40, 100, 5), *range(95, 20, -5)]


class Learned:
    """A device after ``events`` taught Sideman what it does; `send` sends more of its messages."""

    def __init__(self, target: str, events: Events) -> None:
        self.bus = Bus(make_sidecar_registry({"comp": [STYLE]}))
        self.panics = 0
        self.bus.add_handler(ACTION, self._count)
        learn = Learn(self.bus.registry, lambda device: None)
        learn.start(target)
        for at, message in events:
            learn.observe("box", message, at)
        entry = learn.take(1, events[-1][0] + 2).entry
        device = DeviceTable(input=PortPatterns(linux=("Box",)))
        mapping = check_mapping(
            MappingFile(schema=1, name="Box", device=device, input=(entry,)), "box.toml", self.bus.registry
        )
        self._controller = Controller(mapping, self.bus, Bank(), "controller:box")
        self._now_s = 100.0

    def _count(self) -> None:
        self.panics += 1

    def send(self, events: Events) -> float:
        """Send messages; the value of the fader after it."""
        for at, message in events:
            self._controller.receive(message, self._now_s + at)
        self._now_s += 10
        self._controller.take_output(self._now_s)  # of several values at one time the last is set with it
        return self.bus.get(FADER)


@pytest.mark.parametrize("kind", ENCODERS)
def test_an_encoder_turns_up_to_the_right_and_down_to_the_left(kind: str) -> None:
    def turn(*steps: int) -> Events:
        return send_controller(0, 16, [encode_step(kind, step) for step in steps])

    learned = Learned(FADER, turn(1, 1, 2, 2, 1, -1, -1, -2, -2, -1))
    assert learned.send(turn(1, 1, 1)) > 0
    before = learned.bus.get(FADER)
    assert learned.send(turn(-1, -1)) < before
    assert learned.send(turn(*[-6] * 400)) == -60
    assert learned.send(turn(*[6] * 400)) == 12


@pytest.mark.parametrize("form", ["controller", "pair", "parameter", "bend"])
def test_a_fader_reaches_both_ends_once_it_has_passed_the_present_value(form: str) -> None:
    def move(values: list[int]) -> Events:
        wide = [value * 16383 // 127 for value in values]
        if form == "controller":
            return send_controller(0, 7, values)
        if form == "pair":
            return send_pair(0, 7, wide)
        return send_parameter(0, 700, wide) if form == "parameter" else send_bend(0, wide)

    learned = Learned(FADER, move(UP_DOWN))
    assert learned.send(move([10])) == 0
    assert learned.send(move([*range(10, 128, 3), 127])) == pytest.approx(12)
    assert learned.send(move([*range(127, 0, -3), 0])) == pytest.approx(-60)


def test_a_key_switches_a_mute_over_with_each_press() -> None:
    learned = Learned(SWITCH, send_key(0, 48, [100, 0]))
    for wanted in (1, 0, 1):
        learned.send(send_key(0, 48, [90, 0]))
        assert learned.bus.get(SWITCH) == wanted


def test_a_button_that_switches_over_by_itself_and_the_mute_agree() -> None:
    learned = Learned(SWITCH, send_controller(0, 48, [127]))
    for value, wanted in ((0, 0), (127, 1), (0, 0), (127, 1)):
        learned.send(send_controller(0, 48, [value]))
        assert learned.bus.get(SWITCH) == wanted


def test_an_action_is_triggered_once_by_each_press() -> None:
    key = Learned(ACTION, send_key(0, 48, [100, 0]))
    for _ in range(3):
        key.send(send_key(0, 48, [90, 0]))
    assert key.panics == 3
    program = Learned(ACTION, [(0.0, b"\xc0\x05")])
    for _ in range(3):
        program.send([(0.0, b"\xc0\x05")])
    assert program.panics == 3


def test_an_action_is_triggered_by_each_press_of_a_button_that_switches_over_by_itself() -> None:
    learned = Learned(ACTION, send_controller(0, 48, [127]))
    for value in (0, 127, 0):
        learned.send(send_controller(0, 48, [value]))
    assert learned.panics == 3


def test_a_pad_sets_its_value_and_leaves_it_when_it_is_released() -> None:
    learned = Learned("comp.style funk", send_key(0, 48, [100, 0]))
    learned.send(send_key(0, 48, [90, 0]))
    assert learned.bus.get("comp.style") == 2


def test_a_button_takes_the_next_value_of_a_choice() -> None:
    learned = Learned("comp.style", send_key(0, 48, [100, 0]))
    values = []
    for _ in range(2):
        learned.send(send_key(0, 48, [90, 0]))
        values.append(learned.bus.get("comp.style"))
    assert values == [1, 2]

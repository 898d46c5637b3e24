"""Controller under random use: nothing is stuck, the lights show the truth, and predictions of switches come true.

The model knows the mapping below by hand: what every button and fader means in each layer, written a second time.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.controllers.rig import DeviceRig

TEXT = """
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "shift"
led = { on = "90 {n} 7F", off = "90 {n} 00" }
[[input]]
midi = "note 2"
button = "momentary"
hold_layer = "alt"
led = { on = "90 {n} 7F", off = "90 {n} 00" }
[[input]]
midi = "note 3"
button = "momentary"
select_layer = "alt"
[[input]]
midi = "note 4"
button = "momentary"
select_layer = "main"
[[input]]
midi = "note 5"
button = "momentary"
bank = -1
[[input]]
midi = "note 6"
button = "momentary"
bank = 1

[[input]]
midi = "note 16-17"
button = "latched"
strip = 1
function = "mute"
layer = "main"
led = { on = "90 {n} 7F", off = "90 {n} 00" }
[[input]]
midi = "cc 16-17"
button = "momentary"
strip = 1
function = "solo"
layer = "main"
led = { on = "B0 {n} 7F", off = "B0 {n} 00" }
[[input]]
midi = "note 16-17"
button = "momentary"
set = ["stems.direct", "stems.bass.solo"]
layer = "shift"
led = { on = "90 {n} 05", off = "90 {n} 01" }
[[input]]
midi = "note 16"
button = "momentary"
set = "stems.drums.mute"
layer = "alt"
led = { on = "90 {n} 7F", off = "90 {n} 00" }
[[input]]
midi = "cc 20"
button = "toggle"
set = "stems.vocals.mute"
led = { on = "B0 {n} 7F", off = "B0 {n} 00" }
[[input]]
midi = "cc 0-1"
encoder = "absolute"
strip = 1
function = "fader"
led = { value = "B0 {0x30+i} {v}" }

[[feedback]]
strip = 1
function = "name"
count = 2
value = "F0 12 {i} {text:6} F7"
"""
STEMS = ("drums", "bass", "vocals", "other")
HOLDS = {1: "shift", 2: "alt"}
SELECTS = {3: "alt", 4: "main"}
BANKS = {5: -1, 6: 1}
NOTES = (*HOLDS, *SELECTS, *BANKS, 16, 17)
CCS = (16, 17)
TOGGLE = 20


class ControllerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.rig = DeviceRig(TEXT, device="strips = 2", top='layers = ["main", "shift", "alt"]')
        self.truth: dict[str, float] = {}
        self.down: dict[tuple[str, int], str] = {}
        """Buttons that are down, with the control that goes off with them."""
        self.holds: list[int] = []
        self.selected = "main"
        self.bank = 0
        self.is_plugged = True

    @initialize()
    def start(self) -> None:
        self.truth = dict(self.rig.bus.values())

    @property
    def layer(self) -> str:
        return HOLDS[self.holds[-1]] if self.holds else self.selected

    def strip(self, fader: int) -> str:
        return STEMS[self.bank + fader]

    def send(self, message: str) -> None:
        """Send one message, and check that what was predicted for it happens, and nothing else to a mute or solo."""
        data = bytes.fromhex(message)
        rows = self.rig.controller.predict_switches()
        before = dict(self.rig.bus.values())
        self.rig.send(message)
        after = dict(self.rig.bus.values())
        changed = {
            name: value
            for name, value in after.items()
            if before[name] != value and name.startswith("stems.") and name.endswith(("mute", "solo"))
        }
        pressed = data[2] > 0 and data[0] & 0xF0 != 0x80
        assert rows.get((data[0], data[1], pressed), {}) == changed

    @rule(note=st.sampled_from(NOTES), velocity=st.integers(1, 127))
    def press_note(self, note: int, velocity: int) -> None:
        if not self.is_plugged:
            return
        if ("note", note) in self.down:  # the release was lost: it comes first
            self.model_release("note", note)
        if note in HOLDS:
            self.holds.append(note)
            self.down["note", note] = ""
        elif note in SELECTS:
            self.selected = SELECTS[note]
            self.down["note", note] = ""
        elif note in BANKS:
            self.bank = min(max(self.bank + BANKS[note], 0), len(STEMS) - 2)
            self.down["note", note] = ""
        elif self.layer == "main":
            name = f"stems.{self.strip(note - 16)}.mute"
            self.truth[name] = 1 - self.truth[name]
            self.down["note", note] = ""
        elif self.layer == "shift":
            name = ("stems.direct", "stems.bass.solo")[note - 16]
            self.truth[name] = 1
            self.down["note", note] = name
        elif note == 16:
            self.truth["stems.drums.mute"] = 1
            self.down["note", note] = "stems.drums.mute"
        self.send(f"90 {note:02X} {velocity:02X}")

    @rule(note=st.sampled_from(NOTES), is_off=st.booleans())
    def release_note(self, note: int, is_off: bool) -> None:
        if self.is_plugged:
            self.model_release("note", note)
            self.send(f"{0x80 if is_off else 0x90:02X} {note:02X} 00")

    def model_release(self, kind: str, number: int) -> None:
        name = self.down.pop((kind, number), "")
        if name:
            self.truth[name] = 0
        if kind == "note" and number in self.holds:
            self.holds.remove(number)

    @rule(number=st.sampled_from(CCS), value=st.integers(0, 127))
    def send_controller(self, number: int, value: int) -> None:
        if not self.is_plugged:
            return
        if value and ("cc", number) not in self.down and self.layer == "main":
            name = f"stems.{self.strip(number - 16)}.solo"
            self.truth[name] = 1
            self.down["cc", number] = name
        elif not value:
            self.model_release("cc", number)
        self.send(f"B0 {number:02X} {value:02X}")

    @rule(on=st.booleans())
    def toggle(self, on: bool) -> None:
        if self.is_plugged:
            self.truth["stems.vocals.mute"] = float(on)
            self.send(f"B0 {TOGGLE:02X} {127 * on:02X}")

    @rule(fader=st.integers(0, 1), positions=st.lists(st.integers(0, 127), min_size=1, max_size=5))
    def move_fader(self, fader: int, positions: list[int]) -> None:
        if not self.is_plugged:
            return
        self.rig.send(*[f"B0 {fader:02X} {position:02X}" for position in positions])
        self.rig.take(after_s=0.0)
        self.truth[f"stems.{self.strip(fader)}.gain_db"] = -60 + 72 * positions[-1] / 127

    @rule(values=st.dictionaries(st.sampled_from([f"stems.{stem}.mute" for stem in STEMS]), st.booleans()))
    def load_preset(self, values: dict[str, bool]) -> None:
        for name, value in values.items():
            self.rig.set(name, value)
            self.truth[name] = float(value)

    @precondition(lambda self: self.is_plugged)
    @rule()
    def unplug(self) -> None:
        self.rig.controller.release(self.rig.now_s)
        for kind, number in reversed(list(self.down)):
            self.model_release(kind, number)
        self.rig.shown.clear()
        self.is_plugged = False

    @precondition(lambda self: not self.is_plugged)
    @rule()
    def plug(self) -> None:
        self.rig.controller.replay()
        self.is_plugged = True

    @rule(after_s=st.sampled_from([0.0, 0.001, 0.4, 600.0]))
    def take_output(self, after_s: float) -> None:
        if self.is_plugged:
            self.rig.take(after_s)

    @invariant()
    def the_bus_is_as_the_model_says(self) -> None:
        if self.truth:
            values = self.rig.bus.values()
            assert {n: round(v, 9) for n, v in values.items()} == {n: round(v, 9) for n, v in self.truth.items()}
            assert (self.rig.controller.layer, self.rig.bank.position) == (self.layer, self.bank)

    def teardown(self) -> None:
        """All fingers leave the device: no momentary is on, no layer held; the lights are what the model says."""
        if not self.truth:
            return
        if not self.is_plugged:
            self.plug()
        for note in NOTES:
            self.release_note(note, False)
        for number in CCS:
            self.send_controller(number, 0)
        self.the_bus_is_as_the_model_says()
        self.rig.take()
        assert self.layer == self.selected
        assert self.rig.shown == self.list_lights()
        assert self.rig.take(after_s=1) == []

    def list_lights(self) -> dict[str, str]:
        on = {name: value > 0.5 for name, value in self.truth.items()}
        lights = {"90 01": "00", "90 02": "00", "B0 14": f"{127 * on['stems.vocals.mute']:02X}"}
        if self.selected == "alt":
            lights["90 02"] = "7F"
        for fader in (0, 1):
            stem, main = self.strip(fader), self.selected == "main"
            mute = on[f"stems.{stem}.mute"] if main else fader == 0 and on["stems.drums.mute"]
            lights[f"90 1{fader}"] = f"{127 * mute:02X}"
            lights[f"B0 1{fader}"] = f"{127 * (main and on[f'stems.{stem}.solo']):02X}"
            lights[f"B0 3{fader}"] = f"{round(127 * (self.truth[f'stems.{stem}.gain_db'] + 60) / 72):02X}"
        shown = {address: f"{address} {value}" for address, value in lights.items()}
        for fader in (0, 1):
            name = self.strip(fader).capitalize().ljust(6).encode().hex(" ").upper()
            shown[f"F0 12 0{fader}"] = f"F0 12 0{fader} {name} F7"
        return shown


TestController = ControllerMachine.TestCase
TestController.settings = settings(max_examples=100, stateful_step_count=40)

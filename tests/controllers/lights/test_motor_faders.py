"""Motor faders under random use: simulated ones are never moved under a finger, and in the end stand at the truth."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.controllers.rig import DeviceRig

FADER = """
[[input]]
midi = "bend ch 1-2"
encoder = "absolute"
strip = 1
function = "fader"
led = { value = "{0xE0+i} {lsb} {msb}", to = [0, 16383] }
[[input]]
midi = "note 47"
button = "momentary"
bank = 1
[[input]]
midi = "note 46"
button = "momentary"
bank = -1
"""
TOUCH = """
[[input]]
midi = "note 104-105"
button = "momentary"
strip = 1
function = "fader"
touch = true
"""
STEMS = ("drums", "bass", "vocals", "other")
LOW, HIGH, TOP = -60.0, 12.0, 16383
HOLD_S, FORGET_S = 0.3, 10.0


class SimulatedFader:
    """A fader with a motor of 14 bits. ``has_touch``: it sends touches. ``reports``: it sends its motor's moves."""

    def __init__(self, index: int, has_touch: bool, reports: bool) -> None:
        self.index, self.has_touch, self.reports = index, has_touch, reports
        self.place = 0
        self.finger = False
        self.moved_s = self.active_s = -math.inf
        self.reply: list[str] = []

    def is_touched(self, now_s: float) -> bool:
        return self.finger and self.has_touch and now_s < self.active_s + FORGET_S

    def is_held(self, now_s: float) -> bool:
        """Whether nothing may be sent: what docs/mappings.md promises."""
        return self.is_touched(now_s) or now_s < self.moved_s + HOLD_S

    def bend(self, place: int) -> str:
        return f"E{self.index} {place & 0x7F:02X} {place >> 7:02X}"

    def put_finger(self, on: bool, now_s: float) -> list[str]:
        self.finger = on
        if not self.has_touch:
            return []
        self.active_s, self.moved_s = now_s, -math.inf
        return [f"90 {0x68 + self.index:02X} {127 * on:02X}"]

    def move(self, place: int, now_s: float) -> list[str]:
        self.place, self.moved_s, self.active_s = place, now_s, now_s
        return [self.bend(place)]

    def take(self, message: str, now_s: float) -> None:
        """A message for the motor."""
        assert not self.is_held(now_s)
        self.place = int(message[3:5], 16) | int(message[6:8], 16) << 7
        if self.reports:
            self.reply.append(message)


actions = st.lists(
    st.one_of(
        st.tuples(st.just("finger"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("move"), st.integers(0, 1), st.integers(0, TOP)),
        st.tuples(st.just("change"), st.sampled_from(STEMS), st.floats(LOW, HIGH)),
        st.tuples(st.just("bank"), st.sampled_from([46, 47]), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.02, 0.29, 0.31, 4.0, 11.0, 600.0]), st.none()),
    ),
    max_size=40,
)


@pytest.mark.parametrize("reports", [False, True])
@pytest.mark.parametrize("has_touch", [False, True])
@given(chosen=actions)
def test_no_motor_moves_under_a_finger_and_all_are_at_the_truth_in_the_end(
    has_touch: bool, reports: bool, chosen: list[tuple[str, int | str | float, bool | float | None]]
) -> None:
    rig = DeviceRig(FADER + (TOUCH if has_touch else ""), device="strips = 2")
    faders = [SimulatedFader(index, has_touch, reports) for index in (0, 1)]
    truth = dict.fromkeys(STEMS, 0.0)

    def settle() -> None:
        for message in rig.take(after_s=0.0):
            faders[int(message[1], 16)].take(message, rig.now_s)
        for fader in faders:
            rig.send(*fader.reply, after_s=0.0)
            fader.reply.clear()

    settle()
    for action, first, second in chosen:
        if action == "wait":
            rig.now_s += float(first)
        elif action == "change":
            truth[str(first)] = float(second or 0)
            rig.set(f"stems.{first}.gain_db", second)
        elif action == "bank":
            rig.send(f"90 {first:02X} 7F", f"90 {first:02X} 00", after_s=0.001)
        else:
            rig.now_s += 0.001
            fader = faders[int(first)]
            if action == "finger":
                rig.send(*fader.put_finger(bool(second), rig.now_s), after_s=0.0)
            else:
                place, name = int(second or 0), STEMS[rig.bank.position + fader.index]
                # without a touch message a move onto the very place of the motor looks like its report
                if fader.is_touched(rig.now_s) or abs(place - fader.place) > TOP / 1000:
                    rig.send(*fader.move(place, rig.now_s), after_s=0.0)
                    truth[name] = LOW + (HIGH - LOW) * place / TOP
        settle()
        assert {name: pytest.approx(value) for name, value in truth.items()} == {
            name: rig.get(f"stems.{name}.gain_db") for name in STEMS
        }
    for _ in range(3):
        rig.now_s += FORGET_S + 1
        settle()
    for fader in faders:
        name = STEMS[rig.bank.position + fader.index]
        assert fader.place == pytest.approx((truth[name] - LOW) / (HIGH - LOW) * TOP, abs=TOP / 1000)

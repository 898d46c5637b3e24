"""Simulated devices: faders, encoders and buttons that send what real ones do, written from the MIDI 1.0 tables alone.

Independent of the code that detects them: each device turns what a hand does into messages by a table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

ENCODERS = ("twos_complement", "sign_bit", "sign_bit_inverted", "offset_64")

Events = list[tuple[float, bytes]]
"""Messages with the time at which they come, in seconds."""

RIGHT = {"twos_complement": 0x00, "sign_bit": 0x00, "sign_bit_inverted": 0x40, "offset_64": 0x40}
"""The byte of a step to the right is this plus the step."""
LEFT = {"twos_complement": (0x80, -1), "sign_bit": (0x40, 1), "sign_bit_inverted": (0x00, 1), "offset_64": (0x40, -1)}
"""The byte of a step to the left: this and so many times the step."""


def encode_step(kind: str, step: int) -> int:
    """The byte that an encoder of ``kind`` sends for ``step`` (positive: to the right)."""
    if step > 0:
        return RIGHT[kind] + step
    first, sign = LEFT[kind]
    return first + sign * -step


@st.composite
def turns(draw: st.DrawFn, steady: bool = True) -> list[int]:
    """A turn to the right, then one to the left. ``steady``: each has clicks of equal speed, as a hand makes them;
    otherwise it may gain speed from click to click."""
    steps = []
    for direction in (1, -1):
        speeds = [1, *draw(st.lists(st.integers(1, 6), min_size=3, max_size=12))]
        if steady:
            speeds = [speed for speed in speeds for _ in range(2)]
        steps += [direction * speed for speed in speeds]
    return steps


@st.composite
def wiggles(draw: st.DrawFn, top: int = 127) -> list[int]:
    """Positions of a fader that is moved up and down by at least a third of its way, and sends only changes."""
    at = draw(st.integers(0, top))
    ends = draw(st.lists(st.integers(0, top), min_size=2, max_size=5).filter(lambda e: max(e) - min(e) >= top // 3))
    positions = [at]
    for end in ends:
        while at != end:
            most = max(1, top // 12)
            move = min(draw(st.integers(1, most)), abs(end - at))
            at += move if end > at else -move
            positions.append(at)
    return positions


@dataclass(frozen=True)
class Presses:
    """A button that is pressed. ``velocities``: of each press. ``switches``: it switches over by itself; ``on``: it is
    on before the first press."""

    velocities: tuple[int, ...]
    switches: bool = False
    on: bool = False

    @property
    def values(self) -> list[int]:
        if not self.switches:
            return [value for velocity in self.velocities for value in (velocity, 0)]
        return [0 if (number % 2 == 0) == self.on else 127 for number in range(len(self.velocities))]


def momentary_presses() -> st.SearchStrategy[Presses]:
    """One to five presses of a key or pad that is released each time."""
    return st.lists(st.integers(20, 127), min_size=1, max_size=5).map(lambda each: Presses(tuple(each)))


def switch_presses() -> st.SearchStrategy[Presses]:
    """An odd number of presses of a button that switches over by itself, or any number where it is on before."""
    odd = st.sampled_from((1, 3, 5)).map(lambda count: Presses((127,) * count, switches=True))
    return odd | st.integers(2, 5).map(lambda count: Presses((127,) * count, switches=True, on=True))


def send_controller(channel: int, number: int, values: list[int], start_s: float = 0.0, gap_s: float = 0.01) -> Events:
    return [(start_s + gap_s * index, bytes((0xB0 | channel, number, value))) for index, value in enumerate(values)]


def send_key(channel: int, number: int, values: list[int], start_s: float = 0.0, off_status: bool = True) -> Events:
    """``off_status``: releases are note-offs with a velocity, else note-ons of velocity 0."""
    return [
        (
            start_s + 0.1 * index,
            bytes((0x80 | channel, number, 64)) if not value and off_status else bytes((0x90 | channel, number, value)),
        )
        for index, value in enumerate(values)
    ]


def send_pair(channel: int, coarse: int, values: list[int], start_s: float = 0.0) -> Events:
    """Positions of 14 bits as the coarse and then the fine controller."""
    events: Events = []
    for index, value in enumerate(values):
        at = start_s + 0.01 * index
        events.append((at, bytes((0xB0 | channel, coarse, value >> 7))))
        events.append((at, bytes((0xB0 | channel, coarse + 32, value & 0x7F))))
    return events


def send_parameter(channel: int, number: int, values: list[int], start_s: float = 0.0, again: bool = True) -> Events:
    """Positions of 14 bits as a non-registered parameter; ``again``: its number comes with each value."""
    events: Events = []
    for index, value in enumerate(values):
        data = [(6, value >> 7), (38, value & 0x7F)]
        if again or not index:
            data = [(99, number >> 7), (98, number & 0x7F), *data]
        events += [(start_s + 0.01 * index, bytes((0xB0 | channel, one, at))) for one, at in data]
    return events


def send_bend(channel: int, values: list[int], start_s: float = 0.0) -> Events:
    return [
        (start_s + 0.01 * index, bytes((0xE0 | channel, value & 0x7F, value >> 7)))
        for index, value in enumerate(values)
    ]

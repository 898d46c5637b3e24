"""Lights of a mapped device: LEDs, rings, motors, meters and displays, and the message that shows a value on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bridge.controllers.mappings.mapping import (
    BEAT,
    ControlField,
    Feedback,
    Input,
    Led,
    Mapping,
    MessageKind,
    MessageSpec,
    MoveBank,
    ReadingField,
    SelectLayer,
    SetControl,
    SetStrip,
    Source,
    StripField,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.mapping_file import Curve
from bridge.controllers.mappings.message_template import LONGEST_TEXT, MessageTemplate

METERS = "meters"
"""The reading of levels, published ten times a second."""
FULL = 7
"""Colour of what is no strip: white."""


@dataclass(frozen=True, slots=True)
class LayerField:
    """Whether ``layer`` is the active one, as source of the light of a layer's button."""

    layer: str


@dataclass(frozen=True, slots=True)
class KeyField:
    """A key that does the same whenever it is pressed, as source of its light: on wherever the layer has the key."""


LightSource: TypeAlias = Source | LayerField | KeyField


@dataclass(frozen=True, slots=True)
class Light:
    """One LED, ring, motor, meter or piece of a display, in one layer; "": in all.

    ``low`` and ``high``: the source at the ends of ``to``; None: those of the strip's control. ``message``: what the
    input that it belongs to sends. ``is_motor``: it moves that input.
    """

    source: LightSource
    on: MessageTemplate | None
    off: MessageTemplate | None
    value: MessageTemplate | None
    to: tuple[int, int]
    layer: str
    downbeat: MessageTemplate | None = None
    low: float | None = None
    high: float | None = None
    curve: Curve = "linear"
    flash_s: float = 0.0
    every_s: float = 0.0
    repeat_s: float = 0.0
    resend_on_release: bool = False
    message: MessageSpec | None = None
    is_motor: bool = False

    @property
    def is_flash(self) -> bool:
        return isinstance(self.source, ReadingField) and self.source.reading == BEAT and self.on is not None

    @property
    def is_meter(self) -> bool:
        """Whether it shows a level, which is 0 where nobody measures."""
        source = self.source
        if isinstance(source, StripField):
            return source.function == "meter"
        return isinstance(source, ReadingField) and source.reading == METERS and not self.text_length

    @property
    def text_length(self) -> int:
        """The characters that its display has; 0: it shows no text."""
        if self.value is None or "text" not in self.value.variables:
            return 0
        letter = b"x"
        return self.value.render(text="x" * LONGEST_TEXT).count(letter) - self.value.render().count(letter)

    @property
    def blank(self) -> bytes | None:
        """What it shows where its source does not exist: off, no text, the lower end; None: it cannot be off."""
        if self.value is not None:
            return self.value.render(self.to[0], "", 0)
        return self.off.render(self.to[0], "", 0) if self.off is not None else None

    def render_position(self, position: float) -> bytes | None:
        """The message that moves a motor to ``position``, from 0 to 1; None: it has none."""
        return self.value.render(find_number(self.to, position), "", FULL) if self.value is not None else None

    def round_position(self, position: float) -> float:
        """Where a motor is after the message for ``position``: 7 bits cannot say more."""
        return (find_number(self.to, position) - self.to[0]) / (self.to[1] - self.to[0])

    @property
    def addresses(self) -> list[tuple[int, ...]]:
        """The beginnings of its messages that say where it is on the device. Lights that share one are the same."""
        templates = (self.on, self.off, self.downbeat, self.value)
        return [_find_address(template.render()) for template in templates if template is not None]


def make_lights(mapping: Mapping) -> tuple[Light, ...]:
    """Make the lights of a mapping: those of its inputs, then those of its feedback."""
    touched = {name_target(item.target.of) for item in mapping.inputs if isinstance(item.target, Touch)}
    lights = [_make_input_light(item, touched) for item in mapping.inputs]
    return (*(light for light in lights if light is not None), *map(_make_feedback_light, mapping.feedback))


def _make_input_light(item: Input, touched: set[object]) -> Light | None:
    led, target = item.led, item.target
    if led is None:
        return None
    source: LightSource
    low = high = None
    curve: Curve = "linear"
    if isinstance(target, TriggerAction | MoveBank) or (isinstance(target, SetControl) and led.on and target.step):
        source = KeyField()
    elif isinstance(target, SetControl):
        source = ControlField(target.control, target.value if item.is_button else None)
        low, high, curve = target.low, target.high, target.curve
    elif isinstance(target, SetStrip):
        source, curve = StripField(target.strip, target.function), target.curve
    elif isinstance(target, SelectLayer):
        source = LayerField(target.layer)
    else:
        return None
    return Light(
        source, led.on, led.off, led.value, led.to, item.layer, low=low, high=high, curve=curve,
        resend_on_release=led.resend_on_release, message=item.message,
        is_motor=_is_motor(item, led, touched),
    )  # fmt: skip


def _is_motor(item: Input, led: Led, touched: set[object]) -> bool:
    """Whether an input's light moves it: a motor has a touch, or 14 bits, or is sent what the input itself sends.

    The position of an encoder with a ring of LEDs is moved like a motor, though nothing turns.
    """
    if item.kind != "absolute" or led.value is None or led.to[0] == led.to[1]:
        return False
    message = item.message
    if message.kind is MessageKind.PITCH_BEND or "msb" in led.value.variables or name_target(item.target) in touched:
        return True
    own = (0xB0 | message.channel, message.number)
    return message.kind is MessageKind.CC and _find_address(led.value.render()) == own


def _make_feedback_light(entry: Feedback) -> Light:
    return Light(
        entry.source, entry.on, entry.off, entry.value, entry.to, entry.layer, entry.downbeat, entry.low, entry.high,
        flash_s=entry.flash_s, every_s=entry.every_s, repeat_s=entry.repeat_s,
    )  # fmt: skip


def name_target(target: object) -> object:
    """The control or strip that an input sets, whatever its range: a fader and its touch have the same."""
    if isinstance(target, SetControl):
        return target.control.name
    return (target.strip, target.function) if isinstance(target, SetStrip) else None


def _find_address(message: bytes) -> tuple[int, ...]:
    status = message[0]
    if status < 0xC0:
        return (status, message[1])
    return (status,) if status & 0xF0 == 0xE0 else tuple(message)


def find_number(to: tuple[int, int], position: float) -> int:
    """The number within ``to`` that stands for ``position``, from 0 to 1."""
    return to[0] + round(position * (to[1] - to[0]))

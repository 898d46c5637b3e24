"""Light renderer: the message that shows on a light what its source is now."""

from __future__ import annotations

from collections.abc import Callable

from bridge.control.bus import Row
from bridge.controllers.lights.display_text import format_control, format_number, shorten_name, to_ascii
from bridge.controllers.lights.lights import FULL, KeyField, LayerField, Light, find_number
from bridge.controllers.mappings.mapping import ControlField, ReadingField, Strip, StripField
from bridge.controllers.mappings.scaling import to_position
from bridge.core.control import Control, Value


class LightRenderer:
    """Makes the message of a light, from what its source is now.

    ``read_control`` and ``read_row`` give the present value of a control and the last row of a reading (None: there
    was none), ``find_strip`` the strip at a fader of the device, None beyond the last.
    """

    def __init__(
        self,
        read_control: Callable[[str], float],
        read_row: Callable[[str, str], Row | None],
        find_strip: Callable[[int], Strip | None],
    ) -> None:
        self._read_control, self._read_row, self._find_strip = read_control, read_row, find_strip

    def render(self, light: Light, layer: str) -> bytes | None:
        """The message for the present state; ``layer`` is the active one. None: the light has none for it."""
        source = light.source
        if isinstance(source, StripField) and source.function == "colour":
            return self._render_colour(light, source.strip)
        if isinstance(source, LayerField):
            return _render_switch(light, source.layer == layer, FULL)
        if isinstance(source, KeyField):
            return _render_switch(light, True, FULL)
        if isinstance(source, ControlField):
            return self._render_control(light, source.control, source.choice, FULL)
        if isinstance(source, ReadingField):
            return self._render_reading(light, source, FULL)
        strip = self._find_strip(source.strip)
        if strip is None:
            return light.blank
        if source.function == "name":
            return _render_text(light, to_ascii(strip.name), strip.colour, is_name=True)
        if source.function == "meter":
            if strip.meter is None:
                return light.blank
            return self._render_reading(light, strip.meter, strip.colour)
        if (control := strip.controls.get(source.function)) is None:
            return _render_text(light, "", strip.colour) if light.text_length else light.blank
        return self._render_control(light, control, None, strip.colour)

    def find_position(self, light: Light) -> float:
        """Where a motor fader belongs, from 0 to 1; 0 where the strip does not exist."""
        control: Control | None = None
        if isinstance(light.source, ControlField):
            control = light.source.control
        elif isinstance(light.source, StripField) and (strip := self._find_strip(light.source.strip)) is not None:
            control = strip.controls.get(light.source.function)
        return _find_position(light, control, self._read_control(control.name)) if control is not None else 0.0

    def _render_colour(self, light: Light, first: int) -> bytes | None:
        """The colour of a strip, or those of all in one message. Black is none that a strip could be read in."""
        if light.value is None:
            return light.blank
        strips = map(self._find_strip, range(first, first + max(1, light.value.colours)))
        colours = [(strip.colour or FULL) if strip is not None else 0 for strip in strips]
        return light.value.render(colour=colours[0], colours=colours)

    def _render_control(self, light: Light, control: Control, choice: float | None, colour: int) -> bytes | None:
        value = self._read_control(control.name)
        if choice is not None:
            return _render_switch(light, value == choice, colour)
        if light.text_length:
            return _render_text(light, format_control(control, value), colour, is_name=control.kind == "choice")
        position = _find_position(light, control, value)
        if light.value is not None:
            return light.value.render(find_number(light.to, position), "", colour)
        return _render_switch(light, position >= 0.5, colour)

    def _render_reading(self, light: Light, source: ReadingField, colour: int) -> bytes | None:
        row = self._read_row(source.reading, source.row)
        if row is None:
            return light.blank
        value = row[source.field]
        if light.text_length:
            return _render_text(light, format_number(value), colour)
        if light.value is None:
            return _render_switch(light, _is_on(value), colour)
        number = _parse_number(value)
        low, high = light.low if light.low is not None else 0.0, light.high if light.high is not None else 1.0
        position = min(max((number - low) / (high - low), 0.0), 1.0) if number is not None else 0.0
        return light.value.render(find_number(light.to, position), "", colour)


def _find_position(light: Light, control: Control, value: float) -> float:
    own = isinstance(light.source, StripField)  # the whole range of the strip's control
    low = control.low if own or light.low is None else light.low
    high = control.high if own or light.high is None else light.high
    return to_position(value, low, high, light.curve, control)


def _render_switch(light: Light, on: bool, colour: int) -> bytes | None:
    if light.value is not None:
        if light.text_length:
            return _render_text(light, "on" if on else "", colour)
        return light.value.render(light.to[1] if on else light.to[0], "", colour)
    template = light.on if on else light.off
    return template.render(light.to[1] if on else light.to[0], "", colour) if template is not None else None


def _render_text(light: Light, text: str, colour: int, is_name: bool = False) -> bytes | None:
    if light.value is None:
        return _render_switch(light, bool(text), colour)
    shown = shorten_name(text, light.text_length) if is_name else text
    return light.value.render(light.to[1] if text else light.to[0], shown, colour)


def _parse_number(value: Value) -> float | None:
    return None if isinstance(value, str) else float(value)


def _is_on(value: Value) -> bool:
    return value not in {0, "", "N"}

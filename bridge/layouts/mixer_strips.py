"""Mixer strips: fader, meter, value, mute and solo of each stem side by side, and the band's fader beside them."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.control.registry import Registry
from bridge.core.control import Control, Reading
from bridge.layouts import element_types
from bridge.layouts.box import Box
from bridge.layouts.layout_blocks import GAP_PX
from bridge.layouts.layout_labels import label_name
from bridge.layouts.page_grid import COLUMN_PX, ROW_PX, ROWS, make_box
from bridge.layouts.page_rules import DANGER_COLOR, PAGE_COLORS, STEM_COLORS, TEXT_COLOR

STRIP_COLUMNS = 6
"""Columns of the grid that the strips take together."""
NARROWEST_STRIP_PX = COLUMN_PX
"""Least width of a strip; where it would be narrower, the faders stand as others do."""
SWITCH_ROWS, METER_PX = 3, 22
"""Height of mute and solo in rows of the grid; width of a meter."""
SOLO_COLOR = "#e6c84a"


def find_strip_faders(registry: Registry) -> tuple[Control, ...]:
    """The faders that have a strip: those of the stems and of the band; none where there are too many."""
    faders = tuple(one for one in registry.controls if _is_strip_fader(one.name))
    return faders if len(faders) * NARROWEST_STRIP_PX <= STRIP_COLUMNS * COLUMN_PX else ()


def _is_strip_fader(name: str) -> bool:
    first, *_, last = name.split(".")
    return last == "gain_db" and first in {"stems", "synth"}


def list_strip_switches(registry: Registry, fader: Control) -> tuple[Control, ...]:
    """Mute and solo of a strip, as far as there are any."""
    names = [f"{fader.name.removesuffix('gain_db')}{last}" for last in ("mute", "solo")]
    return tuple(one for one in map(registry.find, names) if isinstance(one, Control))


def make_strips(registry: Registry, faders: Sequence[Control]) -> tuple[element_types.Element, ...]:
    """The strips of ``faders`` on the left of a page."""
    elements: list[element_types.Element] = []
    whole = make_box(0, 0, STRIP_COLUMNS, ROWS)
    for number, fader in enumerate(faders):
        start, end = (whole.width * at // len(faders) for at in (number, number + 1))
        box = Box(whole.x + start, whole.y, end - start, whole.height).shrink(GAP_PX)
        elements += _make_strip(registry, fader, box)
    return tuple(elements)


def _make_strip(registry: Registry, fader: Control, box: Box) -> list[element_types.Element]:
    stem = fader.name.removesuffix(".gain_db").rpartition(".")[2]
    color = STEM_COLORS.get(stem, PAGE_COLORS["Stems"])
    title, rest = box.split_rows(ROW_PX)
    switches = list_strip_switches(registry, fader)
    fader_box, lower = rest.split_rows(rest.height - 2 * SWITCH_ROWS * ROW_PX - ROW_PX)
    value, lower = lower.split_rows(ROW_PX)
    name = element_types.Caption(title, label_name(stem), color, is_centered=True)
    elements: list[element_types.Element] = [name, element_types.NumberValue(value, fader, color)]
    meters = registry.find("meters")
    if isinstance(meters, Reading):
        fader_box, meter_box = fader_box.split_columns(fader_box.width - METER_PX - GAP_PX)
        meter_box = Box(meter_box.x + GAP_PX, meter_box.y, METER_PX, meter_box.height)
        elements.append(
            element_types.LevelMeter(meter_box, meters, "band" if stem == "synth" else f"{stem}.out", color)
        )
    elements.append(element_types.Fader(fader_box, fader, color, is_vertical=True))
    for switch in switches:
        place, lower = lower.split_rows(SWITCH_ROWS * ROW_PX)
        word = switch.name.rpartition(".")[2]
        place = Box(place.x, place.y + GAP_PX, place.width, place.height - GAP_PX)
        elements.append(
            element_types.ToggleButton(place, switch, label_name(word), DANGER_COLOR if word == "mute" else SOLO_COLOR)
        )
    return elements


def make_meter_columns(registry: Registry, ports: Sequence[str], box: Box) -> tuple[element_types.Element, ...]:
    """Meters of ``ports`` side by side, with their names below."""
    meters = registry.find("meters")
    if not isinstance(meters, Reading):
        return ()
    elements: list[element_types.Element] = []
    for number, port in enumerate(ports):
        start, end = (box.width * at // len(ports) for at in (number, number + 1))
        column = Box(box.x + start, box.y, end - start, box.height).shrink(GAP_PX)
        bar, name = column.split_rows(column.height - ROW_PX)
        elements.append(element_types.LevelMeter(bar, meters, port, PAGE_COLORS["Stems"]))
        elements.append(element_types.Caption(name, label_name(port), TEXT_COLOR, is_centered=True))
    return tuple(elements)

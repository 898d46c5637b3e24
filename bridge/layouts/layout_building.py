"""Layout building: the pages of a registry, each control and action in the place that the page rules give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeGuard

from bridge.control.registry import Registry
from bridge.core.control import Action, Control, Item, Reading
from bridge.layouts import element_types
from bridge.layouts.box import HEADER_PX, WIDTH_PX, Box
from bridge.layouts.layout_blocks import GAP_PX, count_columns, make_block
from bridge.layouts.layout_pages import Layout, LayoutPage
from bridge.layouts.mixer_strips import (
    STRIP_COLUMNS,
    find_strip_faders,
    list_strip_switches,
    make_meter_columns,
    make_strips,
)
from bridge.layouts.page_grid import COLUMNS, ROWS, PageGrid, make_box
from bridge.layouts.page_rules import DANGER_COLOR, PAGE_COLORS, TEXT_COLOR, Placement, find_placement

MASTER_METERS = ("in", "mix")
"""Rows of the reading meters that stand beside the strips."""
METER_ROWS = 12
"""Height of these meters in rows of the grid."""
GIVEN_ARGUMENTS = {"transport.locate": (("0", "To the start"),)}
"""Actions that need an argument, with those that have a button, and its text."""
PRESET_COLUMNS = 2
HEADER_FIELDS = (
    ("mir.chord", "label", 110, "", "", None),
    ("mir.key", "label", 130, "Key ", "", None),
    ("clock", "tempo_bpm", 110, "", " BPM", 1),
    ("clock", "bar", 90, "Bar ", "", 0),
    ("clock", "source", 140, "Clock ", "", None),
    ("preset.current", "preset", 176, "", "", None),
)
"""Fields in the header: reading, field, width in pixels, what stands before and behind, decimals."""
STATE_PX, PANIC_PX = 110, 110
"""Widths of the program's name and of the button that stops all notes."""


def build_layout(registry: Registry, presets: Sequence[str]) -> Layout:
    """The layout of ``registry``, with a button for each of ``presets``. The same input gives the same layout."""
    faders = find_strip_faders(registry)
    on_strips = {one.name for fader in faders for one in (fader, *list_strip_switches(registry, fader))}
    placed: dict[str, list[tuple[Placement, Control | Action]]] = {page: [] for page in PAGE_COLORS}
    for item in registry:
        if _has_element(item) and item.name not in on_strips:
            placement = find_placement(item.name)
            placed[placement.page].append((placement, item))
    pages: list[LayoutPage] = []
    for title in PAGE_COLORS:
        if title == "Presets":
            pages += _make_preset_pages(registry, presets)
        elif title == "Stems" and faders:
            pages += _make_mixer_pages(registry, faders, placed[title])
        else:
            pages += _name_pages(title, _flow(placed[title], PageGrid(), PAGE_COLORS[title], registry))
    return Layout(tuple(_make_header(registry)), tuple(pages))


def _has_element(item: Item) -> TypeGuard[Control | Action]:
    """Whether ``item`` is a control, or an action that needs no argument."""
    return isinstance(item, Control) or (isinstance(item, Action) and not item.argument)


def _flow(
    placed: Iterable[tuple[Placement, Control | Action]], grid: PageGrid, color: str, registry: Registry
) -> Iterator[tuple[int, element_types.Element]]:
    """Yield the elements of one page rule after the other with the number of the page, from 0."""
    order = {heading: at for at, heading in enumerate(dict.fromkeys(_find_section(one) for one, _ in placed))}
    ranked = sorted(placed, key=lambda one: (one[0].rule, order[_find_section(one[0])]))
    for (_, heading), section in groupby(ranked, key=lambda one: _find_section(one[0])):
        if heading:
            box = grid.place_heading()
            yield grid.page, element_types.Caption(box, heading, color, is_heading=True)
        for placement, item in section:
            box = grid.place(count_columns(item))
            for element in make_block(box, item, placement.label, _find_color(item, color)):
                yield grid.page, element
        for element in _make_given(registry, heading, grid, color):
            yield grid.page, element


def _find_section(placement: Placement) -> tuple[int, str]:
    return placement.rule, placement.heading


def _make_given(registry: Registry, heading: str, grid: PageGrid, color: str) -> Iterator[element_types.Element]:
    """Buttons of actions with a given argument, at the end of their section."""
    for name, given in GIVEN_ARGUMENTS.items():
        action = registry.find(name)
        if isinstance(action, Action) and find_placement(name).heading == heading:
            for argument, text in given:
                yield element_types.ActionButton(grid.place(1).shrink(GAP_PX), action, text, color, argument)


def _find_color(item: Control | Action, color: str) -> str:
    return DANGER_COLOR if item.name == "transport.panic" else color


def _name_pages(title: str, elements: Iterable[tuple[int, element_types.Element]]) -> Iterator[LayoutPage]:
    """The pages of ``elements``; the second is called "title 2"."""
    for number, group in groupby(elements, key=lambda one: one[0]):
        name = title if not number else f"{title} {number + 1}"
        yield LayoutPage(name, PAGE_COLORS[title], tuple(element for _, element in group))


def _make_mixer_pages(
    registry: Registry, faders: Sequence[Control], rest: Sequence[tuple[Placement, Control | Action]]
) -> Iterator[LayoutPage]:
    """The page of the mixer: strips on the left, what is left and the meters of input and mix on the right."""
    color = PAGE_COLORS["Stems"]
    strips = [(0, element) for element in make_strips(registry, faders)]
    beside = list(_flow(rest, PageGrid(STRIP_COLUMNS), color, registry))
    lowest = max((element.box.y + element.box.height for page, element in beside if page == 0), default=0)
    meters = make_box(STRIP_COLUMNS, ROWS - METER_ROWS, COLUMNS - STRIP_COLUMNS, METER_ROWS)
    if lowest <= meters.y:
        strips += [(0, element) for element in make_meter_columns(registry, MASTER_METERS, meters)]
    yield from _name_pages("Stems", sorted(strips + beside, key=lambda one: one[0]))


def _make_preset_pages(registry: Registry, presets: Sequence[str]) -> Iterator[LayoutPage]:
    action = registry.find("preset.load")
    if not isinstance(action, Action):
        return
    grid, color = PageGrid(), PAGE_COLORS["Presets"]
    buttons: list[tuple[int, element_types.Element]] = []
    for preset in presets:
        box = grid.place(PRESET_COLUMNS).shrink(GAP_PX)
        buttons.append((grid.page, element_types.ActionButton(box, action, preset, color, preset)))
    yield from _name_pages("Presets", buttons)


def _make_header(registry: Registry) -> Iterator[element_types.Element]:
    """What is always visible: chord, key, tempo, bar, clock, preset, and the button that stops all notes."""
    left = STATE_PX + GAP_PX
    for name, field, width, prefix, suffix, decimals in HEADER_FIELDS:
        reading = registry.find(name)
        if isinstance(reading, Reading) and field in reading.fields:
            box = Box(left, GAP_PX, width, HEADER_PX - 2 * GAP_PX)
            yield element_types.FieldText(box, reading, field, TEXT_COLOR, prefix, suffix, decimals)
            left += width + GAP_PX
    panic = registry.find("transport.panic")
    if isinstance(panic, Action):
        box = Box(WIDTH_PX - PANIC_PX, GAP_PX, PANIC_PX - GAP_PX, HEADER_PX - 2 * GAP_PX)
        yield element_types.ActionButton(box, panic, "PANIC", DANGER_COLOR)

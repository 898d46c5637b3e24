"""Picture of a controller: an SVG drawn from its mapping, with what each fader, knob, button and pad does.

It shows where things are to each other, not what the device looks like. Each layer has a panel of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape

from bridge.controllers.mappings.mapping import Input, Mapping, SelectLayer, Touch
from bridge.controllers.mappings.mapping_file import InputTable, MappingFile, Shape
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.controllers.pages.input_labels import InputLabel, LabelGroup, describe_target, name_key

COLUMN, ROW = 92.0, 66.0
"""Distance of two inputs side by side, and one below the other, in px."""
MARGIN, HEAD, LEGEND = 16.0, 40.0, 34.0
FADER_ROWS = 3
COLUMNS = 8
"""Inputs side by side where the mapping does not say where they are."""

_GROUPS: dict[LabelGroup, tuple[str, str]] = {
    "stem": ("#5aa9e6", "stems"),
    "band": ("#e0a458", "band"),
    "part": ("#5fc4b4", "parts of the band"),
    "style": ("#c792ea", "styles"),
    "section": ("#8bcf7f", "sections"),
    "fill": ("#f2d06b", "while held"),
    "preset": ("#f4f1ea", "presets"),
    "action": ("#ef6461", "panic"),
    "setup": ("#9aa5b1", "tempo and setup"),
    "key": ("#7d8894", "layers, bank"),
}
"""Colour and name of each group."""
_PANEL, _FACE, _SLOT, _TEXT, _DIM = "#23272e", "#2e343d", "#14171b", "#f4f1ea", "#aab2bd"
_FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
_CHARACTER = 0.6
"""Width of a character of that font, as a share of its size."""


@dataclass(frozen=True, slots=True)
class PlacedInput:
    """One input on the picture. ``x``, ``y``: columns and rows from the top left."""

    x: float
    y: float
    shape: Shape
    label: InputLabel
    printed: str
    has_light: bool
    layer: str

    @property
    def bottom(self) -> float:
        return self.y + (FADER_ROWS if self.shape == "fader" else 1)


def draw_mapping(mapping: Mapping, file: MappingFile) -> str:
    """The picture of ``mapping``, which was read from ``file``, as an SVG document."""
    placed = tuple(place_inputs(mapping, file))
    width = MARGIN * 2 + max(5.0, *(item.x + 1 for item in placed)) * COLUMN
    y, parts = 0.0, list[str]()
    for layer in mapping.layers or ("",):
        is_first = layer == (mapping.layers or ("",))[0]
        shown = [item for item in placed if item.layer in ("", layer)] if is_first else select_rows(placed, layer)
        if not shown:
            continue  # a layer of displays alone
        rows = max((item.bottom for item in shown), default=1.0)
        parts += _draw_panel(y, width, rows, mapping.name if is_first else "", _find_layer_title(mapping, layer))
        for item in shown:
            drawn = "\n".join(_draw_input(item, MARGIN + item.x * COLUMN, y + HEAD + item.y * ROW))
            is_dim = not (is_first or item.layer) or not item.label.title
            parts.append(f'<g opacity="0.35">\n{drawn}\n</g>' if is_dim else drawn)
        y += HEAD + rows * ROW + MARGIN
    legend = list(_draw_legend(y, width, placed))
    height = y + LEGEND * (1 + 0.7 * max((line for line, _ in legend), default=0))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="{_FONT}" text-anchor="middle" role="img">\n'
        f"<title>{escape(mapping.name)}: what its inputs do</title>\n"
        f'<rect width="{width:g}" height="{height:g}" rx="12" fill="{_PANEL}"/>\n'
        + "\n".join([*parts, *(drawn for _, drawn in legend)])
        + "\n</svg>\n"
    )


def place_inputs(mapping: Mapping, file: MappingFile) -> Iterator[PlacedInput]:
    """Where each input is; those whose entry does not say are below the others, side by side as far as they fit."""
    taken = set[tuple[float, float, str]]()
    free = _FreeRows(max((table.at[1] + FADER_ROWS for table in file.input if table.at is not None), default=0.0))
    groups: dict[int, list[Input]] = {}
    for item in mapping.inputs:
        if not isinstance(item.target, Touch):
            groups.setdefault(item.entry, []).append(item)
    for entry, items in groups.items():
        table = file.input[entry - 1]
        shape = guess_shape(items[0], table)
        rows = FADER_ROWS if shape == "fader" else 1
        left, top = table.at or free.take(len(items), rows)
        for index, item in enumerate(items):
            if table.at is None:
                x, y = left + index % COLUMNS, top + index // COLUMNS * rows
            else:
                x, y = left + index * table.to_next[0], top + index * table.to_next[1]
            if (x, y, item.layer) not in taken:
                taken.add((x, y, item.layer))
                printed = name_key(table.doc, index, 1 if table.to_next == (0.0, 0.0) else len(items))
                label = describe_target(mapping, item.target)
                if not table.doc:
                    printed = _name_message(mapping, item)
                    if shape not in ("button", "pad"):  # nothing is printed at those
                        label = replace(label, detail=", ".join(filter(None, (label.detail, printed))))
                yield PlacedInput(x, y, shape, label, printed, item.led is not None, item.layer)


class _FreeRows:
    """The room below ``top``, in columns and rows, for entries that do not say where they are."""

    def __init__(self, top: float) -> None:
        self._x, self._y, self._rows = 0.0, top, 0.0

    def take(self, count: int, rows: float) -> tuple[float, float]:
        """The place of the first of ``count`` inputs, each ``rows`` high."""
        if self._x and (self._x + count > COLUMNS or rows != self._rows):
            self._x, self._y = 0.0, self._y + self._rows
        place = self._x, self._y
        full, rest = divmod(self._x + count, COLUMNS)
        self._x, self._y, self._rows = rest, self._y + full * rows, rows
        return place


def _name_message(mapping: Mapping, item: Input) -> str:
    """Its message, without the channel where that is the device's own."""
    return format_message_spec(item.message).removesuffix(f" ch {mapping.device.channel}")


def guess_shape(item: Input, table: InputTable) -> Shape:
    """The shape that the entry names, or the usual one of such an input."""
    if table.shape:
        return table.shape
    if item.is_button:
        return "button"
    return "fader" if item.kind == "absolute" else "encoder"


def select_rows(placed: Iterable[PlacedInput], layer: str) -> list[PlacedInput]:
    """The rows in which ``layer`` has inputs of its own, with what else is in them, moved together."""
    own = [item for item in placed if item.layer == layer]
    taken = {(item.x, item.y) for item in own}
    rows = list[tuple[float, float]]()
    for top, bottom in sorted((item.y, item.bottom) for item in own):
        if rows and top < rows[-1][1]:
            rows[-1] = rows[-1][0], max(bottom, rows[-1][1])
        else:
            rows.append((top, bottom))
    shown, y = list[PlacedInput](), 0.0
    for top, bottom in rows:
        for item in placed:
            is_shared = not item.layer and (item.x, item.y) not in taken
            if top <= item.y and item.bottom <= bottom and (item.layer == layer or is_shared):
                shown.append(replace(item, y=y + item.y - top))
        y += bottom - top
    return shown


def _find_layer_title(mapping: Mapping, layer: str) -> str:
    """The layer's name, with what is pressed for it."""
    keys = [item.doc for item in mapping.inputs if isinstance(item.target, SelectLayer) and item.target.layer == layer]
    return f"{layer} ({keys[0]})" if keys and keys[0] else layer


def _draw_panel(y: float, width: float, rows: float, title: str, layer: str) -> list[str]:
    height = HEAD + rows * ROW + MARGIN / 2
    words = [f'<rect x="4" y="{y + 4:g}" width="{width - 8:g}" height="{height:g}" rx="9" fill="{_FACE}"/>']
    if title:
        words.append(_draw_text(MARGIN + 4, y + 27, title, 17, _TEXT, anchor="start", weight="bold"))
    if layer:
        words.append(_draw_text(width - MARGIN - 4, y + 27, f"layer: {layer}", 14, _DIM, anchor="end"))
    return words


def _draw_input(item: PlacedInput, left: float, top: float) -> Iterator[str]:
    colour, middle = _GROUPS[item.label.group][0], left + COLUMN / 2
    if item.shape in ("button", "pad"):
        yield from _draw_key(item, left, top, colour)
        return
    if item.shape == "fader":
        text_y = top + FADER_ROWS * ROW - 26
        slot = text_y - top - 24
        yield f'<rect x="{middle - 3:g}" y="{top + 6:g}" width="6" height="{slot:g}" rx="3" fill="{_SLOT}"/>'
        cap = top + (text_y - top) * 0.3
        yield f'<rect x="{middle - 17:g}" y="{cap:g}" width="34" height="22" rx="4" fill="{colour}"/>'
        yield f'<rect x="{middle - 17:g}" y="{cap + 10:g}" width="34" height="2" fill="{_PANEL}"/>'
    else:
        text_y = top + 44
        yield f'<circle cx="{middle:g}" cy="{top + 15:g}" r="13" fill="{_PANEL}" stroke="{colour}" stroke-width="3"/>'
        if item.shape == "encoder":
            yield f'<circle cx="{middle:g}" cy="{top + 15:g}" r="4" fill="{colour}"/>'
        else:
            yield f'<rect x="{middle - 1.5:g}" y="{top + 3:g}" width="3" height="11" rx="1.5" fill="{colour}"/>'
    yield _draw_text(middle, text_y, item.label.title, 13, _TEXT, weight="bold")
    if item.label.detail:
        yield _draw_text(middle, text_y + 14, item.label.detail, 11, _DIM)


def _draw_key(item: PlacedInput, left: float, top: float, colour: str) -> Iterator[str]:
    is_pad = item.shape == "pad"
    width, height = (COLUMN - 6, ROW - 8) if is_pad else (COLUMN - 12, ROW - 22)
    x, y, middle = left + (COLUMN - width) / 2, top + (ROW - height) / 2, left + COLUMN / 2
    yield (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{4 if is_pad else 9}" '
        f'fill="{colour}" fill-opacity="0.22" stroke="{colour}" stroke-width="1.5"/>'
    )
    if item.has_light:
        yield f'<circle cx="{x + width - 8:g}" cy="{y + 8:g}" r="3" fill="{colour}"/>'
    centre = y + height / 2 + (5 if is_pad and item.printed else 0)
    if item.printed:
        size = min(9.5, (COLUMN - 14) / (_CHARACTER * len(item.printed)))
        at = (x + 5, y + 12, "start") if is_pad else (middle, y - 2.5, "middle")
        yield _draw_text(at[0], at[1], item.printed, size, _DIM, anchor=at[2])
    title_y = centre + (0 if item.label.detail else 5)
    yield _draw_text(middle, title_y, item.label.title, 13, _TEXT, weight="bold", room=width - 8)
    if item.label.detail:
        yield _draw_text(middle, centre + 14, item.label.detail, 11, _DIM)


def _draw_legend(y: float, width: float, placed: Iterable[PlacedInput]) -> Iterator[tuple[int, str]]:
    """The names of the groups that occur, each with its line from 0."""
    groups = {item.label.group for item in placed if item.label.title}
    x, line = MARGIN + 4, 0
    for group, (colour, name) in _GROUPS.items():
        if group in groups:
            length = 36 + len(name) * 12 * _CHARACTER
            if x + length > width:
                x, line = MARGIN + 4, line + 1
            top = y + 9 + line * LEGEND * 0.7
            yield line, f'<rect x="{x:g}" y="{top:g}" width="11" height="11" rx="3" fill="{colour}"/>'
            yield line, _draw_text(x + 16, top + 10, name, 12, _DIM, anchor="start")
            x += length


def _draw_text(
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str,
    anchor: str = "",
    weight: str = "",
    room: float = COLUMN - 6,
) -> str:
    """``text`` in one line; smaller where it would be wider than ``room``, unless it is anchored."""
    if not anchor:
        size = min(size, room / (_CHARACTER * max(len(text), 1)))
    more = (f' text-anchor="{anchor}"' if anchor else "") + (f' font-weight="{weight}"' if weight else "")
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:.3g}" fill="{colour}"{more}>{escape(text)}</text>'

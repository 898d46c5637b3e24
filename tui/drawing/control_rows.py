"""Generic rows: every control by its kind, every action and every reading, so that a new one needs no code here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tui.core.registry import Action, Control, Reading
from tui.core.rows import Row, cut, fit_row, measure_row, pad, pad_left
from tui.core.session import Record, Session
from tui.core.values import find_position, format_number, format_value

NUMBER_COLUMNS = 9
UNIT_COLUMNS = 7
EFFECT_COLUMNS = 12
MANY_ITEMS = 8
"""Items from which on two parts of a name make a group of their own."""
MOST_ROWS_SHOWN = 4
"""Rows of a keyed reading that are drawn in one line."""


@dataclass(frozen=True, slots=True)
class Group:
    """Items whose names begin alike. ``title``: the part that they share."""

    title: str
    items: tuple[Control | Action | Reading, ...]


def group_items(items: Sequence[Control | Action | Reading]) -> list[Group]:
    """The items by the first part of their names, in the sidecar's order; by the first two where many share these.

    Readings, which cannot be edited, come last.
    """
    pairs = Counter(tuple(item.name.split(".")[:2]) for item in items)
    groups: dict[str, list[Control | Action | Reading]] = {}
    for item in sorted(items, key=lambda item: (isinstance(item, Reading), item.order)):
        parts = item.name.split(".")
        shared = 2 if len(parts) > 2 and pairs[tuple(parts[:2])] >= MANY_ITEMS else 1
        title = ".".join(parts[:shared])
        groups.setdefault(f"{title}, readings" if isinstance(item, Reading) else title, []).append(item)
    return [Group(title, tuple(found)) for title, found in groups.items()]


def draw_dial(share: float, width: int) -> str:
    """A dial of ``width`` columns: ``━━━●────``."""
    if width < 2:
        return ""
    at = round(min(max(share, 0.0), 1.0) * (width - 1))
    return "━" * at + "●" + "─" * (width - 1 - at)


def draw_choices(control: Control, value: float, width: int) -> Row:
    """The words of a choice, the present one in brackets; the words around it where there is no room for all."""
    index = int(value - control.low)
    if not 0 <= index < len(control.choices):
        return [(str(index), "text")]
    gone = {number - int(control.low) for number in control.unavailable} - {index}
    words = [f"[{word}]" if at == index else word for at, word in enumerate(control.choices) if at not in gone]
    index -= sum(at < index for at in gone)
    first = 0
    while first < index and sum(len(word) + 1 for word in words[first : index + 1]) > width - 2:
        first += 1
    row: Row = [("… ", "dim")] if first else []
    for number, word in enumerate(words[first:], first):
        text = word + " "
        if number > index and measure_row(row) + len(text) > width - 2:
            row.append(("…", "dim"))
            break
        row.append((text, "title" if number == index else "dim"))
    return fit_row(row, width)


def draw_value(control: Control, value: float, width: int) -> Row:
    """The value of a control by its kind, in ``width`` columns."""
    if control.kind == "switch":
        on = value > 0.5
        return fit_row([("[on ]" if on else "[off]", "title" if on else "dim")], width)
    if control.kind == "choice":
        return draw_choices(control, value, width)
    number: Row = [
        (pad_left(format_number(control, value), NUMBER_COLUMNS), "text"),
        (" " + pad(control.unit, UNIT_COLUMNS), "dim"),
    ]
    dial = max(width - measure_row(number) - 2, 0)
    return fit_row([*number, (draw_dial(find_position(control, value), dial), "bar")], width)


def draw_control(control: Control, value: float, here: bool, width: int) -> Row:
    """A control in ``width`` columns: mark, name, value by its kind, when a change takes effect."""
    name = choose_name_columns(width)
    effect = EFFECT_COLUMNS if width >= 100 else 0
    room = max(width - 1 - name - 1 - effect, 0)
    row = _draw_name(control.name, name, here)
    changed = abs(value - control.default) > 1e-6 * max(abs(control.default), 1.0)
    row.append(("*" if changed else " ", "text"))
    row += draw_value(control, value, room)
    if effect:
        row.append((pad_left(control.takes_effect, effect), "dim"))
    return fit_row(row, width)


def draw_action(action: Action, here: bool, width: int) -> Row:
    """An action: its name as a button, and the arguments that it asks for."""
    optional = len(action.arguments) - action.optional
    words = [name if number < optional else f"[{name}]" for number, name in enumerate(action.arguments)]
    if action.repeats and words:
        words[-1] += " …"
    row = _draw_name(action.name, choose_name_columns(width), here)
    return fit_row([*row, (" ‹do›", "key"), (f"  {' '.join(words)}", "dim")], width)


def draw_reading(reading: Reading, session: Session, here: bool, width: int) -> Row:
    """A reading: its latest values with the names of their fields."""
    row = _draw_name(reading.name, choose_name_columns(width), here)
    records = session.read_rows(reading.name) if reading.kind == "rows" else [session.read(reading.name)]
    shown = [format_record(record) for record in records[:MOST_ROWS_SHOWN] if record]
    text = "; ".join(shown) or "–"
    if len(records) > MOST_ROWS_SHOWN:
        text += f"; … {len(records)} rows"
    return fit_row([*row, (" " + text, "dim")], width)


def format_record(record: Record) -> str:
    """The fields of a record in words: ``bpm 120.0, confidence 0.97``."""
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in record.items()
    )


def choose_name_columns(width: int) -> int:
    """Columns for the names of a list of ``width`` columns."""
    return min(40, max(width * 2 // 5, 8))


def _draw_name(name: str, columns: int, here: bool) -> Row:
    return [("▌" if here else " ", "title"), (pad(name, columns), "selected" if here else "text")]


def draw_item(item: Control | Action | Reading, session: Session, here: bool, width: int) -> Row:
    """The row of a control, an action or a reading."""
    if isinstance(item, Control):
        return draw_control(item, session.get(item.name), here, width)
    if isinstance(item, Action):
        return draw_action(item, here, width)
    return draw_reading(item, session, here, width)


def describe_item(item: Control | Action | Reading, width: int) -> list[Row]:
    """What an item does, its range, default and step: two rows below the list."""
    if isinstance(item, Control):
        words = f"default {format_value(item, item.default)}"
        if item.kind not in ("switch", "choice"):
            low, high = format_number(item, item.low), format_number(item, item.high)
            words = f"{low} … {high} {item.unit}".rstrip() + f", {words}, step {round(item.step, 4):g}"
        effect = "at once, and the delay moves" if item.moves_delay else item.takes_effect
        words += f" · takes effect {effect}"
        words += "" if item.saved else " · not saved in presets"
    elif isinstance(item, Action):
        words = "action" + (f" · result: {', '.join(item.result)}" if item.result else "")
    else:
        words = f"reading · {item.kind}" + (f" · the last {item.history} are kept" if item.history else "")
    return [[(" " + cut(item.doc, max(width - 2, 0)), "text")], [(" " + cut(words, max(width - 2, 0)), "dim")]]

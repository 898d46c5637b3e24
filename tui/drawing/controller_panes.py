"""Controller panes: devices, what is bound on them, and the dialogue of learning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui.core.rows import Row, Run, cut, draw_heading, fit_row
from tui.core.session import Record, Session
from tui.core.values import read_number, read_text
from tui.drawing.faders import draw_dial
from tui.drawing.panes import draw_text
from tui.drawing.table import MARK, Column, draw_line, draw_table, find_window, lay_out, mark_selected, put_position
from tui.models.binding_list import Binding, list_bindings, list_candidates

OPEN = ("confirmed", "port")
STATE_WORDS = {
    "confirmed": "connected",
    "port": "connected",
    "taken": "TAKEN",
    "missing": "MISSING",
    "refused": "REFUSED",
}
COLUMNS = (
    Column("control", keeps_end=True),
    Column("from", 9),
    Column("value", 9),
    Column("", 12),
    Column("state", 16),
)
LARGE_COLUMNS = (
    Column("control", 36, keeps_end=True),
    Column("from", 16),
    Column("controller", 24),
    Column("value", 14),
    Column("", 28),
    Column("state"),
)


def draw_devices(session: Session, devices: Sequence[Record], width: int, height: int) -> list[Row]:
    """The controllers: whether each is there, how much is bound on it, and what to do about it."""
    if not devices:
        return draw_text("No controller: plug one in, or connect its port to control_in.", width, height, "dim")
    bound = Counter(one.device for one in list_bindings(session))
    rows: list[list[Run]] = []
    for one in devices:
        name, state = read_text(one, "device"), read_text(one, "state")
        is_open = state in OPEN
        detail = read_text(one, "detail")
        text = ", ".join([f"{bound[name]} bound", *([detail] if detail else [])])
        rows.append(
            [
                ("●" if is_open else "○", "good" if is_open else "warning"),
                (name, "text"),
                (STATE_WORDS.get(state, state), "text" if is_open else "warning"),
                (text, "dim" if is_open else "text"),
            ]
        )
    size = min(max(width // 4, 12), 30)
    return draw_table([Column("", 1), Column("", size), Column("", 10), Column("")], rows, width, height)


def draw_bindings(
    bindings: Sequence[Binding], selected: int, width: int, height: int, is_large: bool, is_active: bool = True
) -> list[Row]:
    """The map: each control with its fader, value and state; a dial shows where the value lies.

    ``is_active``: whether the keys act on the selected row, which is marked then.
    """
    columns = LARGE_COLUMNS if is_large else COLUMNS if width >= 70 else (COLUMNS[0], COLUMNS[1], COLUMNS[2])
    widths = lay_out(columns, width - 1)
    rows = [fit_row([(" ", "text"), *draw_line([(one.title, "dim") for one in columns], columns, widths)], width)]
    window = find_window(selected, len(bindings), height - 1)
    for at in window:
        is_selected = is_active and at == selected
        cells = _draw_binding(bindings[at], columns, widths, is_selected)
        cells = mark_selected(cells) if is_selected else cells
        rows.append(fit_row([(MARK, "selected") if is_selected else (" ", "text"), *cells], width))
    rows[0] = put_position(rows[0], window, len(bindings), width)
    return rows[: max(height, 0)]


def _draw_binding(one: Binding, columns: Sequence[Column], widths: Sequence[int], is_selected: bool) -> Row:
    waits = one.state.startswith("move")
    texts = {
        "control": (one.target, "text"),
        "from": (one.message or "–", "text" if one.message else "off"),
        "controller": (one.device, "dim"),
        "value": (one.value, "text"),
        "state": (one.state, "warning" if waits else "dim"),
    }
    row: Row = []
    for column, size in zip(columns, widths, strict=True):
        if not column.title:
            dial = draw_dial(one.share, size, is_selected) if one.share is not None else []
            row += [*fit_row(dial, size), (" ", "text")]
        else:
            row += [*draw_line([texts[column.title]], [column], [size]), (" ", "text")]
    return row


def draw_learning(session: Session, selected: int, width: int, height: int) -> list[Row]:
    """What is being learned, what was moved, and what came of it."""
    state = session.read("learn.state")
    word, control = read_text(state, "state"), read_text(state, "control")
    detail = read_text(state, "detail")
    candidates = list_candidates(session)
    if word in ("", "off"):
        return draw_text(detail or "↵ learns a fader, knob or button for the selected control.", width, height, "dim")
    if word not in ("listening", "refused"):
        return draw_text(f"{word}: {control}. {detail}", width, height, "good")
    heading = draw_heading(
        f"LEARN {cut(control, width // 2)}", width, "↵ takes   Esc leaves" if candidates else "Esc leaves"
    )
    rows: list[Row] = [
        heading,
        *draw_text(detail, width, max(min(2, height - 2), 1), "error" if word == "refused" else "text"),
    ]
    cells: list[list[Run]] = []
    for one in candidates:
        conflict = read_text(one, "conflict")
        kind = read_text(one, "kind").replace("_", " ").replace("?", ", sure after another move")
        cells.append(
            [
                (read_text(one, "message"), "text"),
                (read_text(one, "device"), "text"),
                (kind, "dim"),
                (f"sets {conflict} now" if conflict else "free", "warning" if conflict else "dim"),
            ]
        )
    columns = [Column("", width // 5), Column("", width // 5 + 2), Column("", width // 7), Column("")]
    return [*rows, *draw_table(columns, cells, width, height - len(rows), selected)][:height]


def describe_message(session: Session) -> str:
    """The last message of a controller, in words; empty before the first."""
    message = session.read("controllers.message")
    if not message:
        return ""
    control = read_text(message, "control")
    value = read_number(message, "value")
    arrow = f" ▸ {control}" if control else ", bound to nothing"
    return f"{read_text(message, 'message')} = {value:g}{arrow}"

"""Rows of the health screen: delays, DAW card, workers, lookahead, counters, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, Run, cut, draw_heading, fit_row, measure, pad, pad_left
from tui.core.session import Record, Session
from tui.core.values import UNKNOWN, find_position, read_number, read_text
from tui.drawing.faders import draw_dial
from tui.drawing.letters import draw_small
from tui.drawing.panes import flow, join_fitting, wrap
from tui.models.clocks import name_leader, say_quality
from tui.models.faults import LOOKAHEAD, UNMEASURED, WORKERS, Fault, read_paths
from tui.models.position import get_rate_hz

PATH_COLUMNS = 13
PART_COLUMNS = 8
DELAY_COLUMNS = 46
"""Columns of the delays where they are short."""
LARGE_DELAY_COLUMNS = 99
"""With the parts of each delay."""
PARTS: tuple[tuple[str, str], ...] = (
    ("model", "model"),
    ("stems", "upstream"),
    ("buffer", "buffering"),
    ("reserve", "reserve"),
    ("offset", "user_offset"),
    ("insert", "insert"),
)
"""The parts of a delay: heading and field."""
CARD_ROWS = 4
COUNTED = (("xruns", "xruns"), ("skipped", "skipped"), ("late_frames", "late frames"), ("restarts", "restarts"))
MINUTE_MS = 60_000.0


def draw_delays(session: Session, width: int, rows: int) -> list[Row]:
    """Every path with its delays, in at most ``rows`` rows; wide with the parts of each, and spaced where they fit."""
    full = width >= LARGE_DELAY_COLUMNS
    paths = read_paths(session)
    sizes = [PART_COLUMNS] * len(PARTS) * full + [10 if full else 9] * 2 + [8 if full else 7, 9 if full else 8]
    names = [*(name for name, _ in PARTS if full), "declared", "measured", "ms", "late"]
    drawn: list[Row] = [draw_heading("Delay", width, "frames; declared = model + … + insert" if full else "frames")]
    drawn.append([(pad("path", PATH_COLUMNS), "dim")])
    drawn[1] += [(pad_left(name, size), "dim") for name, size in zip(names, sizes, strict=True)]
    spaced = full and 2 * len(paths) + 2 <= rows
    room = max(rows - len(drawn), 1)
    shown = paths if len(paths) <= room else paths[: room - 1]
    rate = get_rate_hz(session)
    for row in shown:
        drawn += [[]] if spaced else []
        drawn.append(_draw_delay(row, rate, full, sizes))
    if len(shown) < len(paths):
        drawn.append([(f"… {len(paths) - len(shown)} more", "dim")])
    return drawn if paths else [*drawn, [(UNKNOWN, "dim")]]


def _draw_delay(row: Record, rate: float, full: bool, sizes: list[int]) -> Row:
    declared, measured, late = (read_number(row, field) for field in ("declared", "measured", "late"))
    known, same = measured > UNMEASURED, measured == declared
    cells: list[Run] = [(_count(read_number(row, field)), "text") for _, field in PARTS if full]
    cells.append((_count(declared), "title"))
    found: Run = (f"{_count(measured)} {'=' if same else '!'}", "text" if same else "warning")
    cells.append(found if known else (f"{UNKNOWN}  ", "dim"))
    cells.append((f"{declared / rate * 1000:.1f}" if rate > 0 else UNKNOWN, "text"))
    cells.append((_count(late), "warning" if late else "text"))
    path: Run = (pad(read_text(row, "path"), PATH_COLUMNS), "text")
    return [path, *((pad_left(text, size), role) for (text, role), size in zip(cells, sizes, strict=True))]


def _count(number: float) -> str:
    """A count in at most seven columns up to 100 millions: ``99,999``, ``104k``."""
    return f"{number:,.0f}" if abs(number) < 100_000 else f"{number / 1000:,.0f}k"


def draw_card(session: Session, daw: str, width: int, rows: int) -> list[Row]:
    """What to enter in the chosen DAW."""
    cards = {read_text(row, "daw"): read_text(row, "detail") for row in session.read_rows("latency.card")}
    chosen = daw if daw in cards else next(iter(cards), "")
    title = f"In {cut(chosen, max(width - 12, 4))}" if chosen else "In the DAW"
    drawn: list[Row] = [draw_heading(title, width, "D other" if len(cards) > 1 else "")]
    lines = wrap(cards.get(chosen, UNKNOWN), width, rows) or [UNKNOWN]
    drawn += [[(line, "text")] for line in lines]
    return drawn + [[]] * (rows + 1 - len(drawn))


def draw_workers(session: Session, width: int, full: bool) -> list[Row]:
    """Each worker with its state, the time of a hop, and its share of a core."""
    columns = ("p50", "p99", "max") if full else ("p99",)
    names = "".join(pad_left(name, 7) for name in (*columns, "core"))
    label_columns = max(width - len(names) - 2, 4)
    title = "Workers, ms a hop" if full else "Workers, ms"
    drawn: list[Row] = [[*draw_heading(title, label_columns + 2), (names, "dim")]]
    times = {read_text(row, "worker"): row for row in session.read_rows("worker.time")}
    states = {read_text(row, "worker"): read_text(row, "state") for row in session.read_rows("health")}
    workers = sorted(states or times, key=lambda one: WORKERS.index(one) if one in WORKERS else len(WORKERS))
    for worker in workers:
        state, time = states.get(worker, "running"), times.get(worker, {})
        mark: Run = ("! ", "error")
        if state == "running":
            mark = ("● ", "good")
        elif state in ("starting", "off", "stopped"):
            mark = ("○ ", "warning")
        label = pad(worker if state == "running" else f"{worker} {state}", label_columns)
        cells = [_format_ms(time, f"{name}_ms") for name in columns]
        cells.append(f"{100 * read_number(time, 'share'):.0f} %" if time else UNKNOWN)
        role = "text" if state == "running" else mark[1]
        drawn.append([mark, (label, role), *((pad_left(cell, 7), "text") for cell in cells)])
    return drawn if states or times else [*drawn, [(UNKNOWN, "dim")]]


def _format_ms(time: Record, field: str) -> str:
    if field not in time:
        return UNKNOWN
    value = read_number(time, field)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def draw_lookahead(session: Session, width: int, full: bool) -> list[Row]:
    """The dial of the lookahead with what was kept of it."""
    control = session.registry.controls.get(LOOKAHEAD)
    if control is None:
        return []
    auto = session.is_on("accompaniment.lookahead_auto")
    kept = session.read("accompaniment.lookahead")
    words = f"{session.get(LOOKAHEAD):.1f} beats asked"
    if kept:
        words += f", {read_number(kept, 'kept_beats'):.1f} kept, {read_number(kept, 'least_beats'):.1f} least"
    rows: list[Row] = []
    label = "Lookahead  "
    if full:
        rows = [draw_heading("Lookahead", width, "a  auto on" if auto else "a  auto off"), []]
        label = "beats      "
    else:
        words += "  auto on" if auto else ""
    track = min(max(width - len(label) - measure(words) - 4, 3), 80)
    share = find_position(control, session.get(LOOKAHEAD))
    return [*rows, [(label, "dim"), *draw_dial(share, track, True), ("   ", "text"), (words, "text")]]


def say_span(session: Session) -> str:
    """Since when the counters count: ``In the last 21 minutes``."""
    now_ms, since_ms = read_number(session.read("clock"), "time_ms"), read_number(session.read("counters"), "since_ms")
    minutes = (now_ms - since_ms) / MINUTE_MS
    if since_ms <= 0 or minutes < 0:
        return "Since the counters were cleared"
    if minutes < 1.5:
        return "In the last minute"
    return f"In the last {minutes:,.0f} minutes" if minutes < 120 else f"In the last {minutes / 60:,.0f} hours"


def collect_counts(session: Session) -> list[tuple[str, str, bool]]:
    """Counters that are shown in any case: number, words, and whether it is a warning."""
    counters, callback = session.read("counters"), session.read("callback.time")
    counts = []
    for field, words in (
        ("xruns", "xruns"),
        ("skipped", "skipped"),
        ("late_frames", "late frames"),
        ("restarts", "restarts"),
    ):
        number = read_number(counters, field)
        counts.append((_count(number) if field in counters else UNKNOWN, words, number > 0))
    load = read_number(callback, "dsp_load")
    counts.append((f"{100 * load:.0f}%" if callback else UNKNOWN, "DSP load", load >= 0.8))
    return counts


def draw_counts(session: Session, width: int) -> Row:
    """The counters in a row."""
    return join_fitting(
        [
            [(f"{words} ", "dim"), (number.replace("%", " %"), "warning" if warn else "text")]
            for number, words, warn in collect_counts(session)
        ],
        width,
    )


def draw_large_counts(session: Session, width: int) -> list[Row]:
    """The counters in block digits, three rows."""
    rows: list[Row] = [[], [], []]
    left = width
    for number, words, warn in collect_counts(session):
        lines = draw_small(number) if number != UNKNOWN else ["", UNKNOWN, ""]
        wide = max(map(measure, lines))
        label = ("", "", f" {words}")
        size = max(wide + measure(label[2]) + 4, 26)
        if size > left:
            break
        left -= size
        for line, (row, text) in enumerate(zip(rows, lines, strict=True)):
            row += [(pad(text, wide), "warning" if warn else "strong"), (pad(label[line], size - wide), "dim")]
    return rows


def draw_machine(session: Session, width: int, full: bool) -> list[Row]:
    """Clock, callback and audio system: in full an item a row, else beside each other where they fit."""
    clock, callback = session.read("clock"), session.read("callback.time")
    counters, sideman = session.read("counters"), session.read("sideman")
    items: list[tuple[str, str]] = []
    if clock:
        leader, tempo = name_leader(clock), read_number(clock, "tempo_bpm")
        items.append(("clock", ", ".join((leader, f"{tempo:.1f} BPM", *say_quality(clock)) if leader else ("none",))))
    if callback:
        p50, p99, period = (read_number(callback, field) for field in ("p50_us", "p99_us", "period_us"))
        items.append(("callback", f"{p50:,.0f} µs p50, {p99:,.0f} µs p99, of {period:,.0f}"))
    if counters:
        server = read_text(sideman, "server")
        name = ("offline, " if server == "offline" else f"JACK {server}, ") if server and full else ""
        rate, period = read_number(counters, "rate"), read_number(counters, "period")
        items.append(("audio", f"{name}{rate:,.0f} Hz, period {period:,.0f}"))
    if sideman and full:
        about = f"{read_text(sideman, 'name')} {read_text(sideman, 'version')} on {read_text(sideman, 'host')}"
        items.append(("sidecar", f"{about}, process {read_number(sideman, 'pid'):.0f}"))
    if full:
        return [[(pad(label, 11), "dim"), (text, "text")] for label, text in items]
    return flow([[(f"{label} ", "dim"), (text, "text")] for label, text in items], width)


HELP_LINES = (4, 2)
"""Rows below a fault for what helps, the most that fit: a refused insert has a reason of three."""
FIT_ALL = 1 << 16
"""Columns that are enough for any fault in one row."""


def draw_faults(faults: Sequence[Fault], session: Session, width: int, rows: int) -> list[Row]:
    """What is wrong, with what helps, in at most ``rows`` rows."""
    if rows < 1:
        return []
    if not session.read("counters"):
        return [[("–  nothing is known of the sidecar yet", "dim")]]
    if not faults:
        return [[("● ", "good"), ("nothing is wrong", "text")]]
    for lines in HELP_LINES:
        drawn = [row for fault in faults for row in _draw_fault(fault, width, lines)]
        if len(drawn) <= rows:
            return drawn
    # no room for what helps in a row of its own
    drawn = [fit_row(_draw_fault(fault, FIT_ALL, 1)[0], width) for fault in faults]
    if len(drawn) > rows:
        more = cut(f"… {len(faults) - rows + 1} more; Enter shows all", width)
        drawn = [*drawn[: rows - 1], [(more, "warning")]]
    return drawn


def draw_whole_faults(faults: Sequence[Fault], width: int) -> list[Row]:
    """What is wrong, and what helps, in as many rows as they need."""
    rows = [row for fault in faults for row in _draw_fault(fault, width, len(fault.fix))]
    return rows or [[("● ", "good"), ("nothing is wrong", "text")]]


def _draw_fault(fault: Fault, width: int, lines: int) -> list[Row]:
    """What is wrong, and behind it, or below it in at most ``lines`` rows, what helps."""
    role = "error" if fault.is_error else "warning"
    if measure(fault.words) + measure(fault.fix) + 4 <= width:
        return [[("! ", role), (fault.words, role), (f": {fault.fix}", "text")]]
    helps: list[Row] = [[("  ", "text"), (line, "text")] for line in wrap(fault.fix, max(width - 2, 1), lines)]
    return [[("! ", role), (f"{fault.words}:", role)], *helps]

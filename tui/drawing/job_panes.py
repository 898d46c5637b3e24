"""Job panes: the list with its progress, the files of a job, and the form of a new one."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, cut, cut_start, draw_heading, fit_row
from tui.core.screen import TextField
from tui.core.session import Record, Session
from tui.core.values import read_number, read_text
from tui.drawing.panes import draw_text
from tui.drawing.share_bar import draw_share
from tui.drawing.table import MARK, Column, draw_line, find_window, lay_out, mark_selected
from tui.drawing.text_field import draw_field
from tui.models.job_form import START, JobForm
from tui.models.times import format_clock, format_length

SIGNS = {"waits": "…", "runs": "▸", "paused": "=", "done": "✓", "failed": "!", "cancelled": "×"}
LOUD = {"failed": "FAILED", "paused": "PAUSED"}
ROLES = {"failed": "error", "paused": "warning", "runs": "text"}
LABEL_COLUMNS = 14


def draw_jobs(jobs: Sequence[Record], selected: int, width: int, height: int, spacing: int) -> list[Row]:
    """A row a job: kind, what, how far, and what is left or went wrong."""
    is_narrow = width < 70
    bar_width = 0 if is_narrow else max(width // 5, 12)
    columns = [Column("", 1), Column("", 9), Column(""), Column("", bar_width or 1), Column("", 5, True), Column("", 9)]
    columns += [] if is_narrow else [Column("", max(width // 8, 11))]
    widths = lay_out(columns, width - 1)
    if spacing and len(jobs) * 2 - 1 > height:
        spacing = 0
    rows: list[Row] = []
    window = find_window(selected, len(jobs), (height + spacing) // (spacing + 1))
    for at in window:
        if rows:
            rows += [[]] * spacing
        rows.append(_draw_job(jobs[at], columns, widths, bar_width, at == selected))
    return [fit_row(row, width) for row in rows[: max(height, 0)]]


def _draw_job(job: Record, columns: Sequence[Column], widths: Sequence[int], bar_width: int, is_selected: bool) -> Row:
    state = read_text(job, "state")
    share = min(max(read_number(job, "share"), 0.0), 1.0)
    is_open = state in ("runs", "paused", "failed", "cancelled")
    percent = f"{100 * share:.0f} %" if is_open else ""
    role = "dim" if state in ("done", "cancelled") else "text"
    text_role = ROLES.get(state, "dim")
    cells = [
        (SIGNS.get(state, "?"), text_role),
        (read_text(job, "kind"), role),
        (read_text(job, "what"), role),
        ("", "text"),
        (percent, role),
        (_describe_state(job), text_role),
        (_describe_left(job), text_role if state == "failed" else "dim"),
    ]
    row = draw_line(cells[: len(columns)], columns, widths)
    row = mark_selected(row) if is_selected else row
    if bar_width and is_open:
        row[6] = ("", "text")  # the bar takes the place of its column
        row[6:7] = fit_row(draw_share(share, bar_width, "off" if state == "cancelled" else "bar"), bar_width)
    return [(MARK, "selected") if is_selected else (" ", "text"), *row]


def _describe_state(job: Record) -> str:
    state = read_text(job, "state")
    of, done = read_number(job, "of"), read_number(job, "done")
    if state == "runs" and of > 1:
        return f"{min(done + 1, of):.0f} of {of:.0f}"
    return LOUD.get(state, state)


def _describe_left(job: Record) -> str:
    state = read_text(job, "state")
    if state == "runs":
        left = read_number(job, "left_s", -1.0)
        return f"{format_length(left)} left" if left >= 0 else ""
    return read_text(job, "detail") if state == "failed" else ""


def draw_job_files(job: Record, files: Sequence[Record], width: int, height: int) -> list[Row]:
    """The selected job: its files with their progress, its speed, its folder, and what it does or why it failed."""
    number, state, detail = read_text(job, "job"), read_text(job, "state"), read_text(job, "detail")
    rows: list[Row] = [
        draw_heading(cut(f"{read_text(job, 'kind')} {read_text(job, 'what')}", width - 14), width, f"job {number}")
    ]
    tail = draw_text(detail, width, 2, "error" if state == "failed" else "text") if detail else []
    speed = read_number(job, "speed")
    facts = [f"{speed:.0f} × real time"] if speed > 0 else []
    facts += [f"results in {read_text(job, 'folder')}"] if read_text(job, "folder") else []
    tail.append([(cut("   ".join(facts), width), "dim")])
    room = max(height - len(rows) - len(tail), 0)
    present = next((at for at, one in enumerate(files) if read_text(one, "state") == "runs"), 0)
    bar_width = max(width // 4, 8)
    for at in find_window(present, len(files), room):
        rows.append(_draw_file(files[at], width, bar_width))
    return [*rows, *tail][: max(height, 0)]


def _draw_file(file: Record, width: int, bar_width: int) -> Row:
    name = read_text(file, "file").partition("/")[2] or read_text(file, "file")
    state = read_text(file, "state")
    detail = read_text(file, "detail")
    words = LOUD.get(state, state) if state != "runs" else detail or "runs"
    words += f": {detail}" if state == "failed" and detail else ""
    words_width = max(width // 4, 10)
    columns = [Column("", 1), Column(""), Column("", bar_width), Column("", words_width)]
    row = draw_line(
        [(SIGNS.get(state, " "), "dim"), (name, "text"), ("", "text"), (words, ROLES.get(state, "dim"))],
        columns,
        lay_out(columns, width - 1),
    )
    row[4:5] = fit_row(draw_share(min(max(read_number(file, "share"), 0.0), 1.0), bar_width), bar_width)
    return [(" ", "text"), *row]


def list_log(session: Session, number: str) -> list[Record]:
    """The lines of the sidecar's log that name a job."""
    names = (f"job {number} ", f"job {number}:", f"job {number},")
    return [one for one in session.read_events("log") if any(name in f"{read_text(one, 'text')} " for name in names)]


def draw_job_log(log: Sequence[Record], output: Sequence[str], number: str, width: int, height: int) -> list[Row]:
    """The lines of the log about a job, and the last lines that its command printed."""
    rows: list[Row] = []
    for one in log:
        time = format_clock(read_number(one, "time_ms"))
        rows.append([(f"{time}  ", "dim"), (cut(read_text(one, "text"), width - 10), "text")])
    rows += [[(cut(line, width), "dim")] for line in output]
    if not rows:
        rows = [[(f"nothing is known of job {number}", "dim")]]
    return [draw_heading("Log", width, f"job {number}"), *rows[-max(height - 1, 0) :]][: max(height, 0)]


def draw_form(form: JobForm, opened: TextField | None, host: str, width: int, height: int) -> list[Row]:
    """The form of a new job. ``opened``: the text field of the selected row. ``host``: of the files, where that is
    another machine."""
    rows: list[Row] = [draw_heading("New job", width, "↑ ↓ choose   ← → change   Esc leaves")]
    rows.append(_draw_choice(form, "kind", "do", form.kind.name, form.kind.doc))
    if opened is not None and form.get_row() in ("source", "folder"):
        shown = {form.get_row(): draw_field(opened, max(width - LABEL_COLUMNS - 1, 0))}
    else:
        shown = {}
    room = max(width - LABEL_COLUMNS - 3, 0)
    path = cut_start(form.source, room)
    source: Row = [(path or "↵ types the path of a song or a folder", "text" if path else "dim")]
    rows.append(_draw_form_row(form, "source", "files", shown.get("source", [("  ", "text"), *source])))
    folder: Row = [(cut_start(form.get_folder(), room) or "–", "text" if form.folder else "dim")]
    rows.append(_draw_form_row(form, "folder", "results in", shown.get("folder", [("  ", "text"), *folder])))
    for option in form.list_options():
        at = option.choices.index(form.get_chosen(option)) + 1
        rows.append(
            _draw_choice(form, option.flag, option.label, form.get_chosen(option), f"{at} of {len(option.choices)}")
        )
    rows.append(
        _draw_form_row(
            form, START, "", [("  ", "text"), ("[ start ]", "selected" if form.get_row() == START else "text")]
        )
    )
    if host:
        rows += [[(cut(f"Files are those of {host}, where the sidecar runs.", width), "warning")]]
    if opened is not None and opened.complete is not None:
        names = [
            one.rstrip("/").rpartition("/")[2] + ("/" if one.endswith("/") else "")
            for one in opened.complete(opened.text)
        ]
        room = max(height - len(rows) - 1, 0)
        rows += [[], *draw_text("   ".join(names), width, room, "dim")]
    return rows[: max(height, 0)]


def _draw_form_row(form: JobForm, name: str, label: str, value: Row) -> Row:
    is_selected = form.get_row() == name
    mark = (MARK, "selected") if is_selected else (" ", "text")
    head = fit_row([mark, (label, "dim")], LABEL_COLUMNS)
    return [*head, (" ", "text"), *value]


def _draw_choice(form: JobForm, name: str, label: str, chosen: str, note: str) -> Row:
    is_selected = form.get_row() == name
    value = f"‹ {chosen} ›" if is_selected else f"  {chosen}"
    return _draw_form_row(form, name, label, [(value, "selected" if is_selected else "text"), (f"   {note}", "dim")])

"""Jobs screen: what works on files, how far it is, and starting more."""

from __future__ import annotations

import platform

from tui.core.rows import Row, draw_heading
from tui.core.screen import Context, KeyAction, TextField
from tui.core.session import Record, Session
from tui.core.values import read_text
from tui.drawing.job_panes import draw_form, draw_job_files, draw_job_log, draw_jobs, list_log
from tui.drawing.panes import draw_text, fill, find_margin, indent
from tui.models.job_form import START, JobForm, complete_path, list_known_choices
from tui.models.selection import PAGE_ROWS, Selection

ORDER = ("runs", "paused", "waits", "failed", "done", "cancelled")
"""Jobs by their state: what moves is on top."""
ENDED = ("done", "failed", "cancelled")
LEAST_HEIGHT = 12
FORM_OPEN = "the form of a new job is open: Esc leaves it"
OUTPUT = "jobs.log"
OUTPUT_S = 2.0
"""Interval at which the output of a job is asked for while it is shown."""


class JobScreen:
    """Jobs. The form of a new job takes the place of the selected job's files."""

    name = "jobs"
    title = "Jobs"
    letter = "j"
    subscriptions: tuple[tuple[str, float], ...] = (("/jobs", 4.0), ("/jobs/*", 4.0))
    histories: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._job = Selection()
        self._form: JobForm | None = None
        self._field: TextField | None = None
        self._shows_log = False
        self._output: dict[str, list[str]] = {}
        """The last lines that the command of a job printed, by its number."""
        self._asked: tuple[str, float] = ("", 0.0)
        """The job whose lines were asked for last, and when."""

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen."""
        return (
            KeyAction(
                "jobs.new", ("n",), "new", "Start a job: separate, analyze, accompany or render files.", self._open_form
            ),
            KeyAction(
                "jobs.enter", ("enter",), "folder", "Show where the results are; in the form: go on.", self._enter
            ),
            KeyAction("jobs.pause", ("space",), "pause", "Pause the selected job, or let it go on.", self._pause),
            KeyAction("jobs.cancel", ("x",), "cancel", "Cancel the job; remove one that has ended.", self._cancel),
            KeyAction("jobs.retry", ("r",), "run again", "Run a job again; what is done is kept.", self._retry),
            KeyAction(
                "jobs.log", ("l",), "log", "Show the lines of the log about the job, or its files.", self._toggle_log
            ),
            KeyAction("jobs.down", ("down", "j"), "", "The next row.", lambda one: self._move(one, 1)),
            KeyAction("jobs.up", ("up", "k"), "", "The row before.", lambda one: self._move(one, -1)),
            KeyAction(
                "jobs.left", ("left", "h"), "", "In the form: the choice before.", lambda one: self._turn(one, -1)
            ),
            KeyAction("jobs.right", ("right",), "", "In the form: the next choice.", lambda one: self._turn(one, 1)),
            KeyAction("jobs.page_down", ("pagedown",), "", "Rows down.", lambda one: self._move(one, PAGE_ROWS)),
            KeyAction("jobs.page_up", ("pageup",), "", "Rows up.", lambda one: self._move(one, -PAGE_ROWS)),
            KeyAction("jobs.leave", ("escape",), "", "Leave the form, or the log.", self._leave),
        )

    # -- keys of the list

    def _move(self, context: Context, step: int) -> None:
        if self._form is not None:
            self._form.move(step)
        else:
            self._job.move([read_text(one, "job") for one in _list_jobs(context.session)], step)

    def _find_job(self, context: Context) -> Record:
        """The selected job; an empty record, and a word about it, where there is none."""
        if self._form is not None:  # the job that a key would act on is not what is looked at
            context.say(FORM_OPEN, "warning")
            return {}
        jobs = _list_jobs(context.session)
        at = self._job.find([read_text(one, "job") for one in jobs])
        if at < 0:
            context.say("there is no job: n starts one", "warning")
            return {}
        return jobs[at]

    def _call(self, context: Context, action: str, *arguments: str, words: str) -> None:
        def take(error: str, _rows: list[Record]) -> None:
            context.say(error or words, "error" if error else "text")

        context.remote.call(action, *arguments, answer=take)

    def _pause(self, context: Context) -> None:
        job = self._find_job(context)
        number, state = read_text(job, "job"), read_text(job, "state")
        if state == "paused":
            self._call(context, "jobs.resume", number, words=f"job {number} goes on")
        elif job and state in ENDED:
            context.say(f"job {number} has ended: r runs it again", "warning")
        elif job:
            self._call(context, "jobs.pause", number, words=f"job {number} is paused · space lets it go on")

    def _cancel(self, context: Context) -> None:
        job = self._find_job(context)
        number = read_text(job, "job")
        if job and read_text(job, "state") in ENDED:
            self._call(context, "jobs.remove", number, words=f"job {number} is removed from the list, not its results")
        elif job:
            self._call(context, "jobs.cancel", number, words=f"job {number} is cancelled · r runs it again")

    def _retry(self, context: Context) -> None:
        job = self._find_job(context)
        number = read_text(job, "job")
        if job and read_text(job, "state") not in ENDED:
            context.say(f"job {number} has not ended yet", "warning")
        elif job:
            self._call(context, "jobs.retry", number, words=f"job {number} runs again; what is done is kept")

    def _toggle_log(self, _context: Context) -> None:
        self._shows_log = not self._shows_log

    def _leave(self, _context: Context) -> None:
        if self._form is not None:
            self._form = None
        else:
            self._shows_log = False

    # -- the form

    def _open_form(self, context: Context) -> None:
        if self._form is None:
            self._form = JobForm(list_known_choices(context.session))
        else:  # what was typed into it stays
            context.say(FORM_OPEN, "warning")

    def _turn(self, _context: Context, step: int) -> None:
        if self._form is not None:
            self._form.turn(step)

    def _enter(self, context: Context) -> None:
        if self._form is None:
            job = self._find_job(context)
            if job:
                context.say(f"results: {read_text(job, 'folder') or 'no folder yet'}", "text")
            return
        row = self._form.get_row()
        if row in ("source", "folder"):
            self._open_path(context, self._form, row)
        elif row == START:
            self._start(context, self._form)
        else:
            self._form.move(1)

    def _open_path(self, context: Context, form: JobForm, row: str) -> None:
        text = form.source if row == "source" else form.get_folder()

        def submit(typed: str) -> None:
            if row == "source":
                form.source = typed.strip()
            else:
                form.folder = typed.strip()
            form.move(1)

        complete = complete_path if not _find_other_host(context.session) else None
        self._field = context.view.field = TextField("", text, len(text), on_submit=submit, complete=complete)

    def _start(self, context: Context, form: JobForm) -> None:
        problem = form.find_problem(not _find_other_host(context.session))
        if problem:
            context.say(problem, "warning")
            return

        def take(error: str, rows: list[Record]) -> None:
            if error:
                context.say(error, "error")
            else:
                self._form = None
                self._job.key = read_text(rows[0], "job") if rows else self._job.key
                context.say(f"job {self._job.key} is added; its results come into {form.get_folder()}", "good")

        context.remote.call("jobs.start", *form.make_arguments(), answer=take)

    # -- what is shown

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """The list, and below it the selected job, its log, or the form."""
        if self._field is not context.view.field:
            self._field = None
        session = context.session
        margin = find_margin(context.view)
        inner = max(width - 2 * margin, 0)
        jobs = _list_jobs(session)
        selected = self._job.find([read_text(one, "job") for one in jobs])
        spacing = 1 if context.view.is_large else 0
        rows: list[Row] = [[]] if height >= LEAST_HEIGHT else []
        rows.append(draw_heading("Jobs", inner, _count_states(jobs)))
        room = height - len(rows)
        if self._form is not None and room < LEAST_HEIGHT:
            below = draw_form(self._form, self._field, _find_other_host(session), inner, height)
            return fill(indent(below, margin), width, height)
        list_height = min(max(len(jobs) * (spacing + 1) - spacing, 1), max(room // 2, room - 9 if not jobs else 0))
        if height < LEAST_HEIGHT:
            list_height = room
        if jobs:
            rows += fill(draw_jobs(jobs, selected, inner, list_height, spacing), inner, list_height)
        else:
            rows += draw_text(_explain_empty(session), inner, 3, "dim")
        rows.append([])
        rows += self._draw_below(context, jobs[selected] if jobs else {}, inner, height - len(rows))
        return fill(indent(rows, margin), width, height)

    def _draw_below(self, context: Context, job: Record, width: int, height: int) -> list[Row]:
        if self._form is not None:
            return draw_form(self._form, self._field, _find_other_host(context.session), width, height)
        if not job:
            return []
        number = read_text(job, "job")
        if self._shows_log:
            self._ask_output(context, number)
            return draw_job_log(list_log(context.session, number), self._output.get(number, []), number, width, height)
        files = [one for one in context.session.read_rows("jobs.file") if read_text(one, "job") == number]
        return draw_job_files(job, files, width, height)

    def _ask_output(self, context: Context, number: str) -> None:
        """Ask for what the command of a job has printed, again and again while it is shown."""
        asked, asked_s = self._asked
        is_due = asked != number or context.now_s - asked_s >= OUTPUT_S
        if not is_due or OUTPUT not in context.session.registry.actions or context.session.state != "attached":
            return
        self._asked = number, context.now_s

        def take(error: str, rows: list[Record]) -> None:
            self._output[number] = [error] if error else [read_text(one, "line") for one in rows]

        context.remote.call(OUTPUT, number, answer=take)


def _list_jobs(session: Session) -> list[Record]:
    """All jobs: what runs first, the newest of those that have ended before the older ones."""

    def sort(job: Record) -> tuple[float, ...]:
        state = read_text(job, "state")
        number = _to_number(read_text(job, "job"))
        return (ORDER.index(state) if state in ORDER else len(ORDER), -number if state in ENDED else number)

    return sorted(session.read_rows("jobs"), key=sort)


def _to_number(text: str) -> float:
    return float(text[:12]) if text.isdecimal() else 0.0


def _count_states(jobs: list[Record]) -> str:
    """How many jobs are in each state, those that have ended left out."""
    states = [read_text(one, "state") for one in jobs]
    words = {"runs": "run", "waits": "wait", "paused": "paused", "failed": "failed"}
    parts = [f"{states.count(state)} {word}" for state, word in words.items() if state in states]
    return ", ".join(parts) or (f"{len(jobs)} ended" if jobs else "")


def _explain_empty(session: Session) -> str:
    if session.state == "attached" and "jobs" not in session.registry.readings:
        return "This sidecar runs no jobs: it is older than this app."
    return "No job. n starts one: stems of a song or an album, a map of beats and chords, a band as MIDI."


def _find_other_host(session: Session) -> str:
    """The machine on which the sidecar runs, where it is not this one."""
    host = read_text(session.read("sideman"), "host")
    return host if host and host != platform.node() else ""

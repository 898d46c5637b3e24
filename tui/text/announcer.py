"""Announcer: a line for each thing that changes, in plain words. What moves fast is said when it rests."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui.core.registry import Args, to_name
from tui.core.session import Record, Session
from tui.core.values import read_number, read_text
from tui.core.wording import describe_value
from tui.text.summary import FAULTS, describe_job

REST_S = 0.4
"""A control is said when it has rested for so long, and counters that count."""
LONGEST_S = 2.0
"""One that never rests is said so often."""
SHARE_STEP = 0.1
"""Progress of a job is said in such steps."""
TEMPO_STEP_BPM = 1.0
LOUD_LEVELS = ("warning", "error", "critical")

SUBSCRIPTIONS: tuple[tuple[str, float], ...] = (
    ("/log", 20.0),
    ("/jobs", 2.0),
    ("/routing", 4.0),
    ("/controllers/device", 2.0),
    ("/preset", 4.0),
    ("/accompaniment/section", 4.0),
)


class Announcer:
    """Says what changes in ``session`` by ``write``. Times in seconds, monotonic."""

    def __init__(self, session: Session, write: Callable[[Iterable[str]], None]) -> None:
        self._session, self._write = session, write
        self._waiting: dict[str, tuple[float, float, str]] = {}
        """Controls that were changed and are not said yet: since when, when last, and by whom."""
        self._said: dict[str, object] = {}
        self._is_counting = float("-inf")
        self._readings: dict[str, Callable[[Record], str]] = {
            "mir.chord": lambda row: f"chord: {read_text(row, 'label')}",
            "mir.key": lambda row: f"key: {read_text(row, 'label')}",
            "mir.tempo": self._describe_tempo,
            "accompaniment.section": lambda row: f"section: {read_text(row, 'section')}",
            "preset.current": self._describe_preset,
        }
        self._rows: dict[str, Callable[[Record], str]] = {
            "health": lambda row: f"{read_text(row, 'worker')}: {read_text(row, 'state')}",
            "jobs": self._describe_job,
            "controllers.device": lambda row: f"controller {read_text(row, 'device')}: {read_text(row, 'state')}",
        }

    def forget(self) -> None:
        """All is new: what is there now is known, and only what changes from now on is said."""
        self._waiting.clear()
        self._said.clear()
        session = self._session
        for name, describe in self._readings.items():
            if record := session.read(name):
                self._said[name] = describe(record)
        for name, describe in self._rows.items():
            for row in session.read_rows(name):
                self._said[f"{name} {next(iter(row.values()))}"] = describe(row)
        self._said["counters"] = self._count_faults()

    def take(self, address: str, args: Args, now_s: float) -> None:
        """Take a message that the session has got."""
        name = to_name(address)
        if name == "change" and len(args) == 4:
            self._take_change(str(args[1]), str(args[3]), now_s)
        elif name in self._readings:
            self._say_new(name, self._readings[name](self._session.read(name)))
        elif name in self._rows and args:
            self._say_new(f"{name} {args[0]}", self._rows[name](self._session.read_row(name, args[0])))
        elif address == "/gone" and len(args) == 2:
            self._take_gone(to_name(str(args[0])), str(args[1]))
        elif name == "counters":
            self._is_counting = now_s
        elif name == "log":
            self._take_log(self._session.read("log"))
        elif name == "routing.event":
            row = self._session.read("routing.event")
            words = (read_text(row, "source"), ">", read_text(row, "destination"))
            self._write([f"{read_text(row, 'event')}: {' '.join(words)}"])

    def tick(self, now_s: float) -> None:
        """Say what has rested."""
        for name, (since_s, last_s, source) in list(self._waiting.items()):
            if now_s - last_s >= REST_S or now_s - since_s >= LONGEST_S:
                del self._waiting[name]
                self._say_control(name, source)
        if now_s - self._is_counting >= REST_S:
            self._is_counting = float("inf")
            self._say_faults()

    def find_due_s(self) -> float:
        """When `tick` has something to say at the earliest; infinite where nothing waits."""
        due = [min(last_s + REST_S, since_s + LONGEST_S) for since_s, last_s, _ in self._waiting.values()]
        if abs(self._is_counting) != float("inf"):
            due.append(self._is_counting + REST_S)
        return min(due, default=float("inf"))

    def _take_change(self, name: str, source: str, now_s: float) -> None:
        if source == self._session.source:
            self._waiting.pop(name, None)  # the remote control says it
            return
        since_s = self._waiting[name][0] if name in self._waiting else now_s
        self._waiting[name] = since_s, now_s, source

    def _say_control(self, name: str, source: str) -> None:
        control = self._session.registry.controls.get(name)
        if control is not None:
            self._write([f"{describe_value(control, self._session.get(name))}, by {source}"])

    def _say_new(self, key: str, text: str) -> None:
        if text and self._said.get(key) != text:
            self._said[key] = text
            self._write([text])

    def _take_gone(self, name: str, key: str) -> None:
        if self._said.pop(f"{name} {key}", None) is not None:
            self._write(
                [f"{ {'jobs': 'job', 'health': 'worker', 'controllers.device': 'controller'}[name] } {key}: gone"]
            )

    def _take_log(self, row: Record) -> None:
        if read_text(row, "level").lower() in LOUD_LEVELS:
            self._write([f"{read_text(row, 'level').lower()}: {read_text(row, 'text')}"])

    def _count_faults(self) -> dict[str, float]:
        counters = self._session.read("counters")
        return {name: read_number(counters, name) for name, _ in FAULTS}

    def _say_faults(self) -> None:
        now, before = self._count_faults(), self._said.get("counters")
        self._said["counters"] = now
        for name, said in FAULTS:
            old = before.get(name, 0.0) if isinstance(before, dict) else 0.0
            if now[name] > old:
                self._write([f"{said}: {now[name]:.0f}, {now[name] - old:.0f} more"])

    def _describe_tempo(self, row: Record) -> str:
        bpm = read_number(row, "bpm")
        return f"tempo: {round(bpm / TEMPO_STEP_BPM) * TEMPO_STEP_BPM:.0f} BPM"

    def _describe_preset(self, row: Record) -> str:
        name = read_text(row, "preset")
        return f"preset: {name}{', changed since' if read_number(row, 'changed') else ''}" if name else ""

    def _describe_job(self, row: Record) -> str:
        share = int(read_number(row, "share") / SHARE_STEP) * SHARE_STEP
        return describe_job(
            {**row, "share": share, "detail": "" if row.get("state") == "runs" else row.get("detail", "")}
        )

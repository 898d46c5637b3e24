"""Log lines: the journal of a session as lines of text, in the order of their times."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.core.session import MAX_ARRIVALS, Arrival, Record, Session
from tui.core.values import format_value, read_number, read_text

KINDS: dict[str, str] = {
    "osc": "changes by OSC",
    "midi": "messages of controllers",
    "bus": "changes by controllers, presets and engines",
    "mir": "beats, chords and keys of the song",
    "plan": "what the band decides",
    "jack": "connections",
    "log": "the sidecar's log",
}
"""Kinds of lines and what they are."""
LEVELS = {"warning": "WARN", "error": "ERR", "debug": "debug"}
LOUD = ("warning", "error")
MAX_TEXT = 500
"""Characters of a line that are kept and searched."""
PLAYED = "accompaniment.chord"
OSC = "osc:"
MAX_DELAY_MS = 120_000.0
"""What the analysis finds is published within seconds; a frame that is older than this belongs to another stream."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line. ``time_ms``: since 1970, 0 where it is not known. ``level``: of a line of the log, else empty."""

    number: int
    time_ms: float
    kind: str
    source: str
    text: str
    level: str = ""

    @property
    def word(self) -> str:
        """The kind, or a warning's or error's own word."""
        return LEVELS.get(self.level, self.kind)


@dataclass(slots=True)
class LogFilter:
    """Which lines are shown.

    ``text``: alternatives between ``|``; ``*`` stands for anything. No regular expressions: one that takes for ever
    would hold up the keys.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    text: str = ""
    only_loud: bool = False

    def make_test(self) -> Callable[[LogLine], bool]:
        """A function that says whether a line is shown."""
        alternatives = [one.strip().lower().split("*") for one in self.text[:MAX_TEXT].split("|") if one.strip("* ")]
        kinds, only_loud = self.kinds, self.only_loud

        def is_shown(line: LogLine) -> bool:
            if line.kind not in kinds or (only_loud and line.level not in LOUD):
                return False
            if not alternatives:
                return True
            searched = f"{line.word} {line.source} {line.text}".lower()
            return any(_has_parts(searched, parts) for parts in alternatives)

        return is_shown


def _has_parts(text: str, parts: list[str]) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@dataclass(slots=True)
class LogLines:
    """All lines of a session, and those that a filter leaves; `update` takes what has arrived since."""

    lines: list[LogLine] = field(default_factory=list)
    shown: list[LogLine] = field(default_factory=list)
    _filter: LogFilter = field(default_factory=LogFilter)
    _read: int = 0
    _played: str = ""
    _session: Session | None = None

    def update(self, session: Session) -> None:
        """Take what the journal has that is new."""
        if session is not self._session:
            self._session, self._read = session, 0
            self.lines, self.shown = [], []
        arrivals = session.read_journal(self._read)
        if not arrivals:
            return
        self._read = arrivals[-1].number
        is_shown = self._filter.make_test()
        for arrival in arrivals:
            if self._is_repeated(arrival):
                continue
            line = make_line(session, arrival, self.lines[-1].time_ms if self.lines else 0.0)
            _insert(self.lines, line)
            if is_shown(line):
                _insert(self.shown, line)
        if len(self.lines) > MAX_ARRIVALS:
            del self.lines[: len(self.lines) - MAX_ARRIVALS]
            kept = {line.number for line in self.lines}
            self.shown = [line for line in self.shown if line.number in kept]

    def _is_repeated(self, arrival: Arrival) -> bool:
        """Whether it says that the band plays the same chord as before: that comes with every beat."""
        if arrival.reading != PLAYED:
            return False
        label = read_text(arrival.record, "label")
        is_same, self._played = label == self._played, label
        return is_same

    def filter(self, wanted: LogFilter) -> None:
        """Show what another filter leaves."""
        self._filter = wanted
        is_shown = wanted.make_test()
        self.shown = [line for line in self.lines if is_shown(line)]

    def clear(self) -> None:
        """Forget all lines so far."""
        self.lines, self.shown = [], []


def _insert(lines: list[LogLine], line: LogLine) -> None:
    """Put a line at its time; most come in order."""
    if not lines or lines[-1].time_ms <= line.time_ms:
        lines.append(line)
    else:
        bisect.insort(lines, line, key=lambda one: one.time_ms)


def make_line(session: Session, arrival: Arrival, last_ms: float) -> LogLine:
    """The line of an arrival. ``last_ms``: of the line before, for one that came live and has no time of its own."""
    record = arrival.record
    time_ms = read_number(record, "time_ms") or _find_time_ms(session, arrival)
    if not time_ms and not arrival.is_history:
        time_ms = last_ms
    kind, source, text = _describe(session, arrival.reading, record)
    level = read_text(record, "level") if arrival.reading == "log" else ""
    return LogLine(arrival.number, time_ms, kind, source, text[:MAX_TEXT], level)


def _find_time_ms(session: Session, arrival: Arrival) -> float:
    """When the frame of something was, where that is past, else when it came; 0 where the clock is not known."""
    clock = session.read("clock")
    clock_ms = read_number(clock, "time_ms")
    age_s = session.get_age_s("clock", arrival.received_s)
    if not clock_ms or abs(age_s) == float("inf"):
        return 0.0
    came_ms = 0.0 if arrival.is_history else clock_ms + 1000 * age_s
    rate = read_number(session.read("sideman"), "rate") or read_number(session.read("counters"), "rate")
    if "frame" not in arrival.record or rate <= 0:
        return came_ms
    frame_ms = clock_ms - 1000 * (read_number(clock, "frame") - read_number(arrival.record, "frame")) / rate
    if arrival.is_history:
        return max(frame_ms, 0.0)
    return frame_ms if came_ms - MAX_DELAY_MS <= frame_ms <= came_ms else came_ms


def _describe(session: Session, reading: str, record: Record) -> tuple[str, str, str]:
    """Kind, source and text of a publication."""
    if reading == "log":
        return "log", read_text(record, "source"), read_text(record, "text")
    if reading == "change":
        return _describe_change(session, record)
    if reading == "controllers.message":
        control = read_text(record, "control")
        text = f"{read_text(record, 'message')} = {read_number(record, 'value'):g}"
        return "midi", read_text(record, "device"), text + (f" ▸ {control}" if control else "")
    if reading == "routing.event":
        source, destination = read_text(record, "source"), read_text(record, "destination")
        arrow = " ▸ " if ":" in destination else " "
        return "jack", source.partition(":")[0], f"{read_text(record, 'event')} {source}{arrow}{destination}"
    if reading.startswith("mir."):
        return "mir", "mir", _describe_music(reading, record)
    return "plan", "band", _describe_plan(reading, record)


def _describe_change(session: Session, record: Record) -> tuple[str, str, str]:
    name, source = read_text(record, "control"), read_text(record, "source")
    control = session.registry.controls.get(name)
    number = read_number(record, "value")
    shown = format_value(control, number) if control is not None else f"{number:g}"
    kind = "osc" if source.startswith(OSC) else "bus"
    who = "you" if source and source == session.source else source.removeprefix(OSC)
    return kind, who, f"{name} {shown}"


def _describe_music(reading: str, record: Record) -> str:
    confidence = f"{read_number(record, 'confidence'):.2f}"
    if reading == "mir.beat":
        beats = f"{read_number(record, 'number') + 1:.0f} of {read_number(record, 'bar_beats'):.0f}"
        return f"beat {beats}, {read_number(record, 'tempo'):.1f} BPM, {confidence}"
    return f"{reading.removeprefix('mir.')} {read_text(record, 'label')}, {confidence}"


def _describe_plan(reading: str, record: Record) -> str:
    if reading == "accompaniment.commit":
        ahead = f"{read_number(record, 'lookahead_beats'):.1f} beats ahead"
        how = f"{read_text(record, 'level')}, {read_text(record, 'source')}, {ahead}"
        return f"beat {read_number(record, 'beat'):.0f} {how}"
    if reading == "accompaniment.section":
        return f"section {read_text(record, 'section')} since bar {read_number(record, 'bar'):.0f}"
    return f"plays {read_text(record, 'label')}"

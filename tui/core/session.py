"""Session: what is known of the attached sidecar, filled by its messages. No socket, no clock, no screen.

Everything is held by dotted names (``stems.vocals.mute``, ``mir.chord``), the time is given by the caller.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from tui.core.registry import Args, Registry, Value, to_name

Record: TypeAlias = dict[str, Value]
"""The fields of one publication of a reading, by name."""

MAX_EVENTS = 2000
"""Events that are kept of each reading."""
JOURNAL: frozenset[str] = frozenset(
    {
        "log",
        "change",
        "controllers.message",
        "mir.beat",
        "mir.chord",
        "mir.key",
        "accompaniment.chord",
        "accompaniment.commit",
        "accompaniment.section",
        "routing.event",
    }
)
"""Readings whose publications the journal keeps, all in the order in which they came."""
MAX_ARRIVALS = 10_000
"""Publications that the journal keeps: ten minutes of a busy song."""
UNKNOWN_FIELD = "field_"
"""Name of a field behind those that the registry names, with its number."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A publication in the journal.

    Attributes:
        number: Counts all arrivals from 1.
        received_s: When it came, in seconds of the caller's clock; 0 where it is history.
        reading: The name of the reading.
        args: Its values.
        record: The same by the names of their fields.
        is_history: Whether it was published before we asked for it.
    """

    number: int
    received_s: float
    reading: str
    args: Args
    record: Record
    is_history: bool = False


@dataclass(slots=True)
class Session:
    """What is known of the sidecar.

    Attributes:
        state: ``attaching``, ``attached`` or ``lost``.
        since_s: Since when, in seconds of the caller's clock.
        peer: Host and port, as shown.
        source: What the sidecar calls us, as the source of a change.
        registry: Its controls, actions and readings.
        values: The values of its controls, by name; a choice by its number.
        revision: Counts the messages that changed something: a screen drawn at the same revision is still right.
    """

    peer: str = ""
    state: str = "attaching"
    since_s: float = 0.0
    source: str = ""
    registry: Registry = field(default_factory=Registry)
    values: dict[str, float] = field(default_factory=dict)
    revision: int = 0
    _rows: defaultdict[str, dict[Value, Args]] = field(default_factory=lambda: defaultdict(dict))
    _events: defaultdict[str, deque[Args]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=MAX_EVENTS))
    )
    _received_s: dict[str, float] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _journal: deque[Arrival] = field(default_factory=lambda: deque(maxlen=MAX_ARRIVALS))
    _journaled: Counter[tuple[str, Args]] = field(default_factory=Counter)
    _arrivals: int = 0

    def feed(self, address: str, args: Args, now_s: float) -> None:
        """Take one message of the sidecar; what it does not concern is ignored."""
        self.revision += 1
        if address.startswith("/controls/"):
            self.registry.add(address, args)
        elif address == "/gone" and len(args) == 2:
            self._rows[to_name(str(args[0]))].pop(args[1], None)
            self._counts[to_name(str(args[0]))] += 1
        elif address == "/history/row" and args:
            name = to_name(str(args[0]))
            if args[1:] in self._events[name]:  # it came live before, and is behind what the history begins with
                self._events[name].remove(args[1:])
            self._events[name].append(args[1:])
            self._counts[name] += 1
            self._keep_arrival(name, args[1:], 0.0, True)
        else:
            self._take(to_name(address), args, now_s)

    def _take(self, name: str, args: Args, now_s: float) -> None:
        if name in self.registry.controls:
            if args and not isinstance(args[0], str):
                self.values[name] = float(args[0])
            return
        reading = self.registry.readings.get(name)
        if reading is None or not args:
            return
        self._received_s[name] = now_s
        if reading.kind == "rows" or self._rows[name].get("") != args:  # a renewed subscription sends the latest again
            self._counts[name] += 1
            self._keep_arrival(name, args, now_s, False)
        if reading.kind == "rows":
            self._rows[name][args[0]] = args
        else:
            self._rows[name][""] = args
        if reading.kind == "events" or reading.history:
            events = self._events[name]
            if not events or events[-1] != args:  # a renewed subscription sends the latest again
                events.append(args)
        if name == "change":
            self._take_change(args)
        elif name == "accompaniment.withdrawn":
            self._withdraw_notes(args[0])

    def _keep_arrival(self, name: str, args: Args, now_s: float, is_history: bool) -> None:
        """Put a publication into the journal; history that came live before is there already."""
        if name not in JOURNAL or (is_history and (name, args) in self._journaled):
            return
        if len(self._journal) == MAX_ARRIVALS:
            oldest = self._journal[0]
            self._journaled[oldest.reading, oldest.args] -= 1
            if not self._journaled[oldest.reading, oldest.args]:
                del self._journaled[oldest.reading, oldest.args]
        self._arrivals += 1
        self._journaled[name, args] += 1
        self._journal.append(Arrival(self._arrivals, now_s, name, args, self._name_fields(name, args), is_history))

    def _withdraw_notes(self, frame: Value) -> None:
        """Planned notes from ``frame`` on that will not sound: forgotten in the order in which they came."""
        notes = self._events["accompaniment.note"]
        if isinstance(frame, str):
            return
        kept = [args for args in notes if not isinstance(args[0], str) and args[0] < frame]
        notes.clear()
        notes.extend(kept)

    def _take_change(self, args: Args) -> None:
        """A change that somebody made, and that may not have come by itself: our own are not sent back to us."""
        if len(args) < 3:
            return
        control, value = args[1], args[2]
        if str(control) in self.registry.controls and not isinstance(value, str):
            self.values[str(control)] = float(value)

    def forget_values(self) -> None:
        """Forget rows and events, before they are asked for anew."""
        self._counts.update((*self._rows, *self._events))
        self._rows.clear()
        self._events.clear()
        self.revision += 1

    def keep_rows(self, reading: str, keys: Collection[object]) -> None:
        """Drop the rows of a keyed reading but those of ``keys``: they went without notice."""
        rows = self._rows[reading]
        for key in [key for key in rows if key not in keys]:
            del rows[key]
            self._counts[reading] += 1
            self.revision += 1

    def replace_events(self, reading: str, events: Iterable[Args]) -> None:
        """Put what a history tells in place of the events that are known."""
        self._events[reading] = deque(events, maxlen=MAX_EVENTS)
        for args in self._events[reading]:
            self._keep_arrival(reading, args, 0.0, True)
        self._counts[reading] += 1
        self.revision += 1

    def get(self, name: str) -> float:
        """The value of a control as a number; its default, or 0, before it came."""
        if name in self.values:
            return self.values[name]
        control = self.registry.controls.get(name)
        return control.default if control is not None else 0.0

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.get(name) > 0.5

    def get_choice(self, name: str) -> str:
        """The word of a choice; empty where it is not known."""
        control = self.registry.controls.get(name)
        if control is None or not control.choices:
            return ""
        index = int(self.get(name) - control.low)
        return control.choices[index] if 0 <= index < len(control.choices) else ""

    def read(self, reading: str) -> Record:
        """The latest publication of a reading that is a state or an event; empty before the first."""
        args = self._rows[reading].get("")
        return self._name_fields(reading, args) if args is not None else {}

    def read_rows(self, reading: str) -> list[Record]:
        """All rows of a keyed reading, in the order in which they came first."""
        return [self._name_fields(reading, args) for args in self._rows[reading].values()]

    def read_row(self, reading: str, key: Value) -> Record:
        """One row of a keyed reading; empty where there is none."""
        args = self._rows[reading].get(key)
        return self._name_fields(reading, args) if args is not None else {}

    def read_events(self, reading: str, most: int = MAX_EVENTS) -> list[Record]:
        """The last publications of a reading that queues or keeps a history, oldest first."""
        events = self._events[reading]
        return [self._name_fields(reading, args) for args in list(events)[-most:]]

    def read_journal(self, behind: int = 0) -> list[Arrival]:
        """What arrived of the readings of JOURNAL behind a number, oldest first."""
        missing = min(self._arrivals - behind, len(self._journal))
        return list(itertools.islice(self._journal, len(self._journal) - missing, None)) if missing > 0 else []

    def count(self, *readings: str) -> int:
        """How often these readings have changed: what was made of their rows at the same number is still right."""
        return sum(self._counts[one] for one in readings)

    def get_age_s(self, reading: str, now_s: float) -> float:
        """Seconds since a reading was published last; infinite before the first time."""
        return now_s - self._received_s[reading] if reading in self._received_s else float("inf")

    def _name_fields(self, reading: str, args: Args) -> Record:
        known = self.registry.readings.get(reading)
        names = known.fields if known is not None else ()
        return {names[i] if i < len(names) else f"{UNKNOWN_FIELD}{i}": value for i, value in enumerate(args)}

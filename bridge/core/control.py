"""Declarations of controls, actions and readings, and parsing and formatting of control values.

Each is declared once, by its owner; the OSC address, the preset key, the documentation and the ``sideman controls``
listing derive from that. They are part of the core because engines declare controls too, and engines import only the
core.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bridge.core.file_choice import FileChoice
from bridge.errors import ControlError

Value: TypeAlias = bool | int | float | str
"""A value given for a control, or held by a field of a reading."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
MOST_LISTED = 12
"""Choices of a control that an error lists, where one of them is near to what was given."""
_READING = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


TAKES_EFFECT: tuple[str, ...] = ("at once", "next beat", "next bar", "next start", "delay moves")
"""When a change of a control takes effect. Delay moves: at once, and the declared latency of a path changes."""

FIELD_UNITS: Mapping[str, str] = {
    "db": "dB", "ms": "ms", "us": "us", "hz": "Hz", "frames": "frames", "frame": "frame", "beats": "beats",
    "bpm": "BPM", "s": "s",
}  # fmt: skip
"""Unit of a reading's field, by the last part of its name."""


def address_of(name: str) -> str:
    """The OSC address of a dotted name: ``stems.vocals.gain_db`` is ``/stems/vocals/gain_db``."""
    return "/" + name.replace(".", "/")


@dataclass(frozen=True, slots=True)
class Control:
    """A number that a user may set while the music runs.

    Attributes:
        name: Dotted lower case, such as ``stems.vocals.gain_db``.
        low: The lowest value.
        high: The highest value.
        default: The value at the start.
        unit: The unit, printed after the value.
        kind: ``linear``, ``log`` (a fader moves by equal ratios), ``integer``, ``switch`` (0 or 1) or ``choice`` (an
            index into ``choices``, which can also be set by name).
        doc: What the control does, for the user.
        choices: The names of the values of a choice, by number. Numbers are sent over OSC and may be stored by clients:
            a new name is appended, and none is moved.
        user_choices: How many of the choices, the last ones, are files of the user's.
        unavailable: What cannot be chosen now, and why. Where its word is among ``choices`` it keeps its number, and
            stays in force where it was chosen before.
        saved: False for a momentary setting, such as a ping mode, which presets leave out.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    kind: str = "linear"
    doc: str = ""
    choices: tuple[str, ...] = ()
    saved: bool = True
    user_choices: int = 0
    unavailable: tuple[FileChoice, ...] = ()
    takes_effect: str = "at once"
    step: float = 0.0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"control name {self.name!r}: use dotted lower case, such as stems.vocals.gain_db")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"control {self.name}: default {self.default} is outside {self.low}..{self.high}")
        if self.kind not in {"linear", "log", "integer", "switch", "choice"}:
            raise ValueError(f"control {self.name}: unknown kind {self.kind!r}")
        if self.takes_effect not in TAKES_EFFECT:
            raise ValueError(f"control {self.name}: takes_effect {self.takes_effect!r}: use one of {TAKES_EFFECT}")
        if self.kind == "choice" and len(self.choices) != self.high - self.low + 1:
            raise ValueError(f"control {self.name}: {len(self.choices)} choices for {self.low}..{self.high}")

    @property
    def address(self) -> str:
        """The OSC address."""
        return address_of(self.name)

    @property
    def shipped_choices(self) -> tuple[str, ...]:
        """The choices that every user has."""
        return self.choices[: len(self.choices) - self.user_choices]

    def add_user_choices(self, names: tuple[str, ...]) -> Control:
        """This control, with files of the user's as further choices."""
        return replace(
            self, high=self.high + len(names), choices=self.choices + names, user_choices=self.user_choices + len(names)
        )

    @property
    def available_choices(self) -> tuple[str, ...]:
        """The choices that can be chosen now."""
        gone = {one.word for one in self.unavailable}
        return tuple(word for word in self.choices if word not in gone)

    @property
    def unavailable_numbers(self) -> tuple[int, ...]:
        """The numbers of choices that cannot be chosen now, in their order."""
        gone = {one.word for one in self.unavailable}
        return tuple(int(self.low) + at for at, word in enumerate(self.choices) if word in gone)

    def check_available(self, number: float) -> None:
        """Check that a choice can be chosen now.

        Raises:
            ControlError: It cannot; the message says why.
        """
        if self.unavailable:
            word = self.choices[int(number - self.low)]
            for one in self.unavailable:
                if one.word == word:
                    raise _make_unavailable_error(self, one)

    def find_available(self, number: float, direction: float) -> float:
        """``number``, or the next one in ``direction`` (its sign counts) that can be chosen; the last one that can be
        where none follows."""
        gone = self.unavailable_numbers
        step = 1.0 if direction >= 0 else -1.0
        for one in (step, -step):
            found = number
            while found in gone:
                found += one
            if self.low <= found <= self.high:
                return found
        return number

    @property
    def is_whole(self) -> bool:
        """Whether its kind knows whole numbers only."""
        return self.kind in {"integer", "switch", "choice"}

    @property
    def step_size(self) -> float:
        """What one press of a key changes it by."""
        return self.step or (1.0 if self.is_whole else (self.high - self.low) / 100.0)

    def clamp(self, value: float) -> float:
        """``value`` inside the range; a whole number where the kind knows only those."""
        value = min(max(float(value), self.low), self.high)
        return float(round(value)) if self.is_whole else value


@dataclass(frozen=True, slots=True)
class Action:
    """Something that happens once when it is triggered.

    Attributes:
        name: Dotted lower case, such as ``transport.panic``.
        doc: What it does, for the user.
        arguments: The names of its arguments, each of which is a string.
        optional: How many of them, the last ones, may be left out.
        repeats: Whether the last argument may be given any number of times.
        uses_files: Whether it may wait for a disk or another process: OSC then runs it outside of the thread that
            receives (see bridge/osc/lanes.py).
        result: The fields of the rows that it answers with; empty where it answers with none.
    """

    name: str
    doc: str = ""
    arguments: tuple[str, ...] = ()
    optional: int = 0
    repeats: bool = False
    uses_files: bool = False
    result: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"action name {self.name!r}: use dotted lower case, such as transport.panic")
        if not 0 <= self.optional <= len(self.arguments) or (self.repeats and not self.arguments):
            raise ValueError(f"action {self.name}: {self.optional} optional of {len(self.arguments)} arguments")

    @property
    def argument(self) -> str:
        """The argument that it needs, of those that a controller can give; empty where it needs none."""
        return self.arguments[0] if len(self.arguments) > self.optional else ""

    @property
    def address(self) -> str:
        """The OSC address."""
        return address_of(self.name)


@dataclass(frozen=True, slots=True)
class Reading:
    """A published, read-only row of values.

    Attributes:
        name: Dotted lower case, such as ``mir.chord``.
        fields: The names of the values in order; each value is a number or a word.
        doc: What the reading means, for the user.
        keyed: The first field names a row (a path, a worker), and the latest values of every row are kept, until it is
            withdrawn.
        queued: Every publication is an event of its own: none replaces an earlier one on the way to a subscriber.
        history: How many publications are kept for those who come late.
        peaks: All values behind the first are levels: until they are sent, the maximum of each is kept.
    """

    name: str
    fields: tuple[str, ...]
    doc: str = ""
    keyed: bool = False
    queued: bool = False
    history: int = 0
    peaks: bool = False

    def __post_init__(self) -> None:
        if not _READING.fullmatch(self.name):
            raise ValueError(f"reading name {self.name!r}: use dotted lower case, such as mir.chord")
        if not self.fields:
            raise ValueError(f"reading {self.name}: name at least one field")
        if self.keyed and (self.queued or len(self.fields) < 2):
            raise ValueError(f"reading {self.name}: a row has a key and values, and is no event")

    @property
    def address(self) -> str:
        """The OSC address."""
        return address_of(self.name)

    @property
    def kind(self) -> str:
        """``rows``, ``events`` (queued) or ``state``."""
        return "rows" if self.keyed else "events" if self.queued else "state"


Item: TypeAlias = Control | Action | Reading


def suggest_nearest(name: str, names: Iterable[str], otherwise: str = "sideman controls lists the names") -> str:
    """A hint with the names most similar to ``name``, or ``otherwise`` where none is similar."""
    close = difflib.get_close_matches(name, list(names), n=3)
    return f"nearest: {', '.join(close)}" if close else otherwise


def _hint_words(control: Control, word: str) -> str:
    """What to give instead of ``word``: the nearest choice where there are many, else all of them."""
    words = control.available_choices if control.choices else ()
    near = difflib.get_close_matches(word, words, n=1) if len(words) > MOST_LISTED else []
    if near:
        return f"did you mean {near[0]}?"
    return f"give one of {', '.join(words)}" if control.choices else "give a number"


def parse_value(control: Control, value: object) -> float:
    """Parse ``value`` to the control's number: type-checked, not clamped.

    A choice accepts its index or its word, a switch a number or a bool, everything else a finite number.

    Raises:
        ControlError: The value is of another type, or not finite.
    """
    if isinstance(value, str):
        if value in control.choices:
            return control.low + control.choices.index(value)
        for one in control.unavailable:
            if one.word == value:
                raise _make_unavailable_error(control, one)
        raise ControlError(f"{control.name}: {value!r} is not a value of it", _hint_words(control, value))
    if isinstance(value, bool) and control.kind != "switch":
        raise ControlError(f"{control.name}: {value} is not a number", _hint_range(control))
    if not isinstance(value, int | float):
        raise ControlError(f"{control.name}: a {type(value).__name__} is not a number", _hint_range(control))
    try:
        number = float(value)
    except OverflowError as error:
        raise ControlError(f"{control.name}: the number is too large", _hint_range(control)) from error
    if not math.isfinite(number):
        raise ControlError(f"{control.name}: {number} is not a finite number", _hint_range(control))
    return number


def format_value(control: Control, value: float) -> Value:
    """Format a control's number as a person writes it: a bool, a word, a whole number or a float."""
    if control.kind == "switch":
        return bool(value)
    if control.kind == "choice":
        return control.choices[int(value - control.low)]
    return int(value) if control.kind == "integer" else float(value)


def _make_unavailable_error(control: Control, choice: FileChoice) -> ControlError:
    return ControlError(f"{control.name}: {choice.word} cannot be chosen: {choice.problem}", choice.hint)


def _hint_range(control: Control) -> str:
    return f"give {control.low:g} to {control.high:g}" + (f" {control.unit}" if control.unit else "")


def find_unit(field: str) -> str:
    """The unit of a reading's field, by the last part of its name; empty where it has none."""
    return FIELD_UNITS.get(field.rpartition("_")[2], "")

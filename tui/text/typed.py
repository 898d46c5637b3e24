"""Typed commands of the text mode: ``mute vocals``, ``style jazz``, ``gain vocals -6``, ``connect drums > Ardour``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tui.core.registry import Action, Control, Value
from tui.core.screen import Remote
from tui.core.session import Record, Session
from tui.core.values import format_value, read_text, to_number
from tui.core.wording import describe_action, describe_value
from tui.text.matching import UnclearError, find_best, find_one, prefer_subject, split_words, suggest
from tui.text.ports import PortGroup, check_kinds, find_group, list_groups
from tui.text.summary import describe_job, describe_session
from tui.wire.remote import NOT_SENT

HELP = (
    "mute vocals · unmute vocals · solo drums off · gain vocals -6 · style jazz · intensity 0.6",
    "get vocals mute: says the value · reset vocals gain: the default",
    "panic · start · stop · undo · redo",
    "preset karaoke · save my set · presets",
    "connect drums > Ardour drums · cut drums > Ardour drums · ports · links",
    "jobs · status · controls · actions · quit",
    "any control or action goes by words of its name: latency tune, lookahead 2, counters reset",
)
ARROWS = ("->", ">", "to")
"""Signs between the source and the destination of a connection."""
UNITS = {"db", "bpm", "frames", "beats", "hz", "ms"}
"""May follow a number."""


class TypedCommands:
    """Carries out typed lines by ``remote``. ``write``: gets lines to show; ``fail``: the error of an action.

    Attributes:
        is_over: Whether the user asked to end.
    """

    def __init__(
        self,
        session: Session,
        remote: Remote,
        write: Callable[[Iterable[str]], None],
        fail: Callable[[str], None],
    ) -> None:
        self._session, self._remote, self._write, self._fail = session, remote, write, fail
        self.is_over = False
        self._verbs: dict[str, Callable[[list[str]], None]] = {
            "help": lambda _: write(HELP),
            "?": lambda _: write(HELP),
            "quit": self._end,
            "exit": self._end,
            "undo": lambda _: remote.undo(),
            "redo": lambda _: remote.redo(),
            "panic": self._panic,
            "start": lambda _: remote.call("transport.start"),
            "stop": lambda _: remote.call("transport.stop"),
            "unmute": lambda words: self._set_control(["mute", *words, "off"]),
            "unsolo": lambda words: self._set_control(["solo", *words, "off"]),
            "reset": self._reset,
            "set": self._set_control,
            "get": self._get_control,
            "preset": self._load_preset,
            "save": lambda words: remote.call("preset.save", " ".join(words)) if words else self._need("a name"),
            "presets": lambda _: self._list("preset.entry", "preset", "doc"),
            "jobs": self._list_jobs,
            "status": lambda _: write(describe_session(session)),
            "ports": lambda _: write(f"{one.direction}: {one.name}" for one in list_groups(session)),
            "links": self._list_links,
            "connect": lambda words: self._connect(words, "routing.connect", "routing.cut"),
            "cut": lambda words: self._connect(words, "routing.cut", "routing.connect"),
            "controls": self._list_controls,
            "actions": self._list_actions,
        }

    def run(self, line: str) -> None:
        """Carry out a line.

        Raises:
            UnclearError: It is no command, with the nearest.
        """
        words = _split(line)
        if not words:
            return
        verb = self._verbs.get(words[0].casefold())
        if verb is not None and not self._is_action_name(words):
            verb(words[1:])
        elif (found := self._find_action(words)) is not None:
            action, arguments = found
            self._call(action, arguments)
        elif not self._session.registry.controls:
            raise UnclearError(f"not sent: {line.strip()}: nobody answers at {self._session.peer}")
        else:
            self._set_control(words)

    # controls

    def _set_control(self, words: list[str]) -> None:
        if not words:
            self._need("the words of a control's name")
        control, value = self._split_value(words)
        if value is None and control.kind == "switch":
            value = "on"  # "mute vocals"
        number = to_number(control, value) if value is not None else None
        if value is None or number is None:
            self._write([describe_value(control, self._session.get(control.name))])
        else:
            self._remote.set(control.name, value if control.choices else number)

    def _get_control(self, words: list[str]) -> None:
        control = find_one(words, self._session.registry.controls.values(), _name_of, "control")
        self._write([describe_value(control, self._session.get(control.name))])

    def _split_value(self, words: list[str]) -> tuple[Control, str | None]:
        """The control that the words name, and the value behind it."""
        controls = list(self._session.registry.controls.values())
        if len(words) > 2 and words[-1].casefold() in UNITS and _is_number(words[-2]):
            words = words[:-1]
        whole = find_best(_words_of(words), controls, lambda one: one.name)
        best = find_best(_words_of(words[:-1]), controls, lambda one: one.name) if len(words) > 1 else []
        taking = prefer_subject([one for one in best if _takes(one, words[-1])], _words_of(words[:-1]), _name_of)
        if len(taking) == 1 and not whole:
            return taking[0], words[-1]
        if len(taking) > 1 and not whole:
            names = ", ".join(one.name for one in taking)
            raise UnclearError(f"{' '.join(words[:-1])} may mean {names}; add a word")
        if whole:
            return find_one(words, whole, lambda one: one.name, "control"), None
        return self._refuse(words, best)

    def _refuse(self, words: list[str], best: Sequence[Control]) -> tuple[Control, str | None]:
        """The error for words that name no control, or a value that it does not take; other controls may take it."""
        controls = self._session.registry.controls.values()
        others = [
            one for one in controls if _takes(one, words[-1]) and find_best(_words_of(words[:-1]), [one], _name_of)
        ]
        if len(words) > 1 and len(others) == 1:
            return others[0], words[-1]
        if best and (best[0].choices or _is_number(words[-1])):
            raise UnclearError(f"{best[0].name}: {words[-1]} is not a value of it; {describe_range(best[0])}")
        names = [*(one.name for one in controls), *self._session.registry.actions, *self._verbs]
        raise UnclearError(f"{' '.join(words)} is not understood{suggest(words, names)}; help says what is")

    def _reset(self, words: list[str]) -> None:
        control = find_one(words, self._session.registry.controls.values(), _name_of, "control")
        self._remote.reset(control.name)

    def _list_controls(self, words: list[str]) -> None:
        for control in self._session.registry.controls.values():
            if not words or find_best(_words_of(words), [control], _name_of):
                value = format_value(control, self._session.get(control.name))
                self._write([f"{control.name}: {value}; {describe_range(control)}; {control.doc}"])

    # actions

    def _is_action_name(self, words: list[str]) -> bool:
        """Whether the line begins with the whole name of an action, such as ``preset save``."""
        return ".".join(words[:2]).casefold() in self._session.registry.actions

    def _find_action(self, words: list[str]) -> tuple[Action, list[str]] | None:
        """The action that the first words name, and its arguments."""
        actions = self._session.registry.actions
        for count in range(min(len(words), 3), 0, -1):
            name = ".".join(words[:count]).casefold()
            found = actions.get(name) or actions.get(name.replace(".", "_"))
            if found is not None:
                return found, words[count:]
        if len(words) >= 2:
            for action in find_best(_words_of(words), actions.values(), lambda one: one.name):
                if not action.arguments or action.optional == len(action.arguments):
                    return action, []
        return None

    def _call(self, action: Action, arguments: list[str]) -> None:
        count = len(action.arguments)
        if arguments and not count:
            raise UnclearError(f"{action.name} takes nothing behind it")
        if len(arguments) > count and not action.repeats:
            arguments = [*arguments[: count - 1], " ".join(arguments[count - 1 :])]
        if len(arguments) < count - action.optional:
            raise UnclearError(f"{action.name}: give {', '.join(action.arguments[len(arguments) :])}")
        if action.result:
            self._remote.call(action.name, *arguments, answer=partial(self._write_rows, action.name, arguments))
        else:
            self._remote.call(action.name, *arguments)

    def _write_rows(self, action: str, arguments: list[str], error: str, rows: list[Record]) -> None:
        if error:
            self._report_failure(error)
        elif not rows:
            self._write([f"{describe_action(action, arguments)}: done"])
        self._write(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows)

    def _report_failure(self, error: str) -> None:
        if error != NOT_SENT:  # that was said already
            self._fail(error)

    def _list_actions(self, _words: list[str]) -> None:
        actions = self._session.registry.actions.values()
        self._write(" ".join((one.name, *one.arguments)) + f": {one.doc}" for one in actions)

    def _panic(self, _words: list[str]) -> None:
        def say(error: str, _rows: list[Record]) -> None:
            if not error:
                self._write(["PANIC: all notes are released"])
            else:
                self._report_failure(error)

        self._remote.call("transport.panic", answer=say)

    def _load_preset(self, words: list[str]) -> None:
        if not words:
            self._need("the name of a preset; presets lists them")
        presets = self._session.read_rows("preset.entry")
        name = " ".join(words)
        if presets:
            name = read_text(find_one(words, presets, lambda one: read_text(one, "preset"), "preset"), "preset")
        before: dict[str, Value] = {
            one.name: self._session.get(one.name) for one in self._session.registry.controls.values() if one.saved
        }
        self._remote.call("preset.load", name, undo=lambda: self._remote.recall(before, f"before preset {name}"))

    # routing, lists, ends

    def _connect(self, words: list[str], action: str, opposite: str) -> None:
        at = next((number for number, word in enumerate(words) if word.casefold() in ARROWS), 0)
        if not 0 < at < len(words) - 1:
            self._need("SOURCE > DESTINATION; ports lists them")
        source: PortGroup = find_group(self._session, words[:at], "out")
        destination: PortGroup = find_group(self._session, words[at + 1 :], "in")
        check_kinds(source, destination)
        self._remote.call(
            action, source.name, destination.name, undo=self._undo_link(opposite, source.name, destination.name)
        )

    def _undo_link(self, opposite: str, source: str, destination: str) -> Callable[[], None]:
        return lambda: self._remote.call(opposite, source, destination)

    def _list_links(self, _words: list[str]) -> None:
        rows = self._session.read_rows("routing.link")
        self._write(
            f"{read_text(row, 'source')} > {read_text(row, 'destination')}: {read_text(row, 'state')}" for row in rows
        )

    def _list(self, reading: str, name: str, detail: str) -> None:
        rows = self._session.read_rows(reading)
        self._write(f"{read_text(row, name)}: {read_text(row, detail)}".rstrip(": ") for row in rows)

    def _list_jobs(self, words: list[str]) -> None:
        if words:
            raise UnclearError("jobs lists them; jobs start, jobs cancel and others are actions, see actions")
        self._write([describe_job(row) for row in self._session.read_rows("jobs")] or ["no jobs"])

    def _need(self, what: str) -> None:
        raise UnclearError(f"give {what}")

    def _end(self, _words: list[str]) -> None:
        self.is_over = True


def describe_range(control: Control) -> str:
    """The values that a control takes."""
    if control.choices:
        return f"one of {', '.join(control.available_choices)}"
    if control.kind == "switch":
        return "on or off"
    return f"{control.low:g} to {control.high:g} {control.unit}".rstrip()


def _takes(control: Control, word: str) -> bool:
    """Whether a word is a value of the control, within its range; numbers of choices are not for people."""
    if control.choices:
        return word in control.choices
    number = to_number(control, word)
    if control.kind == "switch":
        return number in (0.0, 1.0)
    return number is not None and control.low <= number <= control.high


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _words_of(words: Iterable[str]) -> list[str]:
    return [one for word in words for one in split_words(word)]


def _name_of(control: Control) -> str:
    return control.name


def _split(line: str) -> list[str]:
    """The words of a line; quotes hold some together, where they are balanced."""
    try:
        return shlex.split(line, posix=True)
    except ValueError:
        return line.split()

"""Choice files: choices of controls that come from files, kept up to date while Sideman runs.

A choice keeps its number as long as Sideman runs: a new one comes last, and one whose file is gone leaves a number that
cannot be chosen, until the file is there again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from bridge.control.bus import Bus, Row
from bridge.core.control import Control, Reading
from bridge.core.file_choice import FileChoice
from bridge.errors import BridgeError
from bridge.printing import one_line
from bridge.toml import LONGEST_MESSAGE, shorten

log = logging.getLogger(__name__)

LONGEST_DOC = 200
"""Characters of what a choice does: one line of a list."""
FILES_S = 1.0
"""Time between two looks at the files."""
REGISTRY_READING = Reading(
    "registry",
    ("revision",),
    "The choices of a control have changed: a chain was made, or its file is gone. revision: number of such changes "
    "since the start. /controls lists the choices that there are now.",
)


class ChoiceLibrary(Protocol):
    """What lists the choices."""

    def list_choices(self) -> tuple[FileChoice, ...]:
        """What can be chosen, sorted by word, and what has a problem.

        Raises:
            BridgeError: The files cannot be listed.
        """

    def stamp_files(self) -> Hashable:
        """The state of the files, another one whenever `list_choices` may have changed."""


class ChoiceFiles:
    """A context manager: inside, changed files are noticed within FILES_S. Thread-safe.

    A word that is set, or named by a preset, is looked for in the files as they are at that moment; this works without
    the context, too.
    """

    def __init__(self, bus: Bus, names: Iterable[str], library: ChoiceLibrary, most: int, reading: str = "") -> None:
        """``names``: of the controls, which all have the same choices. ``most``: choices from files, at most.

        ``reading``: gets a row for each choice: its word, its obstacle, what it does.
        """
        self._reading = reading
        self._rows: dict[str, Row] = {}
        self._bus, self._names, self._library, self._most = bus, tuple(names), library, most
        self._lock = threading.RLock()
        self._stamp: Hashable = None
        self._known: dict[str, FileChoice] = {}
        """Each choice as it was listed last, by its word."""
        self._problem = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        bus.registry.follow_choices(self._names, self.update)

    def __enter__(self) -> ChoiceFiles:
        self.update()
        self._thread = threading.Thread(target=self._watch, name="choices", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def update(self) -> None:
        """Bring the choices up to date where a file is new, has changed or has gone."""
        with self._lock:
            stamp = self._library.stamp_files()
            if stamp == self._stamp:
                return
            try:
                listed = self._library.list_choices()
            except BridgeError as error:
                if str(error) != self._problem:
                    log.warning("%s; the choices stay as they are", error)
                self._problem = str(error)
                return
            self._stamp, self._problem = stamp, ""
            self._log_problems(listed)
            self._known |= {one.word: one for one in listed}
            revision = self._replace(listed)
        if revision and REGISTRY_READING.name in self._bus.registry:
            self._bus.publish(REGISTRY_READING.name, revision)
        if self._reading:
            self._publish_rows(listed)

    def _publish_rows(self, listed: Sequence[FileChoice]) -> None:
        rows = {one.word: make_choice_row(one) for one in listed if not one.problem}
        before, self._rows = self._rows, rows
        for word in before.keys() - rows.keys():
            self._bus.withdraw(self._reading, word)
        for word, row in rows.items():
            if before.get(word) != row:
                self._bus.publish(self._reading, *row)

    def _replace(self, listed: Sequence[FileChoice]) -> int:
        """Give the controls their choices; the new revision of the registry, 0 where nothing has changed."""
        registry = self._bus.registry
        changed: list[Control] = []
        for name in self._names:
            before = registry.get_control(name)
            after = add_listed(before, listed, self._known, self._most)
            if after != before:
                changed.append(after)
        if not changed:
            return 0
        registry.replace(changed)
        return registry.revision

    def _log_problems(self, listed: Sequence[FileChoice]) -> None:
        """Log each problem that is new; a file that is being written is read again a moment later."""
        for one in listed:
            if one.problem and one != self._known.get(one.word):
                log.warning("%s: %s; it cannot be chosen", one.word, one.problem)

    def _watch(self) -> None:
        while not self._stop.wait(FILES_S):
            try:
                self.update()
            except Exception as error:
                if str(error) != self._problem:
                    log.exception("the choices could not be listed; it is tried again")
                self._problem = str(error)


def make_choice_row(choice: FileChoice) -> Row:
    """The row of a choice: its word, its obstacle, what it does."""
    return choice.word, shorten(choice.obstacle, LONGEST_MESSAGE), shorten(one_line(choice.doc), LONGEST_DOC)


def add_listed(control: Control, listed: Sequence[FileChoice], known: dict[str, FileChoice], most: int) -> Control:
    """``control`` with the choices that are ``listed`` now, at most ``most`` of them from files.

    ``known``: choices that were listed before, by word, for the file of one that has gone.
    """
    sound = {one.word for one in listed if not one.problem}
    present = set(control.choices)
    room = max(most - control.user_choices, 0)
    new = [one.word for one in listed if one.word in sound and one.word not in present]
    shipped = set(control.shipped_choices)
    broken = {one.word: one for one in listed if one.word not in sound and one.word not in shipped}
    gone = {
        word: FileChoice(word, known[word].place if word in known else "", *_explain_gone(known.get(word)))
        for word in control.choices
        if word not in sound and word not in broken and word not in shipped
    }
    full = f"more than {most} files are there to choose from"
    beyond = {word: FileChoice(word, "", full, "start Sideman again, and keep fewer files") for word in new[room:]}
    unavailable = {**broken, **gone, **beyond}
    grown = control.add_user_choices(tuple(new[:room]))
    return replace(grown, unavailable=tuple(unavailable[word] for word in sorted(unavailable)))


def _explain_gone(choice: FileChoice | None) -> tuple[str, str]:
    place = choice.place if choice is not None and choice.place else "its file"
    return f"{place} is gone", "put the file back, or choose another one"

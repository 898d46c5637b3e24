"""Job request: which command a job runs, with which arguments, checked as far as it can be without running it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.errors import ControlError, did_you_mean
from bridge.toml import shorten

COMMANDS = ("separate", "analyze", "accompany", "render")
"""The commands on files, which report progress (`bridge.progress_channel`)."""
BATCH = "batch"
"""Kind of a job that runs one of them on every song of a folder; its first argument is the command."""
KINDS = (*COMMANDS, BATCH)
RETRY_FAILED = "--retry-failed"
"""Option of a batch, without which it leaves out what has failed."""
OUT = "--out"
_NUMBER = re.compile(r"-[0-9.]+")
"""A negative number is a value, not an option."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a job does. ``arguments``: as on the command line, the sources first. ``folder``: of the results.

    ``command``: that of a batch, the first of its arguments; else empty.
    """

    kind: str
    arguments: tuple[str, ...]
    sources: tuple[str, ...]
    folder: str
    command: str = ""

    @property
    def is_batch(self) -> bool:
        """Whether it is a batch, which knows by its own journal what is done."""
        return self.kind == BATCH

    @property
    def options(self) -> tuple[str, ...]:
        """The arguments behind the sources."""
        return self.arguments[bool(self.command) + len(self.sources) :]

    def make_retry(self) -> JobRequest:
        """The request for another run after a failure: of a batch, with the songs that failed."""
        if not self.is_batch or RETRY_FAILED in self.options:
            return self
        count = len(self.arguments) - len(self.options)
        return replace(self, arguments=(*self.arguments[:count], RETRY_FAILED, *self.options))

    @property
    def title(self) -> str:
        """The sources, the folder of the results and the options, such as ``album/ → stems, studio``."""
        first = self.sources[0]
        name = os.path.basename(first.rstrip(os.sep)) if is_absolute(first) else first  # noqa: PTH119 - as given
        slash = os.sep if is_absolute(first) and os.path.isdir(first) else ""  # noqa: PTH112 - no error
        more = f" and {len(self.sources) - 1} more" if len(self.sources) > 1 else ""
        options = ", ".join(word.removeprefix("--") for word in list_options(self.options))
        command = f"{self.command} " if self.command else ""
        return f"{command}{name}{slash}{more} → {Path(self.folder).name}" + (f", {options}" if options else "")


def parse_request(kind: str, arguments: Sequence[str]) -> JobRequest:
    """Check a kind and its arguments: sources first, then options, all paths absolute.

    Raises:
        ControlError: The kind is unknown, a source or ``--out`` is missing, or a path is relative; or the first
            argument of a batch is no command.
    """
    if kind not in KINDS:
        raise ControlError(f"{shorten(repr(kind))} is no kind of job", did_you_mean(kind, KINDS))
    for argument in arguments:
        if "\0" in argument:
            raise ControlError(f"{shorten(repr(argument))} has a NUL character", "give the name of a file")
    command = arguments[0] if kind == BATCH and arguments else ""
    if kind == BATCH and command not in COMMANDS:
        raise ControlError(f"{BATCH}: {shorten(repr(command))} is no command", did_you_mean(command, COMMANDS))
    count = next((at for at, one in enumerate(arguments) if one.startswith("-")), len(arguments))
    sources = tuple(arguments[bool(command) : count])
    if not sources or not all(sources):
        raise ControlError(f"{kind}: no source is given", "give files or folders first, then options")
    for source in sources:
        if not is_absolute(source) and not (kind == "accompany" and "|" in source):
            raise ControlError(f"{shorten(source)} is no absolute path", _hint(source))
    folder = find_option(arguments[count:], OUT)
    if not folder:
        raise ControlError(f"{kind}: {OUT} is missing", f"give {OUT} and the folder for the results")
    if not is_absolute(folder):
        raise ControlError(f"{OUT} {shorten(folder)} is no absolute path", _hint(folder))
    return JobRequest(kind, tuple(arguments), sources, folder, command)


def is_absolute(path: str) -> bool:
    """Whether a path does not depend on the working folder."""
    return Path(path).is_absolute()


def find_option(options: Sequence[str], name: str) -> str:
    """The value of an option, of the last one of that name; empty where there is none."""
    found = ""
    for at, word in enumerate(options):
        if word == name and at + 1 < len(options):
            found = options[at + 1]
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def list_options(options: Sequence[str]) -> list[str]:
    """The words of the options but ``--out``: values, and names of options that have none."""
    words: list[str] = []
    rest = list(options)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if not equals and rest and (not rest[0].startswith("-") or _NUMBER.fullmatch(rest[0])):
            value = rest.pop(0)
        if name != OUT:
            words.append(value or name)
    return words


def _hint(path: str) -> str:
    return f"the sidecar has another working folder: give it whole, such as {Path.cwd().anchor}home/you/{shorten(path)}"

"""Job request: which command a job runs, with which arguments, checked as far as it can be without running it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ControlError, did_you_mean
from bridge.toml import shorten

KINDS = ("separate", "analyze", "accompany", "render")
"""The commands, which report progress (`bridge.progress_channel`)."""
OUT = "--out"
_NUMBER = re.compile(r"-[0-9.]+")
"""A negative number is a value, not an option."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a job does. ``arguments``: as on the command line, the sources first. ``folder``: of the results."""

    kind: str
    arguments: tuple[str, ...]
    sources: tuple[str, ...]
    folder: str

    @property
    def title(self) -> str:
        """The sources, the folder of the results and the options, such as ``album/ → stems, studio``."""
        first = self.sources[0]
        name = os.path.basename(first.rstrip(os.sep)) if is_absolute(first) else first  # noqa: PTH119 - as given
        slash = os.sep if is_absolute(first) and os.path.isdir(first) else ""  # noqa: PTH112 - no error
        more = f" and {len(self.sources) - 1} more" if len(self.sources) > 1 else ""
        options = ", ".join(word.removeprefix("--") for word in list_options(self.arguments[len(self.sources) :]))
        return f"{name}{slash}{more} → {Path(self.folder).name}" + (f", {options}" if options else "")


def parse_request(kind: str, arguments: Sequence[str]) -> JobRequest:
    """Check a kind and its arguments: sources first, then options, all paths absolute.

    Raises:
        ControlError: The kind is unknown, a source or ``--out`` is missing, or a path is relative.
    """
    if kind not in KINDS:
        raise ControlError(f"{shorten(repr(kind))} is no kind of job", did_you_mean(kind, KINDS))
    for argument in arguments:
        if "\0" in argument:
            raise ControlError(f"{shorten(repr(argument))} has a NUL character", "give the name of a file")
    count = next((at for at, one in enumerate(arguments) if one.startswith("-")), len(arguments))
    sources = tuple(arguments[:count])
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
    return JobRequest(kind, tuple(arguments), sources, folder)


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

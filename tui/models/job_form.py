"""Job form: what a new job is to do, row by row, and the arguments that `jobs.start` gets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.core.session import Session

CONTROLS = {"--style": "accompaniment.band.style", "--chain": "inserts.mix.chain"}
"""By option, the control of the sidecar whose choices the option has, too."""
OFF = "off"
"""The choice of such a control that is none."""
BY_ITSELF = "as it fits"
MAX_PATHS = 200
"""Names that are looked at to complete a path: a folder may hold a million."""
START = "start"
BATCH = "batch"
"""Kind of a job that runs a command on every song of a folder, several at a time."""


@dataclass(frozen=True, slots=True)
class JobOption:
    """An option of a command: one of ``choices``, the first by default, which leaves the option out.

    ``flag``: before the choice; a switch (off, on) is the flag alone.
    """

    flag: str
    label: str
    choices: tuple[str, ...]

    @property
    def is_switch(self) -> bool:
        """Whether the flag has no value."""
        return self.choices == ("off", "on")


@dataclass(frozen=True, slots=True)
class JobKind:
    """A command on files. ``folder``: of its results, beside the source."""

    name: str
    doc: str
    folder: str
    options: tuple[JobOption, ...] = ()


BATCH_OPTION = JobOption(BATCH, "at a time", ("one song", "all cores"))
"""Option that every command has: whether it is a batch."""
STEMS = ("drums", "bass", "vocals", "other")
KINDS = (
    JobKind(
        "separate",
        "songs into stems",
        "stems",
        (
            JobOption("--profile", "profile", ("offline", "standard", "low", "ultra", "dsp")),
            JobOption("--stems", "only", ("all stems", *STEMS)),
            JobOption("--without", "mix without", ("none", *STEMS)),
            JobOption("--format", "format", ("wav24", "wav16", "wav32f", "flac24", "flac16")),
        ),
    ),
    JobKind("analyze", "beats, chords and keys of songs", "maps"),
    JobKind(
        "accompany",
        "a band for a song or chords, as MIDI",
        "band",
        (
            JobOption("--style", "style", (BY_ITSELF,)),
            JobOption("--audio", "audio too", ("off", "on")),
            JobOption("--count-in", "count-in", ("off", "on")),
        ),
    ),
    JobKind(
        "render",
        "songs and stems through a plugin chain",
        "rendered",
        (
            JobOption("--chain", "chain", ("none",)),
            JobOption("--target-lufs", "loudness", ("as it is", "-14", "-16", "-23")),
            JobOption("--format", "format", ("wav24", "wav16", "wav32f", "flac24", "flac16")),
        ),
    ),
)


@dataclass(slots=True)
class JobForm:
    """What is filled in. ``row``: the selected one of `list_rows`. ``known``: choices of the sidecar by option."""

    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind: JobKind = KINDS[0]
    source: str = ""
    folder: str = ""
    row: int = 0
    chosen: dict[str, str] = field(default_factory=dict)

    def list_options(self) -> tuple[JobOption, ...]:
        """The options of the kind, and whether it is a batch; styles and chains are those of the sidecar."""
        own = (JobOption(one.flag, one.label, one.choices + self.known.get(one.flag, ())) for one in self.kind.options)
        return (*own, BATCH_OPTION)

    def list_rows(self) -> tuple[str, ...]:
        """The names of the rows: kind, source and folder, the flags of the options, start."""
        return ("kind", "source", "folder", *(one.flag for one in self.list_options()), START)

    def get_row(self) -> str:
        """The name of the selected row."""
        rows = self.list_rows()
        return rows[min(self.row, len(rows) - 1)]

    def move(self, step: int) -> None:
        """Select another row."""
        self.row = min(max(self.row + step, 0), len(self.list_rows()) - 1)

    def get_chosen(self, option: JobOption) -> str:
        """What is chosen of an option."""
        chosen = self.chosen.get(option.flag, option.choices[0])
        return chosen if chosen in option.choices else option.choices[0]

    def turn(self, step: int) -> None:
        """Choose the neighbour in the selected row; nothing in rows of text."""
        row = self.get_row()
        if row == "kind":
            self.kind = KINDS[(KINDS.index(self.kind) + step) % len(KINDS)]
        for option in self.list_options():
            if option.flag == row:
                at = option.choices.index(self.get_chosen(option))
                self.chosen[row] = option.choices[(at + step) % len(option.choices)]

    def get_folder(self) -> str:
        """The folder of the results: as filled in, or beside the source."""
        if self.folder or not self.source:
            return self.folder
        path = Path(to_absolute(self.source))
        return str((Path.cwd() if is_chords(self.source) else path.parent) / self.kind.folder)

    def make_arguments(self) -> list[str]:
        """Kind, source, folder and options, as ``jobs.start`` takes them; paths are absolute."""
        arguments = [BATCH] if self.is_batch else []
        arguments += [self.kind.name, self.source if is_chords(self.source) else to_absolute(self.source)]
        arguments += ["--out", to_absolute(self.get_folder())]
        for option in self.list_options():
            chosen = self.get_chosen(option)
            if option is not BATCH_OPTION and chosen != option.choices[0]:
                arguments += [option.flag] if option.is_switch else [option.flag, chosen]
        return arguments

    @property
    def is_batch(self) -> bool:
        """Whether several songs are worked on at a time."""
        return self.get_chosen(BATCH_OPTION) != BATCH_OPTION.choices[0]

    def find_problem(self, is_here: bool) -> str:
        """Why it cannot start; empty where it can. ``is_here``: the sidecar has the files of this machine."""
        if not self.source.strip():
            return f"which files? Choose a song or a folder to {self.kind.name}"
        if is_chords(self.source):
            if self.is_batch:
                return "chords are one song: choose one song at a time"
            return "" if self.kind.name == "accompany" else f"{self.kind.name} needs a file, not chords"
        path = to_absolute(self.source)
        if is_here and not Path(path).exists():
            return f"{path}: there is no such file or folder; tab completes names"
        return ""


def is_chords(text: str) -> bool:
    """Whether ``text`` is a row of chords, ``| Am7 D7 |``, and no path."""
    return text.strip().startswith("|")


def to_absolute(text: str) -> str:
    """The absolute path of what was typed: ``~`` is the user's folder, and all else lies in the working folder."""
    path = Path(text.strip())
    try:
        path = path.expanduser()
    except RuntimeError:  # no such user: a folder that is named like this
        path = Path(text.strip())
    return os.path.abspath(path)  # noqa: PTH100 - Path.resolve follows links, and the user knows the link's name


def complete_path(text: str) -> Sequence[str]:
    """What Tab completes ``text`` to: the paths that begin like it, folders with a slash; hidden ones where asked."""
    head, _, tail = text.rpartition("/")
    start = f"{head}/" if "/" in text else ""
    folder = Path(to_absolute(start or "."))
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(tail) and (tail.startswith(".") or not entry.name.startswith(".")):
                    found.append(f"{start}{entry.name}{'/' if entry.is_dir() else ''}")
                    if len(found) >= MAX_PATHS:
                        break
    except OSError:
        return []
    return sorted(found)


def list_known_choices(session: Session) -> dict[str, tuple[str, ...]]:
    """By option, the styles that the band of the sidecar has, and the chains that it knows."""
    controls = session.registry.controls
    return {
        flag: tuple(choice for choice in controls[name].available_choices if choice != OFF)
        for flag, name in CONTROLS.items()
        if name in controls
    }

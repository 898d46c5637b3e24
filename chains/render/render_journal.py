"""Render journal: which files of a folder were rendered from which source, and by what."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from bridge.config import write_atomic
from bridge.drafts import longest_name
from bridge.names import fold_name
from engines.offline.songs import escape_name, list_names, make_result_name, resolve_path

JOURNAL_FILE = ".render.json"
"""In the folder of the results."""
SCHEMA = 1


class RenderJournal(msgspec.Struct):
    """Journal of a folder of results.

    ``owners``: the source of each file or folder in it, by name. ``made``: the key of each finished file, by its path
    from the folder; see `render_key.make_render_key`.
    """

    schema: int = SCHEMA
    owners: dict[str, str] = {}
    made: dict[str, str] = {}

    def save(self, out: Path) -> None:
        """Write it into ``out``. Raises: ConfigError where the folder takes no file."""
        write_atomic(out / JOURNAL_FILE, json.dumps(msgspec.to_builtins(self), indent=2, sort_keys=True) + "\n")

    def choose_name(self, source: Path, out: Path, suffix: str) -> str:
        """The name in ``out`` for what ``source`` becomes: its own, or with (2), (3) ... where another has that.

        A name belongs to its source in the journal; a file that is not there is not ours. ``suffix``: of a file; empty
        for a folder. Names that differ only in case count as equal, as they are on some file systems.
        """
        owner, taken, longest = escape_name(resolve_path(source)), list_names(out), longest_name(out)
        plain = Path(f"{source.name}.") if source.is_dir() else source  # a folder's name has no suffix
        number = 0
        while True:
            number += 1
            name = make_result_name(plain, number, longest - len(suffix)) + suffix
            if self.owners.get(name) == owner or (name not in self.owners and fold_name(name) not in taken):
                return name

    def claim(self, name: str, source: Path) -> None:
        """Note that ``name`` belongs to ``source``, before it is written: a run that is killed then knows it again."""
        self.owners[name] = escape_name(resolve_path(source))

    def is_made(self, out: Path, file: str, key: str) -> bool:
        """Whether ``file``, a path from ``out``, is there and was made with ``key``."""
        return self.made.get(file) == key and (out / file).is_file()


def load_render_journal(out: Path) -> RenderJournal:
    """The journal of ``out``; an empty one where there is none that can be read."""
    try:
        journal = msgspec.json.decode((out / JOURNAL_FILE).read_bytes(), type=RenderJournal)
    except (OSError, msgspec.DecodeError):
        return RenderJournal()
    return journal if journal.schema == SCHEMA else RenderJournal()

"""Output folders: names for a song's stems."""

from __future__ import annotations

from pathlib import Path

from bridge.drafts import longest_name
from bridge.names import fold_name
from engines.offline.songs import escape_name, list_names, make_result_name, resolve_path
from engines.separation.offline.journal import Identity, load_journal


def find_folder(song: Path, identity: Identity, out: Path) -> Path:
    """The folder in ``out`` for the song's stems: its name, or its name (2), (3) ... where another song has that.

    A folder belongs to the song in its journal, by its path or, if it was moved, by its identity. One with files but
    without a journal is not ours. Names that differ only in case count as equal, as they are on some file systems.
    """
    place, taken, longest = escape_name(resolve_path(song)), list_names(out), longest_name(out)
    number = 0
    while True:
        number += 1
        folder = out / make_result_name(song, number, longest)
        if not folder.exists():
            if fold_name(folder.name) not in taken:
                return folder
            continue
        if not folder.is_dir():
            continue
        journal = load_journal(folder)
        if journal is None:
            if not any(folder.iterdir()):
                return folder
        elif journal.song == place or journal.identity == identity:
            return folder

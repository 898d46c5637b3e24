"""Batch options: the options of the command, checked before any file is begun, and the recipe that they make."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError

from batch.batch_kind import BatchKind
from batch.content_hash import HASH_BYTES, hash_content
from bridge import commands
from bridge.config import user_dir
from bridge.errors import ConfigError
from bridge.names import why_not_plain

RESERVED = {
    "--out": "the batch gives each file its own folder: give --out once",
    "--json": "give --json before the options of the command: the batch prints JSON",
    "--force": "a batch does finished files again where their results are removed, or with another --out",
}
"""Options of the command that a batch does not pass on, and what to do instead."""

USER_FILES = ("chains", "styles")
"""Folders of the user's configuration, whose files commands take by name."""


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files and folders, and the options of the command: from the first word with a hyphen on."""
    count = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    return list(words[:count]), list(words[count:])


def check_options(kind: BatchKind, options: Sequence[str]) -> None:
    """Check names and types of the options of a command.

    Raises:
        ConfigError: The command does not know one of them, or refuses its value.
    """
    for word in options:
        name = word.partition("=")[0]
        if name in RESERVED:
            raise ConfigError(f"batch {kind.name}: {name} is no option for each file", RESERVED[name])
    command = getattr(commands, kind.name)
    app = App(name=kind.name, result_action="return_value")
    app.default(command)
    try:
        app.parse_args(["song", "--out", "out", *options], print_error=False, exit_on_error=False)
    except CycloptsError as error:
        text = " ".join(str(error).split())
        raise ConfigError(f"batch {kind.name}: {text}", f"sideman {kind.name} --help lists the options") from error


def make_absolute(options: Sequence[str]) -> tuple[str, ...]:
    """The options with files and folders as absolute paths: each file has a working folder of its own."""
    found = []
    for word in options:
        name, equals, value = word.rpartition("=")
        path = Path(value)
        is_path = bool(value) and not value.startswith("-") and path.exists()
        found.append(f"{name}{equals}{path.absolute()}" if is_path else word)
    return tuple(found)


def make_recipe(kind: BatchKind, options: Sequence[str]) -> bytes:
    """A hash of the command, its options and the content of the files among them: another recipe is other work.

    A chain or style of the user that is given by its name is a file, too.
    """
    values = [word.rpartition("=")[2] for word in options]
    named = [
        user_dir(folder) / f"{value}.toml" for value in values if not why_not_plain(value) for folder in USER_FILES
    ]
    files = [path for value in values if (path := Path(value)).is_absolute() and path.is_file()]
    contents = {
        os.fsencode(file).hex(): hash_content(file).hex() for file in (*files, *(one for one in named if one.is_file()))
    }
    text = json.dumps([kind.name, [os.fsencode(word).hex() for word in options], contents], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).digest()

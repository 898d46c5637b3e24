"""Command line of the evaluations: lists of names, and the command as the documentation shows it."""

from __future__ import annotations

from collections.abc import Sequence

FLAGS = ("--markdown", "--json")
"""Options of the output format; the command shown in a page of the documentation leaves them out."""
PAGE = "--into"


def split_names(names: str) -> list[str]:
    """The names between commas."""
    return [name.strip() for name in names.split(",") if name.strip()]


def format_command(module: str, arguments: Sequence[str], folders: Sequence[str]) -> str:
    """The command line in Markdown, without where this machine keeps its songs and pages.

    ``folders``: the options whose value is a folder, which is shown as DIR.
    """
    shown: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in folders:
            shown += [word, "DIR"]
            next(words, None)
        elif word == PAGE:
            next(words, None)
        elif word not in FLAGS:
            shown.append(word)
    return f"`python -m {' '.join([module, *shown])}`\n\n"

"""Modes of the app: which one the options, the terminal and the environment ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from tui.core.options import OptionError, Options

MODE_VARIABLE = "SIDEMAN_TUI"
Mode = Callable[[Options], int]
"""Does what the options say and returns the exit status."""


def choose_mode(options: Options) -> Mode:
    """The mode that the options ask for.

    Raises:
        OptionError: Options do not go together, or the app needs a terminal.
    """
    _check(options)
    if options.keys:
        from tui.text.keys import print_keys

        return print_keys
    if options.once:
        from tui.text.once import look_once

        return look_once
    if options.snapshot:
        from tui.text.picture import draw_picture

        return draw_picture
    if options.follow or (wants_lines(os.environ) and not options.replay and not options.probe):
        from tui.text.follow import follow

        return follow
    if not is_terminal():
        raise OptionError("the app needs a terminal; --once prints one look, --follow takes commands from a pipe")
    from tui.terminal.guard import run_guarded

    return run_guarded


def wants_lines(environment: Mapping[str, str]) -> bool:
    """Whether the user asked for lines instead of screens: by SIDEMAN_TUI=lines, or a terminal that has no cursor."""
    return environment.get(MODE_VARIABLE, "") == "lines" or environment.get("TERM", "dumb") in ("", "dumb")


def is_terminal() -> bool:
    """Whether both input and output are a terminal."""
    try:
        return os.isatty(0) and os.isatty(1)
    except OSError:
        return False


def _check(options: Options) -> None:
    modes = [name for name in ("once", "follow", "snapshot", "keys", "probe") if getattr(options, name)]
    if len(modes) > 1:
        raise OptionError(f"--{modes[0]} and --{modes[1]} do not go together; give one of them")
    for name, needed in (
        ("json", "once"), ("size", "snapshot"), ("svg", "snapshot"), ("roles", "snapshot"), ("at", "replay"),
        ("markdown", "keys"),
    ):  # fmt: skip
        if getattr(options, name) and not getattr(options, needed):
            raise OptionError(f"--{name} belongs to --{needed}; give that too")
    if options.replay and options.follow:
        raise OptionError("--follow needs a sidecar; leave --replay out")
    if options.replay and (options.record or options.attach):
        raise OptionError("--replay needs no sidecar; leave --record and --attach out")

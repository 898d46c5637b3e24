"""Error classes: each names the place and how to fix it. Shown to the user as they are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BridgeError(Exception):
    """What went wrong and where (``message``), and what to do about it (``hint``).

    ``is_bad_input``: whether what the user gave is at fault. A command that ends with the error has exit status 2 then,
    else 1.
    ``is_hung``: whether a library of this process waits for ever. A command ends at once then, without waiting for it.
    """

    is_bad_input = True
    is_hung = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class ConfigError(BridgeError):
    """A file, option or value that the user wrote."""


class DriverError(BridgeError):
    """An audio or MIDI system that is missing, refused us or went away, or a port that another program has.

    The same command can work a moment later. A systemd unit tries it again, and no other error.
    """

    is_bad_input = False


class EngineError(BridgeError):
    """An engine that cannot be found, prepared or trusted."""


class ModelError(BridgeError):
    """A model's file, manifest or tensors, or where it is fetched from."""


class ControlError(BridgeError):
    """An unknown control, or a value that it cannot take."""


def find_nearest(name: str, choices: Iterable[str]) -> str:
    """The one of ``choices`` most similar to ``name``; empty where none is similar."""
    return next(iter(get_close_matches(name, list(choices), 1)), "")


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A hint for an unknown ``name``: the most similar of ``choices``, or all of them where none is similar."""
    names = list(choices)
    near = find_nearest(name, names)
    return f"did you mean {near}?" if near else f"there are: {', '.join(names) or 'none'}"

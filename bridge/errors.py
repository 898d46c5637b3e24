"""Error classes: each names the place and how to fix it. Shown to the user as they are."""

from __future__ import annotations


class BridgeError(Exception):
    """What went wrong and where (``message``), and what to do about it (``hint``)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class ConfigError(BridgeError):
    """A file, option or value that the user wrote."""


class DriverError(BridgeError):
    """An audio or MIDI system that is missing, refused us or went away."""


class EngineError(BridgeError):
    """An engine that cannot be found, prepared or trusted."""


class ModelError(BridgeError):
    """A model's file, manifest or tensors, or where it is fetched from."""


class ControlError(BridgeError):
    """An unknown control, or a value that it cannot take."""

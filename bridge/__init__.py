"""Sideman's bridge: audio, MIDI and control between a DAW and the engines."""

from bridge import environment as _environment  # noqa: F401  (before any library is loaded)

__version__ = "0.1.0"

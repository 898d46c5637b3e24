"""Sideman's bridge: audio, MIDI and control between a DAW and the engines."""

__version__ = "0.1.0"

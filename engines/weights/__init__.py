"""Weights that ship, their card and the attribution of what they were trained on."""

from __future__ import annotations

from importlib.resources import files

WEIGHTS = files(__name__)
"""The folder of the networks' files."""

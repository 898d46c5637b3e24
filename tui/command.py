"""Command ``sideman tui``."""

from __future__ import annotations


def tui() -> int:
    """Run the sidecar from the keyboard: routing, stems, band, presets, health, jobs."""
    return 0

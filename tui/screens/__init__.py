"""Screens of the terminal app, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable

from tui.screen import Screen

SCREENS: tuple[Callable[[], Screen], ...] = ()
"""What makes each screen, in the order of the tabs: Routing, Stems, Song, Band, Control, Presets, Health, Jobs, Log."""

"""Screens of the terminal app, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable

from tui.screen import Screen
from tui.screens.routing import RoutingScreen

SCREENS: tuple[Callable[[], Screen], ...] = (RoutingScreen,)
"""What makes each screen, in the order of the tabs: Routing, Stems, Song, Band, Control, Presets, Health, Jobs, Log."""

"""Screens of the terminal app, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.screen import Screen
from tui.screens.band import BandScreen
from tui.screens.controllers import ControllerScreen
from tui.screens.health import HealthScreen
from tui.screens.jobs import JobScreen
from tui.screens.log import LogScreen
from tui.screens.presets import PresetScreen
from tui.screens.routing import RoutingScreen
from tui.screens.song import SongScreen
from tui.screens.stems import StemsScreen

SCREENS: tuple[Callable[[], Screen], ...] = (
    RoutingScreen,
    StemsScreen,
    SongScreen,
    BandScreen,
    ControllerScreen,
    PresetScreen,
    HealthScreen,
    JobScreen,
    LogScreen,
)
"""Class of each screen, in the order of the tabs: Routing, Stems, Song, Band, Control, Presets, Health, Jobs, Log."""

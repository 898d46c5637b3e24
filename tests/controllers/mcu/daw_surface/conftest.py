"""Fixtures of the DAW surface."""

from __future__ import annotations

import pytest

from tests.controllers.mcu.daw_surface.surface_desk import Desk, make_tracks
from tests.controllers.mcu.simulated_daw import SimulatedDaw


@pytest.fixture
def desk() -> Desk:
    desk = Desk(SimulatedDaw(make_tracks("Kick", "Drums", "BASS", "vocals", "Other")))
    desk.run(1.0)
    return desk

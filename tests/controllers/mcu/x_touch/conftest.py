"""Fixtures of the X-Touch."""

from __future__ import annotations

import pytest

from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.controllers.mcu.x_touch.x_touch_desk import (
    MAINS,
    Desk,
)


@pytest.fixture(params=MAINS)
def desk(request: pytest.FixtureRequest) -> Desk:
    desk = Desk(request.param)
    desk.run(1.0)
    return desk


@pytest.fixture
def device(desk: Desk) -> SimulatedXTouch:
    return desk.devices[0][0]

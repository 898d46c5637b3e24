"""Rig of the DAW surface: a simulated DAW, the surface, the cable between them and a clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_surface import DawSurface
from tests.controllers.mcu.simulated_daw import SimulatedDaw, Track

TICK_S = 0.01
STEP_DB = 72 * 16.5 / 16383
"""A step of a fader of 1024 steps over the range of ours, sent in 16384 steps: so a half of one of those more."""
QUIET_S = 6.0
"""Enough for three presses that are not answered."""


@dataclass
class Desk:
    """A DAW and the surface, with the cable between them and a clock."""

    daw: SimulatedDaw
    bus: Bus = field(default_factory=lambda: Bus(make_sidecar_registry({})))
    now_s: float = 0.0
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.surface = DawSurface(self.bus, make_strips(self.bus.registry))
        self.daw.connect(0.0)

    def run(self, seconds: float) -> list[bytes]:
        """Let time pass; returns what the surface sent in it."""
        before = len(self.sent)
        for _ in range(round(seconds / TICK_S)):
            for message in self.daw.take_output(self.now_s):
                self.surface.receive(message, self.now_s)
            for message in self.surface.take_output(self.now_s):
                self.sent.append(message)
                self.daw.receive(message, self.now_s)
            self.now_s += TICK_S
        return self.sent[before:]

    def gain_db(self, stem: str) -> float:
        return self.bus.get(f"stems.{stem}.gain_db")

    def is_on(self, stem: str, switch: str) -> bool:
        return self.bus.get(f"stems.{stem}.{switch}") > 0.5


def to_db(fader: int) -> float:
    """The gain at a position of the fader: even steps in dB from -60 to 12."""
    return -60.0 + 72.0 * fader / 16383


def make_tracks(*names: str) -> list[Track]:
    return [Track(name) for name in names]

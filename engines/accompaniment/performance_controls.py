"""The controls of how the band plays: which style, which performance, how much of what, and who rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.core.control import Control
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import PerformanceControls
from engines.accompaniment.style import list_shipped_styles

STYLES = list_shipped_styles()
STYLE = Control(
    "accompaniment.band.style", 0.0, len(STYLES) - 1.0, float(STYLES.index("pop")), kind="choice",
    doc="What the band plays.", choices=STYLES,
)  # fmt: skip
SEED = Control("accompaniment.band.seed", 0.0, 999.0, 0.0, kind="integer", doc="Another number, another performance.")
PERFORMANCE_CONTROLS = {
    "intensity": Control("accompaniment.band.intensity", 0.0, 1.0, 0.5, doc="How hard and how busily it plays."),
    "density": Control("accompaniment.band.density", 0.0, 1.0, 0.5, doc="How many of the light strokes sound."),
    "complexity": Control("accompaniment.band.complexity", 0.0, 1.0, 0.5, doc="How many different patterns it uses."),
    "swing": Control("accompaniment.band.swing", 0.0, 1.0, 0.0, doc="Off-beats late: 1 is the triplet."),
    "humanise": Control("accompaniment.band.humanise", 0.0, 1.0, 0.3, doc="How loose timing and touch are."),
    "style_strength": Control(
        "accompaniment.band.style_strength", 0.0, 1.0, 1.0, doc="0 is a plain band, 1 the style."
    ),
    "temperature": Control(
        "accompaniment.band.temperature", 0.0, 1.0, 0.5, doc="How far chance strays from the usual."
    ),
}
MUTES = {
    name: Control(
        f"accompaniment.band.{name}.mute", 0.0, 1.0, 0.0, kind="switch", doc=f"No {name} from the next beat on."
    )
    for name in PARTS
}


def read_controls(values: Mapping[str, float]) -> PerformanceControls:
    """What ``values``, by control, say."""
    turned: dict[str, Any] = {name: values[control.name] for name, control in PERFORMANCE_CONTROLS.items()}
    return PerformanceControls(**turned, seed=int(values[SEED.name]))

"""Performance controls of the band: style, seed, the performance parameters, and mutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.core.control import Control
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import PerformanceControls
from engines.accompaniment.style_lookup import SHIPPED_STYLES, USUAL_STYLE

STYLE = Control(
    "accompaniment.band.style", 0.0, len(SHIPPED_STYLES) - 1.0, float(SHIPPED_STYLES.index(USUAL_STYLE)),
    kind="choice", doc="The style that the band plays.", choices=SHIPPED_STYLES, takes_effect="next bar",
)  # fmt: skip
SEED = Control(
    "accompaniment.band.seed",
    0.0,
    999.0,
    0.0,
    kind="integer",
    doc="Random seed: each number is another performance.",
    takes_effect="next bar",
)
PERFORMANCE_CONTROLS = {
    "intensity": Control(
        "accompaniment.band.intensity", 0.0, 1.0, 0.5, doc="How loud and busy the band plays.", takes_effect="next bar"
    ),
    "density": Control(
        "accompaniment.band.density",
        0.0,
        1.0,
        0.5,
        doc="How many of the soft hits and notes sound.",
        takes_effect="next bar",
    ),
    "complexity": Control(
        "accompaniment.band.complexity",
        0.0,
        1.0,
        0.5,
        doc="How many different patterns are used.",
        takes_effect="next bar",
    ),
    "swing": Control(
        "accompaniment.band.swing",
        0.0,
        1.0,
        0.0,
        doc="Delay of the off-beats: 0 is straight, 1 is triplet swing at the usual tempo.",
        takes_effect="next bar",
    ),
    "humanise": Control(
        "accompaniment.band.humanise", 0.0, 1.0, 0.3, doc="Variation of timing and velocity.", takes_effect="next bar"
    ),
    "style_strength": Control(
        "accompaniment.band.style_strength",
        0.0,
        1.0,
        1.0,
        doc="How much of the style is played: 0 is plain patterns, 1 the style.",
        takes_effect="next bar",
    ),
    "temperature": Control(
        "accompaniment.band.temperature",
        0.0,
        1.0,
        0.5,
        doc="Randomness: 0 is the most likely pattern, 1 the most varied.",
        takes_effect="next bar",
    ),
}
MUTES = {
    name: Control(
        f"accompaniment.band.{name}.mute",
        0.0,
        1.0,
        0.0,
        kind="switch",
        doc=f"Mute the {name} from the next beat on.",
        takes_effect="next beat",
    )
    for name in PARTS
}


def read_controls(values: Mapping[str, float]) -> PerformanceControls:
    """The performance controls from ``values`` by control name."""
    chosen: dict[str, Any] = {name: values[control.name] for name, control in PERFORMANCE_CONTROLS.items()}
    return PerformanceControls(**chosen, seed=int(values[SEED.name]))

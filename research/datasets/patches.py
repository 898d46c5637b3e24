"""Sounds for the synthesiser: for each kind what its settings may be, and one drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from research.datasets.effects import Random
from research.datasets.synths import SAW, SINE, SQUARE, TRIANGLE, SynthPatch

Setting = float | tuple[float, float] | list[int] | list[float]
"""A number; from where to where it may lie; or a list, one of which it is."""
Kind = Mapping[str, Setting]
"""What differs from the defaults of ``SynthPatch``, in the order of drawing: another order is another sound."""

_BASS: Kind = {
    "shape": [SAW, SAW, TRIANGLE], "voices": [1, 1, 2], "detune": (0, 0.12), "sub": (0, 0.7), "cutoff": (1.5, 8),
    "sweep": (0, 25), "sweep_s": (0.03, 0.3), "damping": (0.25, 1.5), "decay_s": (0.2, 1), "sustain": (0.4, 1),
    "release_s": (0.03, 0.15), "width": (0.2, 0.5), "glide_s": [0, 0, 0.06],
}  # fmt: skip

BASSES: Mapping[str, Kind] = {
    "saw": _BASS,
    "square": {**_BASS, "shape": SQUARE},
    "sub": {"shape": SINE, "cutoff": 20, "sustain": (0.6, 1), "release_s": (0.05, 0.2), "glide_s": [0, 0.08]},
    "fm": {
        "cutoff": 40, "ratio": [0.5, 1.0, 1.0, 2.0, 3.0], "index": (0.8, 5), "index_s": (0.05, 0.6),
        "decay_s": (0.2, 1), "sustain": (0.2, 0.9), "sub": (0, 0.4),
    },
    "reese": {
        "shape": SAW, "voices": [2, 3, 4], "detune": (0.1, 0.45), "spread": (0, 0.5), "sub": (0.2, 0.9),
        "cutoff": (4, 16), "sustain": 0.9, "decay_s": 1, "damping": (0.4, 1.4),
    },
    "808": {
        "shape": SINE, "cutoff": 30, "attack_s": 0.002, "decay_s": (0.4, 1.5), "sustain": (0, 0.4), "release_s": 0.15,
        "glide_s": [0, 0.12, 0.25], "drop": (0, 24),
    },
    "pluck": {**_BASS, "decay_s": (0.08, 0.25), "sustain": (0, 0.3)},
}  # fmt: skip

KEYS: Mapping[str, Kind] = {
    "pad": {
        "shape": [SAW, SAW, SQUARE, TRIANGLE], "voices": [3, 5, 7], "detune": (0.05, 0.3), "spread": (0.3, 1),
        "cutoff": (2, 10), "sweep": (-1, 4), "sweep_s": (0.5, 2), "attack_s": (0.1, 0.9), "decay_s": 2,
        "sustain": 0.8, "release_s": (0.3, 1.2), "noise": (0, 0.05), "damping": (0.5, 1.5),
    },
    "pluck": {
        "shape": [SAW, SQUARE, TRIANGLE], "voices": [1, 2, 3, 5], "detune": (0, 0.2), "spread": (0, 0.8),
        "cutoff": (1.5, 6), "sweep": (4, 30), "sweep_s": (0.04, 0.25), "decay_s": (0.1, 0.5), "sustain": (0, 0.2),
        "release_s": (0.05, 0.4), "damping": (0.3, 1.5), "attack_s": 0.002, "width": (0.2, 0.5),
    },
    "supersaw": {
        "shape": SAW, "voices": 7, "detune": (0.1, 0.4), "spread": (0.5, 1), "cutoff": (8, 40), "sweep": (0, 20),
        "sweep_s": (0.1, 0.4), "decay_s": (0.2, 0.8), "sustain": (0.3, 0.9), "release_s": (0.05, 0.4),
    },
    "organ": {
        "shape": [SINE, TRIANGLE, SQUARE], "voices": 2, "detune": (0, 0.06), "spread": 0.3, "cutoff": (4, 20),
        "sub": (0.2, 0.8), "sustain": 1, "release_s": 0.05, "vibrato": (0, 0.1), "ratio": 2, "index": (0, 1.5),
        "index_s": 9, "width": 0.5,
    },
    "epiano": {
        "cutoff": 40, "ratio": [1.0, 1.0, 14.0, 2.0], "index": (0.4, 2), "index_s": (0.1, 0.8), "decay_s": (0.8, 2),
        "sustain": 0, "release_s": 0.15, "attack_s": 0.002,
    },
    "bell": {
        "cutoff": 40, "ratio": [1.41, 3.5, 2.76, 7.0], "index": (0.8, 3.5), "index_s": (0.2, 1),
        "decay_s": (0.3, 1.5), "sustain": 0, "release_s": 0.5, "attack_s": 0.001,
    },
    "lead": {
        "shape": [SAW, SQUARE, TRIANGLE, SINE], "voices": [1, 2, 3], "detune": (0, 0.2), "spread": 0.4,
        "cutoff": (3, 16), "sweep": (0, 10), "damping": (0.3, 1.4), "sustain": (0.5, 1), "vibrato": (0, 0.3),
        "glide_s": [0, 0.05, 0.1], "width": (0.2, 0.5),
    },
}  # fmt: skip


def draw_bass_patch(random: Random) -> SynthPatch:
    """A synth bass of one of the kinds in ``BASSES``."""
    kind = str(random.choice(list(BASSES)))
    return _draw_patch(kind, BASSES[kind], random)


def draw_keys_patch(random: Random, kind: str) -> SynthPatch:
    """``kind``: one of ``KEYS``."""
    return _draw_patch(kind, KEYS[kind], random)


def _draw_patch(name: str, kind: Kind, random: Random) -> SynthPatch:
    settings: dict[str, Any] = {}
    for setting, value in kind.items():
        if isinstance(value, tuple):
            settings[setting] = random.uniform(*value)
        else:
            settings[setting] = random.choice(value).item() if isinstance(value, list) else value
    return SynthPatch(f"synth-{name}", **settings)

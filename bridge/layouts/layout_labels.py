"""Layout labels: what stands on an element, from the name of its control or action."""

from __future__ import annotations

from bridge.core.control import Control

UNIT_ENDINGS = ("_db", "_bpm", "_beats", "_frames", "_hz", "_ms", "_s")
"""Ends of names that say the unit, which the value shows."""
WORDS = {
    "mir": "analysis", "jack": "JACK",
    "synth": "band", "user_offset_frames": "offset", "reserve_auto": "auto reserve", "mtc_start_s": "MTC start",
    "bar_beats": "beats in a bar", "mode": "who leads", "direct": "pre-fader", "dry": "dry mix", "stays": "in drop-out",
    "dropout": "drop-out", "tempo_prior_bpm": "usual tempo", "sends": "latency of sends",
}  # fmt: skip
"""Words that say more than the names of controls do; the synth sounds for the band."""
FEW_DIGITS_BELOW = 10.0
"""A range up to here has values between whole numbers that matter: two decimals."""


def label_name(name: str) -> str:
    """The words for ``name``: a dotted name of a control or action, or the part of it that no heading says."""
    words = " ".join(map(_label_part, name.split(".")))
    return words[:1].upper() + words[1:]


def _label_part(part: str) -> str:
    if part in WORDS:
        return WORDS[part]
    for ending in UNIT_ENDINGS:
        part = part.removesuffix(ending)
    return part.replace("_", " ")


def count_decimals(control: Control) -> int:
    """How many decimals of a control's value are shown and sent."""
    if control.is_whole:
        return 0
    return 2 if control.high - control.low <= FEW_DIGITS_BELOW else 1

"""Effect tails: how long a built-in effect sounds on behind the end of its input, from its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping

MOST_TAIL_S = 10.0
"""The longest tail that is said; an effect that never ends has this one."""
_COMB_S = 1617 / 44_100
"""Period of the longest comb filter of FreeVerb (juce_Reverb.h)."""


def compute_tail(effect: str, values: Mapping[str, float]) -> float:
    """Seconds until an effect has decayed by 60 dB, 0 for those that only have a short memory."""
    if effect == "Delay":
        return compute_echo_tail(values["delay_seconds"], values["feedback"])
    if effect == "Reverb":
        if values["freeze_mode"] >= 0.5:
            return MOST_TAIL_S
        return compute_echo_tail(_COMB_S, values["room_size"] * 0.28 + 0.7)
    if effect in ("Chorus", "Phaser"):
        return compute_echo_tail(values.get("centre_delay_ms", 10.0) / 1000.0, abs(values["feedback"]))
    return 0.0


def compute_echo_tail(period_s: float, feedback: float) -> float:
    """Seconds until echoes with this period and gain have decayed by 60 dB."""
    if feedback <= 0.0:
        return min(MOST_TAIL_S, period_s)
    if feedback >= 1.0:
        return MOST_TAIL_S
    return min(MOST_TAIL_S, period_s * (1.0 + 3.0 / -math.log10(feedback)))

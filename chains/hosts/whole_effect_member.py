"""Whole-signal effect member: a built-in effect of Pedalboard that works in blocks of its own.

In a stream PitchShift gives silence, and GSMFullRateCompressor another sound for each block size. At once, with its
reset, Pedalboard aligns them.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from chains.hosts.effect_member import EffectMember
from chains.hosts.member import refuse
from chains.hosts.offline_run import OfflineRun


class WholeEffectMember(EffectMember):
    """An effect that takes a whole signal, and gives it out aligned."""

    @property
    def latency_frames(self) -> int:
        """None: Pedalboard takes it off."""
        return 0

    def settle(self) -> None:
        """Nothing: every render begins with a reset."""

    def raw_curve(self, name: str, values: Audio) -> Audio:
        """Refuse: a parameter has one value for a whole signal."""
        hint = "render two chains, or leave its automation out"
        raise refuse(
            self.label, "render", f"{self.effect.name} takes no automation ({name}, {len(values)} values)", hint
        )

    def render(self, audio: Audio, run: OfflineRun) -> Audio:
        """Process a whole signal, shape (2, frames), from silence; the same shape, aligned."""
        out = self._plugin.process(np.ascontiguousarray(audio), float(run.rate), run.block_frames, reset=True)
        return np.pad(out, ((0, 0), (0, max(0, audio.shape[1] - out.shape[1]))))[:, : audio.shape[1]]

"""Offline run: the settings of one render, and what it finds out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge.core.audio import Audio
from chains.process.messages import MidiNote

CURVE_FRAMES = 64
"""Frames for which a value of an automation holds: -67 dB of error on a ramp; 512 would be -50 dB."""
_CHUNK_BLOCKS = 64
_MAX_CHUNK_FRAMES = 1 << 16


@dataclass
class OfflineRun:
    """A render.

    Attributes:
        rate: In Hz.
        frames: That are wanted.
        block_frames: That a plugin gets at a time.
        folder: For work audio.
        report_progress: Called with the number of frames that are done.
        is_compensated: Whether latencies are taken off.
        resets: Whether members start from silence.
        curves: Values of an automation, one for each `CURVE_FRAMES`, by member and parameter.
        beats_s: The time of each beat, for what follows the tempo; empty: none.
        tempo_bpm: The tempo where no beats are known; 0: not known either.
        sidechains: Audio, shape (2, frames), by name.
        notes: For the instrument.
        report_step: Called with step and member before each renders, so that a crash has a culprit.
        block_sizes: Sizes of blocks that follow one another, again and again, for plugins in Pedalboard; empty: one.
        passes: How many members the signal passes, for the progress.
        latency_changes: Member, frame and new latency.
        bad_frames: Frames with NaN or infinity, replaced by silence.
        bad_members: The members that gave them, the first one first.
        warnings: Sentences for the user.
    """

    rate: int
    frames: int
    block_frames: int
    folder: Path
    report_progress: Callable[[int], None]
    is_compensated: bool = True
    resets: bool = True
    curves: Mapping[str, Mapping[str, Audio]] = field(default_factory=dict)
    beats_s: tuple[float, ...] = ()
    tempo_bpm: float = 0.0
    sidechains: Mapping[str, Audio] = field(default_factory=dict)
    notes: tuple[MidiNote, ...] = ()
    report_step: Callable[[str, str], None] = lambda _step, _member: None
    block_sizes: tuple[int, ...] = ()
    passes: int = 1
    latency_changes: list[tuple[str, int, int]] = field(default_factory=list)
    bad_frames: int = 0
    bad_members: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _done: float = 0.0

    @property
    def chunk_frames(self) -> int:
        """Frames of a call of a streaming member: many blocks, but not so many that progress stands still."""
        return max(self.block_frames, min(_CHUNK_BLOCKS * self.block_frames, _MAX_CHUNK_FRAMES))

    def advance(self, frames: int, of: int) -> None:
        """Report that one member has processed ``frames`` of ``of`` more."""
        self._done += frames / max(1, of) / max(1, self.passes)
        self.report_progress(min(self.frames, int(self._done * self.frames)))

    def note_latency(self, label: str, frame: int, before: int, after: int) -> None:
        """Note that the latency of a member changed at ``frame``, at the latest."""
        self.latency_changes.append((label, frame, after))
        known = f"{label}: its latency changed"
        if not any(warning.startswith(known) for warning in self.warnings):
            self.warnings.append(
                f"{known} at frame {frame} from {before} to {after}: aligned to the new one from there"
            )

    def silence_bad_frames(self, label: str, block: Audio) -> None:
        """Count frames of ``block``, shape (2, frames), that are not finite, and replace them by silence."""
        if np.isfinite(np.vdot(block, block)) or np.isfinite(block).all():  # the energy costs a third of the exact test
            return
        bad = ~np.isfinite(block).all(axis=0)
        block[:, bad] = 0.0
        self.bad_frames += int(np.count_nonzero(bad))
        if label not in self.bad_members:
            self.bad_members.append(label)

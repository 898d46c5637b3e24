"""Insert delays: by how much each insert point delays its audio, and by how much each path of the ledger is later.

    delay = buffering + reserve + latency of the chain

Stems have one delay, the largest of the four: so they stay on one sample. The band is played earlier by the delay of
its insert, where it is played ahead of the input at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bridge.core.audio import STEMS
from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import Path, buffering_frames
from bridge.errors import ConfigError, did_you_mean
from bridge.runtime.shared.layout import (
    MAX_INSERT_BLOCK,
    MAX_INSERT_LATENCY,
    MAX_INSERT_RESERVE,
    MIN_INSERT_BLOCK,
)

MIX, BAND = INSERT_POINTS[len(STEMS) :]


@dataclass(frozen=True, slots=True)
class InsertTiming:
    """What the delay of one insert point is made of, in frames.

    Attributes:
        block_frames: What its worker processes at a time.
        reserve_frames: Compute headroom; 0 is for a driver that waits, else at least a period is taken.
        latency_frames: The latency of its processor.
    """

    block_frames: int
    reserve_frames: int
    latency_frames: int

    def compute_delay(self, period: int) -> int:
        """Frames from the input of the point to its output, for callbacks of ``period`` frames."""
        reserve = max(self.reserve_frames, period) if self.reserve_frames > 0 else 0
        return buffering_frames(self.block_frames, period) + reserve + self.latency_frames


def check_insert(point: str, timing: InsertTiming | None) -> None:
    """Check that ``point`` exists and its rings hold ``timing``. Raises: ConfigError where it is not so."""
    if point not in INSERT_POINTS:
        raise ConfigError(f"no insert point {point!r}", did_you_mean(point, INSERT_POINTS))
    if timing is None:
        return
    limits = (
        ("a block", timing.block_frames, MIN_INSERT_BLOCK, MAX_INSERT_BLOCK),
        ("a reserve", timing.reserve_frames, 0, MAX_INSERT_RESERVE),
        ("a latency", timing.latency_frames, 0, MAX_INSERT_LATENCY),
    )
    for name, frames, least, most in limits:
        if not least <= frames <= most:
            raise ConfigError(f"insert {point}: {name} of {frames} frames", f"use {least} to {most}")


def compute_point_delays(timings: Mapping[str, InsertTiming], period: int) -> dict[str, int]:
    """The delay of each of INSERT_POINTS, in frames; ``timings``: of the points that are in use."""
    own = {point: timing.compute_delay(period) for point, timing in timings.items()}
    of_stems = max((own.get(stem, 0) for stem in STEMS), default=0)
    return dict.fromkeys(STEMS, of_stems) | {point: own.get(point, 0) for point in (MIX, BAND)}


def compute_path_delay(point_delays: Mapping[str, int], path: str) -> int:
    """What insert points add to the delay of ``path``, in frames: the mix passes those of the stems and its own."""
    own = point_delays.get(path, 0)
    return own + point_delays[STEMS[0]] if path == MIX else own


def add_inserts(path: Path, point_delays: Mapping[str, int], further_ahead: int = 0) -> Path:
    """``path`` with what insert points add to its delay.

    ``further_ahead``: of a path of the band's player or synth, the frames by which they run further ahead, which are
    the delay of the band's insert. The sound is not late then; for the notes, which pass no insert, they are reserve.
    """
    insert = compute_path_delay(point_delays, path.name)
    reserve = path.reserve if insert else path.reserve + further_ahead
    return replace(path, model=path.model - further_ahead, reserve=reserve, insert=insert)

"""Separation request and result of ``sideman separate``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engines.offline.stemfile import FileFormat
from engines.separation.offline.journal import Recipe


@dataclass(frozen=True, slots=True)
class SeparationRequest:
    """Settings for every song. ``without``: sets of stems; each gives the mix minus these."""

    recipe: Recipe
    format: FileFormat
    stems: tuple[str, ...]
    without: tuple[tuple[str, ...], ...] = ()
    force: bool = False

    @property
    def outputs(self) -> dict[str, tuple[str, ...]]:
        """Outputs by name: stems as (stem,), mixes minus stems as ("-", stem, ...)."""
        less = {"no_" + "_".join(stems): ("-", *stems) for stems in self.without}
        return {stem: (stem,) for stem in self.stems} | less


@dataclass(slots=True)
class SeparationResult:
    """Result of a song. ``status``: done, skipped or failed. ``peaks``: by output, before any gain, linear."""

    song: Path
    status: str = "done"
    folder: Path | None = None
    files: dict[str, Path] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    rate: int = 0
    frames: int = 0
    resumed_at: int = 0
    gain: float = 1.0
    took_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    error: str = ""
    hint: str = ""

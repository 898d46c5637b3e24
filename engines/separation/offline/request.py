"""What is wanted of songs, what is told on the way, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engines.offline.stemfile import FileFormat
from engines.separation.offline.journal import Recipe


@dataclass(frozen=True, slots=True)
class SeparationRequest:
    """What is wanted of every song. ``without``: sets of stems; each gives the mix less these."""

    recipe: Recipe
    format: FileFormat
    stems: tuple[str, ...]
    without: tuple[tuple[str, ...], ...] = ()
    force: bool = False

    @property
    def outputs(self) -> dict[str, tuple[str, ...]]:
        """What is written, by name: stems as (stem,), mixes less stems as (minus, stem, ...)."""
        less = {"no_" + "_".join(stems): ("-", *stems) for stems in self.without}
        return {stem: (stem,) for stem in self.stems} | less


@dataclass(slots=True)
class SeparationResult:
    """What became of a song. ``status``: done, skipped or failed. ``peaks``: by output, before any gain, linear."""

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

"""Rendered source: the result of a source of ``sideman render``, with the figures of each file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chains.render.render_tempo import RenderTempo
from engines.mastering.loudness import Loudness


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file that was written. ``gain_db``: what it was raised by. ``is_limited``: whether the limiter worked."""

    path: Path
    loudness: Loudness
    gain_db: float = 0.0
    is_limited: bool = False


@dataclass(slots=True)
class RenderedSource:
    """Result of a source. ``status``: done, skipped or failed.

    Attributes:
        files: By part; a song has `MIX` alone. ``paths`` has those of files that existed, too.
        latency_frames: Latency of each chain that was compensated, by part.
        members: Plugins of each chain by part, as ``name version (host)``.
        tempi: The tempo of each chain that needs one, by the chain's name.
        gains_db: What parts were raised by before their chains, where that is not 0.
        replaced: Finished files that were made in another way were replaced.
        cpu_s: Processor time of the plugins.
        verdict: What became of a plugin that failed, see `HostVerdict`; ``plugin``: its label.
        is_bad_input: It failed because of what was given, not of a plugin.
    """

    source: Path
    status: str = "done"
    paths: dict[str, Path] = field(default_factory=dict)
    files: dict[str, RenderedFile] = field(default_factory=dict)
    rate: int = 0
    frames: int = 0
    latency_frames: dict[str, int] = field(default_factory=dict)
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tempi: dict[str, RenderTempo] = field(default_factory=dict)
    gains_db: dict[str, float] = field(default_factory=dict)
    replaced: bool = False
    cpu_s: float = 0.0
    took_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    verdict: str = ""
    plugin: str = ""
    is_bad_input: bool = False
    error: str = ""
    hint: str = ""

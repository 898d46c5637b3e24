"""Render tempo: the tempo at which a chain is played, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from chains.document.chain import Chain, Member
from chains.document.member_paths import walk_active_members
from chains.render.render_source import RenderSource

OPTION, MIDI, ANALYSIS, FILE = "option", "midi", "analysis", "chain"
"""Origins of a tempo."""
_WORDS = {
    OPTION: "of --tempo",
    MIDI: "of the MIDI file",
    ANALYSIS: "of the analysis",
    FILE: "of the chain's file; --tempo and --analysis give another",
}


@dataclass(frozen=True, slots=True)
class RenderTempo:
    """``low_bpm``, ``high_bpm``: slowest and fastest; equal where it does not change. ``origin``: see OPTION.

    ``map``: the file of an analysis. ``median_bpm``: of its beats.
    """

    low_bpm: float
    high_bpm: float
    origin: str
    map: str = ""
    median_bpm: float = 0.0

    def __str__(self) -> str:
        low, high = f"{self.low_bpm:.4g}", f"{self.high_bpm:.4g}"
        words = f"{_WORDS[self.origin]} {self.map}" if self.map else _WORDS[self.origin]
        if low == high:
            return f"tempo {low} BPM, {words}"
        return f"tempo {low} to {high} BPM{f' (median {self.median_bpm:.4g})' if self.median_bpm else ''}, {words}"


def needs_tempo(member: Member) -> bool:
    """Whether the sound of a member depends on the tempo."""
    return not member.bypass and bool(member.follows_tempo or member.automation)


def chain_needs_tempo(chain: Chain) -> bool:
    """Whether the sound of a chain depends on the tempo."""
    return any(needs_tempo(member) for _, member in walk_active_members(chain))


def find_render_tempo(chain: Chain, option_bpm: float, source: RenderSource) -> RenderTempo | None:
    """The tempo of ``chain``; None where its members need none, or there is none.

    ``option_bpm``: as the user gave it, 0 if not.
    """
    if not chain_needs_tempo(chain):
        return None
    if option_bpm:
        return RenderTempo(option_bpm, option_bpm, OPTION)
    tempi = [60.0 / (end - start) for start, end in pairwise(source.beats_s) if end > start]
    if tempi:
        if source.beats is not None:
            return RenderTempo(min(tempi), max(tempi), ANALYSIS, str(source.beats.file), median(tempi))
        return RenderTempo(min(tempi), max(tempi), MIDI)
    return RenderTempo(chain.tempo_bpm, chain.tempo_bpm, FILE) if chain.tempo_bpm > 0 else None

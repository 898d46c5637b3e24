"""Render tempo: the tempo at which a chain is played, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chains.document.chain import Chain, Member
from chains.document.member_paths import walk_members

OPTION, MIDI, FILE = "option", "midi", "chain"
"""Origins of a tempo."""
_WORDS = {OPTION: "of --tempo", MIDI: "of the MIDI file", FILE: "of the chain's file; --tempo gives another"}


@dataclass(frozen=True, slots=True)
class RenderTempo:
    """``low_bpm``, ``high_bpm``: slowest and fastest; equal where it does not change. ``origin``: see OPTION."""

    low_bpm: float
    high_bpm: float
    origin: str

    def __str__(self) -> str:
        low, high = f"{self.low_bpm:.4g}", f"{self.high_bpm:.4g}"
        return f"tempo {low if low == high else f'{low} to {high}'} BPM, {_WORDS[self.origin]}"


def needs_tempo(member: Member) -> bool:
    """Whether the sound of a member depends on the tempo."""
    return not member.bypass and bool(member.follows_tempo or member.automation)


def find_render_tempo(chain: Chain, option_bpm: float, beats_s: Sequence[float]) -> RenderTempo | None:
    """The tempo of ``chain``; None where its members need none, or there is none.

    ``option_bpm``: as the user gave it, 0 if not. ``beats_s``: the time of each beat of a MIDI file, else empty.
    """
    if not any(needs_tempo(member) for _, member in walk_members(chain)):
        return None
    if option_bpm:
        return RenderTempo(option_bpm, option_bpm, OPTION)
    tempi = [60.0 / (end - start) for start, end in pairwise(beats_s) if end > start]
    if tempi:
        return RenderTempo(min(tempi), max(tempi), MIDI)
    return RenderTempo(chain.tempo_bpm, chain.tempo_bpm, FILE) if chain.tempo_bpm > 0 else None

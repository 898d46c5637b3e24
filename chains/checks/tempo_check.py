"""Tempo check: a plugin whose sound depends on the tempo is marked so in the chain's file; else it plays at 120 BPM."""

from __future__ import annotations

from msgspec.structs import replace

from chains.checks.check import USUAL, Check
from chains.checks.differences import compute_null_db
from chains.checks.outcome import CheckFinding, Figure, SkippedCheckError, make_pass, make_warning
from chains.checks.repeat_checks import describe_depth
from chains.checks.subject import Subject
from chains.document.chain import Chain, Member
from chains.document.host_choice import DAWDREAMER
from chains.process.verdict import HostVerdict, PluginError

TEMPI_BPM = (90.0, 140.0)
"""Two tempi without a common note value: synchronised echoes and modulation differ."""
TAIL_S = 1.5
"""Time for an echo of two beats at the slower tempo."""


def check_tempo(subject: Subject) -> CheckFinding:
    """Render each plugin that is not marked at two tempi in DawDreamer, the host that has one."""
    same_db = subject.same_db
    plain = [one for one in subject.members if one.plugin and not one.follows_tempo]
    if not plain:
        raise SkippedCheckError("no plugin, or all follow the tempo")
    depths = {one.label: depth_db for one in plain if (depth_db := _measure_depth(subject, one)) is not None}
    if not depths:
        raise SkippedCheckError("no plugin can be loaded in the host that has a tempo")
    figures: dict[str, Figure] = {"tempi_db": round(max(depths.values()), 1), "members": len(depths)}
    if following := [label for label, depth_db in depths.items() if depth_db > same_db]:
        text = f"the sound of {', '.join(following)} depends on the tempo, and is not marked so: it may play at 120 BPM"
        return make_warning(text, "write follows_tempo = true in the chain's file", **figures)
    low, high = TEMPI_BPM
    return make_pass(f"{low:g} and {high:g} BPM sound the same: {describe_depth(max(depths.values()))}", **figures)


def _measure_depth(subject: Subject, member: Member) -> float | None:
    """The difference of a member's sound at both tempi, in dB; None where DawDreamer does not load it."""
    # not marked here either: else the silence in front of the signal is as long as bars are, and modulation moves
    alone = Chain(members=(replace(member, latency_frames=-1, automation={}, sends={}),))
    tail_frames = int(TAIL_S * subject.rate)
    try:
        with subject.open_fresh(alone, host=DAWDREAMER) as (session, _):
            # the first one again: ZamHeadX2 sounds otherwise when it is loaded for the second time, at any tempo
            low, high, again = (
                session.render(subject.noise, subject.settings(tempo_bpm=bpm, tail_frames=tail_frames)).audio
                for bpm in (*TEMPI_BPM, TEMPI_BPM[0])
            )
    except PluginError as error:
        if error.verdict in (HostVerdict.REFUSED, HostVerdict.BLOCKED):
            return None
        raise
    return min(compute_null_db(low, high), compute_null_db(again, high))


TEMPO_CHECKS = (Check("tempo", "What depends on the tempo is marked so.", USUAL, check_tempo),)

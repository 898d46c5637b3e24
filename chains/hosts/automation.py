"""Automation: the value of a parameter for each sub-block of a render, from points of beat and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bridge.core.audio import Audio
from chains.document.chain import Chain, Member
from chains.document.member_paths import walk_members
from chains.hosts.member import HostedMember, refuse
from chains.hosts.offline_run import CURVE_FRAMES
from chains.hosts.tempo_map import compute_times


def compute_values(
    points: Sequence[tuple[float, float]], frames: int, rate: int, beats_s: Sequence[float], tempo_bpm: float
) -> Audio:
    """The values of an automation, one for each `CURVE_FRAMES` of ``frames``: those at the middle of each.

    Between points values are linear in beats; before the first and behind the last they stay.

    Raises:
        ValueError: The time of beats is not known.
    """
    count = -(-frames // CURVE_FRAMES)
    middles_s = (np.arange(count) + 0.5) * (CURVE_FRAMES / rate)
    first, last = points[0][0], points[-1][0]
    # beats between points too: the tempo may change there, and a line in beats is none in time
    between = np.arange(np.ceil(first), np.floor(last) + 1.0)
    beats = np.union1d(np.array([beat for beat, _ in points], np.float64), between)
    values = np.interp(beats, [beat for beat, _ in points], [value for _, value in points])
    times_s = compute_times(beats, beats_s, tempo_bpm)
    return np.asarray(np.interp(middles_s, times_s, values), np.float32)


def compute_curves(
    chain: Chain,
    members: Sequence[HostedMember],
    frames: int,
    rate: int,
    beats_s: Sequence[float],
    tempo_bpm: float,
) -> Mapping[str, Mapping[str, Audio]]:
    """The raw values of all automation of a chain, by member and parameter; those of `compute_values`.

    Raises:
        PluginError: A parameter is missing or takes other values, or the time of beats is not known.
    """
    hosted = {member.label: member for member in members}
    curves: dict[str, dict[str, Audio]] = {}
    for _, member in walk_members(chain):
        if member.automation and member.label in hosted:
            one = hosted[member.label]
            curves[member.label] = _compute_member(member, one, frames, rate, beats_s, tempo_bpm)
    return curves


def _compute_member(
    member: Member, hosted: HostedMember, frames: int, rate: int, beats_s: Sequence[float], tempo_bpm: float
) -> dict[str, Audio]:
    curves = {}
    for name, points in member.automation.items():
        try:
            values = compute_values(points, frames, rate, beats_s, tempo_bpm)
        except ValueError as error:
            hint = "analyse the song (sideman analyze), or give the chain a tempo_bpm"
            raise refuse(member.label, "render", f"automation of {name} needs the beats of the song", hint) from error
        curves[name] = hosted.raw_curve(name, values)
    return curves

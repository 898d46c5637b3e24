"""Sidechain inputs: the channels of a processor, the signal first, then the sidechain, the rest silent."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from chains.document.chain import Member
from chains.hosts.member import refuse
from chains.hosts.offline_run import OfflineRun


def find_sidechain(member: Member, run: OfflineRun) -> Audio | None:
    """The sidechain's audio, shape (2, frames); None where the member has none.

    Raises:
        PluginError: The render has no audio of this name.
    """
    if not member.sidechain:
        return None
    if member.sidechain not in run.sidechains:
        hint = f"give it: there are {', '.join(run.sidechains) or 'none'}"
        raise refuse(member.label, "render", f"its sidechain {member.sidechain!r} is missing", hint)
    return run.sidechains[member.sidechain]


def make_inputs(signal: Audio, inputs: int, sidechain: Audio | None, lead_frames: int = 0) -> Audio:
    """The input channels of a processor, shape (inputs, lead_frames + frames), silence first.

    ``signal``: shape (n, frames), the first channels. ``sidechain``: shape (2, any number of frames); where only one
    channel is left for it, that one gets the mean.
    """
    frames = signal.shape[1]
    made = np.zeros((inputs, lead_frames + frames), np.float32)
    main = min(signal.shape[0], inputs)
    made[:main, lead_frames:] = signal[:main]
    if sidechain is not None:
        count, rest = min(sidechain.shape[1], frames), inputs - main
        key = sidechain[:, :count]
        made[main : main + 2, lead_frames : lead_frames + count] = key[:rest] if rest > 1 else key.mean(axis=0)
    return made

"""Step limits: how long a host process may take for a step without a report, by step, member and length of audio."""

from __future__ import annotations

from dataclasses import dataclass, field

from chains.document.chain import Chain
from chains.document.host_choice import DAWDREAMER
from chains.document.member_paths import walk_members
from chains.process.limits import Limits
from chains.process.messages import LoadResult, RenderRequest, Request, Step

WHOLE_HOST = DAWDREAMER
"""The host that renders a whole signal in one call, without reports of progress. So do some effects of Pedalboard."""
WHOLE_FACTOR = 2.0
"""Seconds that such a render may compute for each second of audio. The slowest plugin measured takes 0.08."""


@dataclass(frozen=True, slots=True)
class StepLimit:
    """Seconds without a report: in which it stands still, and in which it computes."""

    still_s: float
    busy_s: float


@dataclass
class StepLimits:
    """The limits of one chain's steps.

    Attributes:
        limits: Those of any chain.
        rate: Of the chain, in Hz.
        load_limits_s: What the chain allows, by label.
        whole: Labels of the members that may render a whole signal in one call.
    """

    limits: Limits
    rate: int = 1
    load_limits_s: dict[str, float] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    def open_chain(self, chain: Chain, rate: int) -> None:
        """Take what ``chain`` allows."""
        self.rate, self.whole = rate, {member.label for _, member in walk_members(chain) if member.effect}
        self.load_limits_s = {member.label: member.load_limit_s for _, member in walk_members(chain)}

    def note_hosts(self, result: LoadResult) -> None:
        """Take the hosts of the members that were loaded."""
        self.whole |= {member.label for member in result.members if member.host == WHOLE_HOST}

    def find(self, step: Step, request: Request) -> StepLimit:
        """The limit of a step of ``request``."""
        if step.step == "render" and isinstance(request, RenderRequest):
            is_whole = step.plugin in self.whole if step.plugin else bool(self.whole)  # without a name it may be any
            audio_s = request.sink.frames / self.rate if is_whole else 0.0
            return StepLimit(self.limits.render_s, self.limits.render_s + WHOLE_FACTOR * audio_s)
        limit_s = self.limits.start_s if step.step == "start" else self.limits.prepare_s
        if step.step in ("load", "state"):
            limit_s = max(self.limits.load_s, self.load_limits_s.get(step.plugin, 0.0))
        return StepLimit(limit_s, limit_s)

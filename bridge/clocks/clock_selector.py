"""Clock selector: which source is the clock, one at a time, and why. The time comes in as an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.clocks.clock_source import SourceState
from bridge.core.clock import AUTO, AUTO_ORDER, CLOCK_SOURCE, JACK_CLOCK

TAKEOVER_S = 0.5
"""So long a source must have run without a break before it takes over from one that runs: one that comes and goes does
not move the music to and fro. JACK's transport takes over at once, in the callback."""
HOLD_S = 1.0
"""So long a source that stopped stays the clock before another takes over: a DAW that starts again at once leads still.
One that is gone is replaced at once."""


@dataclass(frozen=True, slots=True)
class ClockChoice:
    """``leader``: the name of the source that is the clock, empty for none. ``reason``: why it became that."""

    leader: str
    reason: str


class ClockSelector:
    """Chooses among sources by `AUTO_ORDER`, or as the user wants; ``titles``: what users call each source."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self._choice = ClockChoice("", "the start")
        self._runs_since_s: dict[str, float] = {}
        self._stopped_s: float | None = None

    def select(self, wanted: str, states: Mapping[str, SourceState], now_s: float) -> ClockChoice:
        """The clock at ``now_s`` (seconds of any clock that runs on), by what each source says.

        ``wanted``: one of CLOCK_SOURCES, which is the clock whether it runs or not; AUTO: the first that runs.
        """
        for name, state in states.items():
            if not state.runs:
                self._runs_since_s.pop(name, None)
            else:
                self._runs_since_s.setdefault(name, now_s)
        found, reason = self._find_leader(wanted, states, now_s)
        if found != self._choice.leader:
            self._choice, self._stopped_s = ClockChoice(found, reason), None
        return self._choice

    def _find_leader(self, wanted: str, states: Mapping[str, SourceState], now_s: float) -> tuple[str, str]:
        if wanted != AUTO:
            return wanted, f"{CLOCK_SOURCE} is {wanted}"
        leader = self._choice.leader
        running = [name for name in AUTO_ORDER if name in self._runs_since_s]
        first = running[0] if running else ""
        state = states.get(leader)
        if state is not None and state.runs:
            self._stopped_s = None
            ready = [name for name in running if self._may_take_over(name, now_s)]
            if ready and AUTO_ORDER.index(ready[0]) < AUTO_ORDER.index(leader):
                return ready[0], f"{self._titles[ready[0]]} runs, and comes before {self._titles[leader]}"
            return leader, ""
        if state is None or not state.is_present or first == JACK_CLOCK:
            why = "runs, nothing else did" if not leader else f"runs, and {self._titles[leader]} does not"
            if first:
                return first, f"{self._titles[first]} {why}"
            return "", f"{self._titles[leader]} is gone" if leader else ""
        self._stopped_s = now_s if self._stopped_s is None else self._stopped_s
        if now_s - self._stopped_s < HOLD_S:
            return leader, ""
        if first:
            return first, f"{self._titles[first]} runs, and {self._titles[leader]} has stopped"
        return "", f"{self._titles[leader]} has stopped"

    def _may_take_over(self, name: str, now_s: float) -> bool:
        return name == JACK_CLOCK or now_s - self._runs_since_s[name] >= TAKEOVER_S

"""Clock log: each change of the leading clock and of its tempo, with the reason."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from bridge.clocks.clock_selector import ClockChoice
from bridge.clocks.clock_source import SourceState

log = logging.getLogger(__name__)

TEMPO_STEP_BPM = 0.5
"""A change of tempo that is logged: what a clock's jitter and a search for its tempo do not reach."""
TEMPO_PAUSE_S = 1.0
"""Time between two lines about the tempo: a ritardando is not fifty lines a second."""


class ClockLog:
    """Writes what changed. ``titles``: what users call each source."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self._leader = ""
        self._tempo, self._tempo_s = 0.0, 0.0

    def update(self, choice: ClockChoice, state: SourceState | None, now_s: float) -> None:
        """The choice at ``now_s``, and what its source says; None: it is not there."""
        if choice.leader != self._leader:
            title = self._titles.get(choice.leader, choice.leader) or "none"
            log.info("the clock is now %s: %s", title, choice.reason)
            self._leader, self._tempo = choice.leader, 0.0
        if state is None or not state.runs:
            return
        tempo = state.time.tempo
        if abs(tempo - self._tempo) < TEMPO_STEP_BPM or (self._tempo and now_s - self._tempo_s < TEMPO_PAUSE_S):
            return
        was = f", was {self._tempo:.2f}" if self._tempo else ""
        log.info("the tempo is now %.2f BPM%s: %s says so", tempo, was, self._titles[choice.leader])
        self._tempo, self._tempo_s = tempo, now_s

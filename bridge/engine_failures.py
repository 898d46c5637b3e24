"""Engine failures: which engines failed while a song was played, before which second first, and in how many hops."""

from __future__ import annotations

from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import Plan, SharedArrays

_EFFECTS = {
    "separation": "the mix was played dry there",
    "mir": "nothing was detected there",
    "accompaniment": "the band was silent there and began anew",
    "synth": "the band was silent there",
}
"""The effect of a failed hop on what is sent, by the engine's role."""


class EngineFailures:
    """Remembers where each engine failed first; `update` is called often meanwhile, from one thread at a time."""

    def __init__(self) -> None:
        self._first_frames: dict[int, int] = {}  # index of the worker: the frame where its failures were seen first

    def update(self, shared: SharedArrays) -> None:
        """Look for engines that have failed for the first time since the last call."""
        for index, words in enumerate(shared.workers):
            if words[w.FAULTS] and index not in self._first_frames:
                self._first_frames[index] = int(words[w.PROGRESS])

    def describe(self, plan: Plan, shared: SharedArrays) -> list[str]:
        """A sentence for each engine that failed: its name, how often, where first, what it meant, what to do.

        The first is shortly before the time that is named: the log has its exact frame.
        """
        self.update(shared)
        found = []
        for worker in plan.workers:
            if (frame := self._first_frames.get(worker.index)) is None:
                continue
            words = shared.workers[worker.index]
            minutes, seconds = divmod(frame // plan.rate + 1, 60)
            effect = _EFFECTS.get(worker.role, "its output is missing there")
            found.append(
                f"engine {worker.engine} failed in {int(words[w.FAULTS]):,} of {int(words[w.HOPS]):,} hops, first "
                f"before {minutes}:{seconds:02}: {effect}; please report it with what is printed above"
            )
        return found

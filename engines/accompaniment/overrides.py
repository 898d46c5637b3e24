"""What the user says against what is heard: the key, and the tempo where no host says one."""

from __future__ import annotations

from bridge.core.control import Control
from bridge.core.events import Key
from bridge.core.time import BlockTime
from engines.accompaniment.timeline import Timeline
from engines.saved_state import SavedState

KEYS = ("auto", *(Key(tonic, minor, 1.0).label for minor in (0, 1) for tonic in range(12)))
KEY = Control(
    "accompaniment.band.key", 0.0, len(KEYS) - 1.0, 0.0, kind="choice", choices=KEYS,
    doc="The key in which it expects chords, in place of the one heard.",
)  # fmt: skip
LOWEST_BPM = 30.0
TEMPO = Control(
    "accompaniment.band.tempo", 0.0, 300.0, 0.0, "BPM",
    doc=f"Where no host says one: the tempo that it keeps from the next beat heard on, whatever comes; below "
    f"{LOWEST_BPM:g}: as heard.",
)  # fmt: skip


def key_of(choice: float) -> int:
    """The key that KEY says: tonic, 12 more in minor; -1 for the one heard."""
    return int(choice) - 1


class OwnTempo(SavedState):
    """A timeline that goes on by itself: from beat ``beat`` at ``frame`` on at ``tempo``; 0: none yet."""

    saved_fields = ("frame", "beat", "tempo", "bar_beats", "to_bar")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.frame, self.beat, self.tempo = 0, 0.0, 0.0
        self.bar_beats, self.to_bar = 4, 0

    def line(self, wanted: float, time: BlockTime, heard: Timeline | None) -> Timeline | None:
        """The timeline at the block ``time``: ``heard``, where there is a host or ``wanted`` (TEMPO) says nothing, else
        our own, which begins where something is heard, and goes on from where it is at a new tempo."""
        if time.hosted or wanted < LOWEST_BPM:
            self.tempo = 0.0
            return heard
        if wanted != self.tempo:
            now = self._at(time) if self.tempo else heard
            if now is None:
                return None
            self.frame, self.beat, self.tempo = time.frame, now.time.beat_at(time.frame), float(wanted)
            self.bar_beats, self.to_bar = now.time.bar_beats, now.to_bar
        return self._at(time)

    def _at(self, at: BlockTime) -> Timeline:
        time = BlockTime(self.frame, at.rate, self.beat, self.tempo, True, self.bar_beats)
        return Timeline(time.moved_to(at.frame), self.to_bar)

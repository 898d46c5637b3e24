"""Overrides of analysed values: the key, and the tempo where no host reports one."""

from __future__ import annotations

from bridge.core.control import Control
from bridge.core.events import Key
from bridge.core.time import BlockTime
from engines.accompaniment.timeline import Timeline
from engines.saved_state import SavedState

KEYS = ("auto", *(Key(tonic, minor, 1.0).label for minor in (0, 1) for tonic in range(12)))
KEY = Control(
    "accompaniment.band.key", 0.0, len(KEYS) - 1.0, 0.0, kind="choice", choices=KEYS,
    doc="The key in which chords are predicted, in place of the analysed one.",
)  # fmt: skip
LOWEST_BPM = 30.0
TEMPO = Control(
    "accompaniment.band.tempo", 0.0, 300.0, 0.0, "BPM", takes_effect="next beat",
    doc=f"Without a host: a fixed tempo, from the next detected beat on; below {LOWEST_BPM:g}: the analysed tempo.",
)  # fmt: skip


def to_key(choice: float) -> int:
    """The key of KEY's value: tonic, 12 more in minor; -1 for the analysed one."""
    return int(choice) - 1


class OwnTempo(SavedState):
    """A timeline that goes on by itself: from beat ``beat`` at ``frame`` on at ``tempo``; 0: none yet."""

    saved_fields = ("frame", "beat", "tempo", "bar_beats", "to_bar")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.frame, self.beat, self.tempo = 0, 0.0, 0.0
        self.bar_beats, self.to_bar = 4, 0

    def update(self, wanted: float, time: BlockTime, analysed: Timeline | None) -> Timeline | None:
        """The timeline at the block ``time``: ``analysed``, with a host or without a tempo in ``wanted`` (TEMPO); else
        our own. It begins with the analysed one, and keeps its position at a new tempo."""
        if time.hosted or wanted < LOWEST_BPM:
            self.tempo = 0.0
            return analysed
        if wanted != self.tempo:
            now = self._make_timeline(time) if self.tempo else analysed
            if now is None:
                return None
            self.frame, self.beat, self.tempo = time.frame, now.time.beat_at(time.frame), float(wanted)
            self.bar_beats, self.to_bar = now.time.bar_beats, now.to_bar
        return self._make_timeline(time)

    def _make_timeline(self, at: BlockTime) -> Timeline:
        time = BlockTime(self.frame, at.rate, self.beat, self.tempo, True, self.bar_beats)
        return Timeline(time.moved_to(at.frame), self.to_bar)

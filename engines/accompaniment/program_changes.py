"""Program changes: the program, volume and pan of each channel, sent to the synth when the style changes."""

from __future__ import annotations

import numpy as np

from bridge.core.engine import EventPort, State
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import CONTROL_CHANGE, PAN, PROGRAM_CHANGE, VOLUME
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.style import Style

SOUND = EventPort("sound")


class ProgramChanges:
    """Sends them when a style begins, and not again until another does."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._number, self._frame = -1, 0

    def select_style(self, number: int, style: Style, frame: int) -> list[TimedEvent]:
        """The changes at ``frame``, or later where some were sent for later; ``number`` is the style's."""
        if number == self._number:
            return []
        self._number, self._frame = number, max(frame, self._frame)
        return [
            TimedEvent(self._frame, Midi(data))
            for name, part in style.parts.items()
            for data in (
                bytes((PROGRAM_CHANGE | CHANNELS[name], part.program)),
                bytes((CONTROL_CHANGE | CHANNELS[name], VOLUME, part.volume)),
                bytes((CONTROL_CHANGE | CHANNELS[name], PAN, part.pan)),
            )
        ]

    def state(self) -> State:
        return {"number": np.array(self._number), "frame": np.array(self._frame)}

    def restore(self, state: State) -> None:
        self._number, self._frame = int(state["number"]), int(state["frame"])

"""The song's form as it is played live: sections, fills that lead to them, drop-outs, the count-in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.core.control import Control
from engines.accompaniment.arranger import FILL_BARS, USUAL, intensity_of
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Bar
from engines.saved_state import SavedState

SECTIONS = ("auto", "intro", "verse", "chorus", "bridge", "outro", "break")
AUTO = 0
NOWHERE = -(1 << 40)
"""Where no bar begins."""

SECTION = Control(
    "accompaniment.band.section", 0.0, len(SECTIONS) - 1.0, AUTO, kind="choice", choices=SECTIONS,
    doc="What is played from the next bar on. auto: as the chord sheet says; without one, by how hard the music plays.",
)  # fmt: skip
DROPOUT = Control(
    "accompaniment.band.dropout", 0.0, 1.0, 0.0, kind="switch", saved=False,
    doc="From the next bar on only the parts that stay play; all come back together, on a bar.",
)  # fmt: skip
COUNT_IN = Control(
    "accompaniment.band.count_in", 0.0, 1.0, 0.0, kind="switch", doc="A bar of sticks where the host starts."
)
STAYS = {
    name: Control(
        f"accompaniment.band.{name}.stays", 0.0, 1.0, float(name == "drums"), kind="switch",
        doc=f"The {name} go on in a drop-out." if name in ("drums", "keys") else f"The {name} goes on in a drop-out.",
    )
    for name in PARTS
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BeatPosition:
    """A beat: ``number`` in its bar of ``bar_beats``, which begins at beat ``start`` of the song."""

    start: int
    number: int
    bar_beats: int

    @property
    def bar(self) -> int:
        return self.start // max(self.bar_beats, 1)


@dataclass(frozen=True, slots=True)
class FormRequest:
    """What is asked for at a beat. ``section``: one of SECTIONS, by number. ``written``: the bar of the user's chord
    sheet that is due. ``heard``: the section that the music seems to be in, AUTO: unknown."""

    section: int = AUTO
    dropout: bool = False
    written: Bar | None = None
    heard: int = AUTO

    @property
    def kind(self) -> int:
        """The section to play; AUTO where the sheet says, or nobody."""
        return self.section or (AUTO if self.written is not None else self.heard)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a bar is in the song; `Bar` says what ``section`` to ``fill`` mean.

    ``counting``: the drummer counts, nobody else plays. ``dropped``: only the parts that stay play.
    """

    section: str = ""
    position: int = 0
    intensity: float = USUAL
    opens: bool = False
    fill: bool = False
    counting: bool = False
    dropped: bool = False


class Form(SavedState):
    """Says beat after beat what its bar is. Wishes are taken up where a bar begins and hold through it; but the rest of
    a bar becomes a fill as soon as it is known that something new comes after it.

    ``kind``: the section that is played, ``times`` (SECTIONS,) how often each began, ``since`` its first bar.
    ``to_count``: beats that are yet to be counted at least.
    """

    saved_fields = (
        "start", "beats", "kind", "times", "since", "position", "intensity", "opens", "filled", "dropped", "to_count",
        "counting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.times = np.zeros(len(SECTIONS), np.int64)
        self.reset()

    def reset(self) -> None:
        self.start, self.beats = NOWHERE, 0
        self.kind, self.since, self.position, self.intensity = AUTO, 0, 0, USUAL
        self.times[:] = 0
        self.opens, self.filled, self.dropped = False, False, False
        self.to_count, self.counting = 0, False

    def start_anew(self, count: int) -> None:
        """The song goes on elsewhere. ``count`` beats at least are counted first, and then to the end of the bar."""
        self.to_count, self.counting = count, count > 0
        self.start = NOWHERE

    def shape(self, place: BeatPosition, wish: FormRequest) -> Shape:
        """What the bar of ``place`` is, as far as it is known at this beat. Ask for each beat once, in order."""
        if place.start != self.start:
            self._begin(place, wish)
        if self.counting:
            self.to_count -= 1
            return Shape(intensity=self.intensity, counting=True)
        by_sheet = wish.written if self.kind == AUTO else None
        due = by_sheet.fill if by_sheet is not None else self.position % FILL_BARS == FILL_BARS - 1
        self.filled = self.filled or due or wish.kind != self.kind or (self.dropped and not wish.dropout)
        section = by_sheet.section if by_sheet is not None else SECTIONS[self.kind] if self.kind else ""
        return Shape(section, self.position, self.intensity, self.opens, self.filled, False, self.dropped)

    def _begin(self, place: BeatPosition, wish: FormRequest) -> None:
        """A new bar: what was wished by now is taken up."""
        goes_on = place.start == self.start + self.beats
        counted = self.counting and self.to_count <= 0
        opens = (self.filled and goes_on) or (self.dropped and not wish.dropout) or counted
        self.start, self.beats = place.start, place.bar_beats
        if self.counting and not counted:
            return
        self.counting = False
        self.filled, self.dropped = False, wish.dropout
        if wish.kind != self.kind:
            self.kind, self.since = wish.kind, place.bar
            self.times[self.kind] += 1
            opens = True
        elif counted:
            self.since = place.bar
        elif not goes_on:
            self.since = place.bar - place.bar % FILL_BARS
        if self.kind == AUTO and wish.written is not None:
            self.position, self.intensity = wish.written.position, wish.written.intensity
            opens = opens or wish.written.opens
        elif self.kind == AUTO:
            self.position, self.intensity = place.bar % FILL_BARS, USUAL
        else:
            self.position = place.bar - self.since
            self.intensity = intensity_of(SECTIONS[self.kind], max(int(self.times[self.kind]) - 1, 0))
        self.opens = opens or self.position == 0

"""Song form, live: sections, the fills that lead to them, drop-outs, the count-in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.core.control import Control
from engines.accompaniment.arranger import DEFAULT_INTENSITY, FILL_BARS, get_intensity, is_fill_due
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import Bar
from engines.saved_state import SavedState

SECTIONS = ("auto", "intro", "verse", "chorus", "bridge", "outro", "break")
AUTO = 0
NOWHERE = -(1 << 40)
"""Where no bar begins."""

SECTION = Control(
    "accompaniment.band.section", 0.0, len(SECTIONS) - 1.0, AUTO, kind="choice", choices=SECTIONS,
    takes_effect="next bar",
    doc="The section played from the next bar on. auto: that of the chord sheet, or else by the energy of the music.",
)  # fmt: skip
DROPOUT = Control(
    "accompaniment.band.dropout", 0.0, 1.0, 0.0, kind="switch", saved=False, takes_effect="next bar",
    doc="From the next bar on only parts whose control stays is on play; the others come back on a bar line.",
)  # fmt: skip
FILL = Control(
    "accompaniment.band.fill", 0.0, 1.0, 0.0, kind="switch", saved=False, takes_effect="next beat",
    doc="Play a fill from the next beat to the end of the bar, and an opening after it. Held: in each bar.",
)  # fmt: skip
COUNT_IN = Control(
    "accompaniment.band.count_in",
    0.0,
    1.0,
    0.0,
    kind="switch",
    doc="Count in with a bar of sticks when the host starts.",
    takes_effect="next start",
)
STAYS = {
    name: Control(
        f"accompaniment.band.{name}.stays", 0.0, 1.0, float(name == "drums"), kind="switch",
        doc=f"Keep the {name} playing in a drop-out.",
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
    """What is requested at a beat. ``section``: one of SECTIONS, by number. ``written``: the bar of the user's chord
    sheet that is due. ``detected``: the section by the music's energy, AUTO: unknown."""

    section: int = AUTO
    dropout: bool = False
    written: Bar | None = None
    detected: int = AUTO

    @property
    def kind(self) -> int:
        """The section to play; AUTO: the sheet's, or none."""
        return self.section or (AUTO if self.written is not None else self.detected)


@dataclass(frozen=True, slots=True)
class Shape:
    """A bar's place in the form; ``section`` to ``fill`` as in `Bar`.

    ``counting``: the drummer counts, nobody else plays. ``dropped``: only the parts that stay play.
    """

    section: str = ""
    position: int = 0
    intensity: float = DEFAULT_INTENSITY
    opens: bool = False
    fill: bool = False
    counting: bool = False
    dropped: bool = False


class Form(SavedState):
    """Tracks the form beat by beat. Requests take effect at a bar line and hold through the bar; but the rest of a bar
    becomes a fill as soon as it is known that something new comes after it.

    ``kind``: the section that is played, ``times`` (SECTIONS,) how often each began, ``since`` its first bar.
    ``to_count``: beats that are yet to be counted at least. ``fill_due``: a fill was requested since the last beat.
    """

    saved_fields = (
        "start", "beats", "kind", "times", "since", "position", "intensity", "opens", "filled", "dropped", "to_count",
        "counting", "fill_due",
    )  # fmt: skip

    def __init__(self) -> None:
        self.times = np.zeros(len(SECTIONS), np.int64)
        self.reset()

    def reset(self) -> None:
        self.start, self.beats = NOWHERE, 0
        self.kind, self.since, self.position, self.intensity = AUTO, 0, 0, DEFAULT_INTENSITY
        self.times[:] = 0
        self.opens, self.filled, self.dropped = False, False, False
        self.to_count, self.counting = 0, False
        self.fill_due = False

    def request_fill(self) -> None:
        """Make the rest of the bar a fill, from the next beat on. A request of one hop is enough."""
        self.fill_due = True

    def restart(self, count: int) -> None:
        """The song goes on elsewhere. At least ``count`` beats are counted in first, to the end of the bar."""
        self.to_count, self.counting = count, count > 0
        self.start = NOWHERE

    def update(self, place: BeatPosition, request: FormRequest) -> Shape:
        """The shape of the bar of ``place``, as far as it is known at this beat. Call once for each beat, in order."""
        if place.start != self.start:
            self._begin_bar(place, request)
        if self.counting:
            self.to_count -= 1
            return Shape(intensity=self.intensity, counting=True)
        by_sheet = request.written if self.kind == AUTO else None
        section = by_sheet.section if by_sheet is not None else SECTIONS[self.kind] if self.kind else ""
        due = by_sheet.fill if by_sheet is not None else is_fill_due(section, self.position)
        due, self.fill_due = due or self.fill_due, False
        self.filled = self.filled or due or request.kind != self.kind or (self.dropped and not request.dropout)
        return Shape(section, self.position, self.intensity, self.opens, self.filled, False, self.dropped)

    def _begin_bar(self, place: BeatPosition, request: FormRequest) -> None:
        """Begin a bar: the request takes effect."""
        goes_on = place.start == self.start + self.beats
        counted = self.counting and self.to_count <= 0
        opens = (self.filled and goes_on) or (self.dropped and not request.dropout) or counted
        self.start, self.beats = place.start, place.bar_beats
        if self.counting and not counted:
            return
        self.counting = False
        self.filled, self.dropped = False, request.dropout
        if request.kind != self.kind:
            self.kind, self.since = request.kind, place.bar
            self.times[self.kind] += 1
            opens = True
        elif counted:
            self.since = place.bar
        elif not goes_on:
            self.since = place.bar - place.bar % FILL_BARS
        if self.kind == AUTO and request.written is not None:
            self.position, self.intensity = request.written.position, request.written.intensity
            opens = opens or request.written.opens
        elif self.kind == AUTO:
            self.position, self.intensity = place.bar % FILL_BARS, DEFAULT_INTENSITY
        else:
            self.position = place.bar - self.since
            self.intensity = get_intensity(SECTIONS[self.kind], max(int(self.times[self.kind]) - 1, 0))
        self.opens = opens or self.position == 0

"""Band: style, section and dials of the accompaniment, its parts, and the notes that it plans."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui.core.rows import Row, draw_heading
from tui.core.screen import Context, KeyAction
from tui.drawing.band_rows import (
    PANE_COLUMNS,
    draw_dials,
    draw_head,
    draw_more,
    draw_pane,
    draw_roll,
    put_pane_beside,
)
from tui.drawing.panes import LARGE_MARGIN, fill, indent
from tui.models.band_controls import (
    DROPOUT,
    FILL,
    MOST_PARTS,
    REGENERATE,
    SECTION,
    SEED,
    STYLE,
    Part,
    find_dials,
    find_parts,
)
from tui.models.planned_notes import PlannedNotes
from tui.models.position import compute_position

DIAL_STEPS, LARGE_DIAL_STEPS = 5.0, 20.0
"""Steps of a control, a hundredth of its range each, that a key turns a dial by."""
PART_ROWS = 3
"""Rows of a part in the large layout."""


class BandScreen:
    """The screen of the accompaniment. Its state: the selected part and dial."""

    name = "band"
    title = "Band"
    letter = "b"
    subscriptions: tuple[tuple[str, float], ...] = (("/accompaniment/*", 20.0),)
    histories: tuple[str, ...] = ("accompaniment.note", "accompaniment.section")

    def __init__(self) -> None:
        self._part = 0
        self._dial = 0
        self._notes = PlannedNotes()

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen, those of the footer first."""
        return (
            KeyAction(
                "band.style",
                ("y",),
                "style",
                "Play the next style from the next bar on.",
                partial(_turn, STYLE, 1),
                label="y Y",
            ),
            KeyAction("band.style_before", ("Y",), "", "Play the style before.", partial(_turn, STYLE, -1)),
            KeyAction(
                "band.section",
                ("e",),
                "section",
                "Play the next section from the next bar on.",
                partial(_turn, SECTION, 1),
                label="e E",
            ),
            KeyAction("band.section_before", ("E",), "", "Play the section before.", partial(_turn, SECTION, -1)),
            *(
                KeyAction(
                    f"band.part_{number}",
                    (str(number),),
                    "part" if number == 1 else "",
                    f"Select part {number}.",
                    partial(self._select_part, number - 1),
                    label="1-5" if number == 1 else "",
                )
                for number in range(1, MOST_PARTS + 1)
            ),
            KeyAction("band.mute", ("m",), "mute", "Mute the selected part, or end it.", self._act(_toggle_mute)),
            KeyAction("band.dial", ("tab",), "dial", "Select the next dial.", partial(self._select_dial, 1)),
            KeyAction(
                "band.dial_before", ("shift+tab",), "", "Select the dial before.", partial(self._select_dial, -1)
            ),
            KeyAction(
                "band.more", ("right",), "turn", "Turn the dial up.", partial(self._turn_dial, DIAL_STEPS), label="←→"
            ),
            KeyAction("band.less", ("left",), "", "Turn the dial down.", partial(self._turn_dial, -DIAL_STEPS)),
            KeyAction(
                "band.much_more", ("shift+right",), "", "Turn it far up.", partial(self._turn_dial, LARGE_DIAL_STEPS)
            ),
            KeyAction(
                "band.much_less", ("shift+left",), "", "Turn it far down.", partial(self._turn_dial, -LARGE_DIAL_STEPS)
            ),
            KeyAction(
                "band.default",
                ("0", "backspace"),
                "default",
                "Set the dial to its default.",
                self._reset_dial,
                shown=False,
                label="0",
            ),
            KeyAction("band.regenerate", ("n",), "play anew", "Play another performance: a new seed.", regenerate),
            KeyAction(
                "band.dropout",
                ("d",),
                "drop-out",
                "From the next bar on only parts that stay play; again: all.",
                partial(_toggle, DROPOUT),
                shown=False,
            ),
            KeyAction(
                "band.fill",
                ("i",),
                "fill",
                "Play a fill to the end of the bar, and in each bar until it is off.",
                partial(_toggle, FILL),
                shown=False,
            ),
            KeyAction(
                "band.stays",
                ("k",),
                "keep in drop-out",
                "Keep the selected part in a drop-out, or not.",
                self._act(_toggle_stays),
                shown=False,
            ),
            KeyAction("band.next", ("down",), "", "Select the next part.", partial(self._move_part, 1)),
            KeyAction("band.previous", ("up",), "", "Select the part before.", partial(self._move_part, -1)),
        )

    # keys

    def _select_part(self, index: int, context: Context) -> None:
        if index < len(find_parts(context.session)):
            self._part = index

    def _move_part(self, steps: int, context: Context) -> None:
        self._part = min(max(self._part + steps, 0), max(len(find_parts(context.session)) - 1, 0))

    def _act(self, act: Callable[[Context, Part], None]) -> Callable[[Context], None]:
        """What a key does with the selected part."""

        def run(context: Context) -> None:
            parts = find_parts(context.session)
            if parts:
                act(context, parts[min(self._part, len(parts) - 1)])
            else:
                context.say("no parts: this sidecar has no band", "warning")

        return run

    def _select_dial(self, steps: int, context: Context) -> None:
        count = len(find_dials(context.session))
        self._dial = (min(self._dial, count - 1) + steps) % count if count else 0

    def _turn_dial(self, steps: float, context: Context) -> None:
        dials = find_dials(context.session)
        if dials:
            context.remote.nudge(dials[min(self._dial, len(dials) - 1)].name, steps)

    def _reset_dial(self, context: Context) -> None:
        dials = find_dials(context.session)
        if dials:
            context.remote.reset(dials[min(self._dial, len(dials) - 1)].name)

    # drawing

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """At most ``height`` rows of at most ``width`` columns."""
        session = context.session
        large = context.view.is_large
        margin = LARGE_MARGIN if large else 1 if width >= 40 else 0
        room = max(width - 2 * margin, 1)
        position = compute_position(session, context.now_s)
        dials, parts = find_dials(session), find_parts(session)
        self._dial = min(self._dial, max(len(dials) - 1, 0))
        self._part = min(self._part, max(len(parts) - 1, 0))
        head = draw_head(session, room, large)
        notes = self._notes.read(session)
        if large:
            left = [draw_heading("Dials", room - PANE_COLUMNS - 4), []]
            left += draw_dials(session, dials, self._dial, room - PANE_COLUMNS - 4, 1)
            middle = put_pane_beside(left, draw_pane(session), room)
            used = len(head) + len(middle) + 5
            rows_each = PART_ROWS if used + len(parts) * (PART_ROWS + 1) <= height else 1
            roll = draw_roll(session, parts, notes, position, self._part, room, rows_each)
            rows: list[Row] = [[], *head, [], *middle, [], *roll]
        else:
            middle = draw_dials(session, dials, self._dial, room, 2 if room >= 70 else 1)
            roll = draw_roll(session, parts, notes, position, self._part, room, 1)
            rows = _stack([head, middle, roll, [draw_more(session, room)]], height)
        return fill(indent(rows, margin), width, height)


def _stack(parts: list[list[Row]], height: int) -> list[Row]:
    """The parts below each other, blank rows between where there is room; of those that do not fit the first rows."""
    spare = height - sum(map(len, parts))
    rows: list[Row] = []
    for part in parts:
        if spare > 0:
            rows.append([])
            spare -= 1
        rows += part
    return rows


def _turn(name: str, step: int, context: Context) -> None:
    """The next choice of a control, and behind the last one the first again."""
    control = context.session.registry.controls.get(name)
    if control is None or not control.choices:
        context.say("this accompaniment has no choice of it", "warning")
        return
    index = (int(context.session.get(name) - control.low) + step) % len(control.choices)
    context.remote.set(name, control.low + index)


def _toggle(name: str, context: Context) -> None:
    if name in context.session.registry.controls:
        context.remote.toggle(name)
    else:
        context.say("this accompaniment does not have it", "warning")


def _toggle_mute(context: Context, part: Part) -> None:
    if part.mute:
        context.remote.toggle(part.mute)
    else:
        context.say(f"{part.name} cannot be muted", "warning")


def _toggle_stays(context: Context, part: Part) -> None:
    if part.stays:
        context.remote.toggle(part.stays)
    else:
        context.say(f"{part.name} has no part in a drop-out", "warning")


def regenerate(context: Context) -> None:
    """Play another performance; undo brings the seed back. An older sidecar is given the next seed."""
    session, remote = context.session, context.remote
    control = session.registry.controls.get(SEED)
    if REGENERATE in session.registry.actions:
        before = session.get(SEED)
        remote.call(REGENERATE, undo=None if control is None else lambda: remote.set(SEED, before))
    elif control is not None:
        span = control.high - control.low + 1
        remote.set(SEED, control.low + (session.get(SEED) - control.low + 1) % span)
    else:
        context.say("this accompaniment plays without a seed: it has one performance", "warning")

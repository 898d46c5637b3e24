"""Frame of every screen: where the music is and what is wrong, the screens, what happened last, and the keys."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, Run, cut, fit_row, measure, measure_row
from tui.core.screen import KeyAction, Screen, View
from tui.core.session import Record, Session
from tui.drawing.characters import limit_characters
from tui.keys.key_names import to_label
from tui.models.clocks import name_leader_briefly

WIDE_COLUMNS = 120
"""From this width on names are written out and all keys are shown."""
FRAME_ROWS = 5
"""Rows of a terminal that are not the screen's: two above it; a blank one, the message and the keys below."""
UNKNOWN = "–"
MOST_DOTS = 12
"""Beats of a bar that are drawn as dots."""


def shorten_key(label: str) -> str:
    """``Am`` for ``A minor``, ``G`` for ``G major``."""
    root, _, mode = label.partition(" ")
    return root + ("m" if mode == "minor" else "")


def find_next_chord(session: Session, label: str) -> str:
    """The next chord of the plan that differs from ``label``; empty where none is planned."""
    for row in sorted(session.read_rows("accompaniment.plan"), key=lambda row: float(row.get("beat", 0))):
        planned = str(row.get("label", ""))
        if planned and planned != label:
            return planned
    return ""


def draw_beats(clock: Record) -> Run:
    """A dot a beat of the bar, the present one filled; empty where no position is known."""
    bar_beats, beat = int(clock.get("bar_beats", 0)), int(float(clock.get("beat", 0)))
    if not 0 < bar_beats <= MOST_DOTS:
        return ("", "text")
    return ("".join("●" if number == beat else "○" for number in range(1, bar_beats + 1)), "text")


def draw_state(session: Session, now_s: float, wide: bool) -> Run:
    """Whether the sidecar answers: ``● attached``, ``● offline``, ``○ attaching``, ``LOST 12 s``."""
    if session.state == "lost":
        return (f"LOST {max(int(now_s - session.since_s), 0)} s", "error")
    if session.state != "attached":
        return ("○ attaching" + (f" {session.peer}" if wide and session.peer else ""), "warning")
    sideman = session.read("sideman")
    if sideman.get("server") == "offline":
        return ("● offline", "good")
    if sideman.get("state", "running") != "running":
        return ("○ no JACK", "error")
    return (f"● {session.peer}" if wide and session.peer else "● attached", "good")


def draw_faults(session: Session, wide: bool) -> Row:
    """Late frames and xruns since the counters were reset; a warning where there are any."""
    counters = session.read("counters")
    row: Row = []
    for name, field in (("late", "late_frames"), ("xruns", "xruns")):
        count = counters.get(field)
        shown = UNKNOWN if count is None else str(int(count))
        row.append((f"{name} {shown}", "warning" if count else "dim"))
        row.append(("   " if wide else "  ", "text"))
    if wide:
        row += draw_delay(session)
    return row


def draw_delay(session: Session) -> Row:
    """The declared latency of the mix in ms."""
    rate, mix = float(session.read("counters").get("rate", 0)), session.read_row("latency", "mix")
    if not rate or "declared" not in mix:
        return []
    return [(f"{float(mix['declared']) / rate * 1000:.1f} ms", "dim"), ("   ", "text")]


def draw_music(session: Session, clock: Record, wide: bool) -> Row:
    """Bar and beat, tempo, key, chord and the next one; where there is room, the clock that leads.

    ``clock``: the reading, as its numbers are to be shown.
    """
    bar, beat = int(clock.get("bar", 0)), float(clock.get("beat", 0))
    position = f"{bar}.{int(beat)}" if bar > 0 else UNKNOWN
    tempo = float(clock.get("tempo_bpm", 0))
    chord = str(session.read("mir.chord").get("label", ""))
    following = find_next_chord(session, chord)
    key = str(session.read("mir.key").get("label", ""))
    bpm = f"{tempo:.1f}" if tempo > 0 else UNKNOWN
    gap = "   " if wide else "  "
    parts: list[Row] = [[(position, "text"), (" ", "text"), draw_beats(clock), (" ", "text")]]
    if not wide:
        parts[0] += [(bpm, "text")]
    else:
        parts[0] = [(position, "text"), ("  ", "text"), draw_beats(clock)]
        parts.append([(f"{bpm} BPM", "text")])
        if clock.get("bar_beats"):
            parts.append([(f"{int(clock['bar_beats'])}/4", "text")])
    parts.append([(key if wide else shorten_key(key), "text")])
    now = "no chord" if chord == "N" and wide else chord
    parts.append([(now, "title"), (f" ▸ {following}" if following else "", "dim")])
    if wide:
        parts.append([(name_leader_briefly(clock), "dim")])
    row: Row = []
    for part in parts:
        if measure_row(part):
            row += [*([(gap, "text")] if row else []), *part]
    return row


def draw_head(session: Session, now_s: float, width: int, clock: Record | None = None) -> Row:
    """The first row. ``clock``: its reading as it was when numbers were rewritten last; by default the present one."""
    wide = width >= WIDE_COLUMNS
    gap = "   " if wide else "  "
    state = draw_state(session, now_s, wide)
    right = [*draw_faults(session, wide), state]
    left: Row = [(" SIDEMAN", "title"), (gap, "text")]
    left += draw_music(session, session.read("clock") if clock is None else clock, wide)
    if session.state == "lost":
        left = [(text, "off") for text, _ in left]
        right = [*((text, "off") for text, _ in right[:-1]), state]
    room = width - measure_row(right)
    if room < 1 + len(" SIDEMAN"):
        return fit_row([(" ", "text"), state], width)
    return fit_row([*fit_row(left, room - 1), (" ", "text"), *right], width)


def draw_tabs(screens: Sequence[Screen], shown: str, width: int) -> Row:
    """The second row: the screens, and ``▌`` at the one that is shown."""
    gap = " " * (3 if width >= WIDE_COLUMNS else 1)
    row: Row = [(" ", "text")]
    for screen in screens:
        here = screen.name == shown
        row += [("▌" if here else " ", "title"), (screen.title, "title" if here else "dim"), (gap, "text")]
    hint = "g go to screen" if width >= WIDE_COLUMNS else "g go"
    room = width - measure(hint)
    if measure_row(row) > room:
        row = _compress_tabs(screens, shown)
    return fit_row([*fit_row(row, room), (hint, "dim")], width) if room > 0 else fit_row(row, width)


def _compress_tabs(screens: Sequence[Screen], shown: str) -> Row:
    """The tabs of a narrow terminal: the one that is shown by its word, the others by their letter."""
    row: Row = [(" ", "text")]
    for screen in screens:
        here = screen.name == shown
        row.append((f"▌{screen.title}" if here else f" {screen.letter}", "title" if here else "dim"))
    return row


def find_tab(screens: Sequence[Screen], shown: str, width: int, column: int) -> str:
    """The name of the screen whose tab lies at ``column``; empty where there is none."""
    titles = {screen.title: screen.name for screen in screens}
    at = 0
    for text, _ in draw_tabs(screens, shown, width):
        if at <= column < at + measure(text):
            return titles.get(text, "")
        at += measure(text)
    return ""


def draw_message(view: View, width: int) -> Row:
    """The last row but one: a question that is open, or what happened last."""
    if view.asked is not None:
        return fit_row([(f" {view.asked[0]}", "warning"), ("   ↵ yes   Esc no", "key")], width)
    return fit_row([(f" {view.message}" if view.message else "", view.message_role)], width)


def draw_key(action: KeyAction) -> Row:
    """A key and its words, as the footer shows them; nothing of an action without words."""
    if not action.words:
        return []
    label = action.label or (to_label(action.keys[0]) if action.keys else "")
    return [(label, "key"), (f" {action.words}", "dim")] if label else []


FIELD_KEYS: Row = [(" ↵", "key"), (" take", "dim"), ("  Esc", "key"), (" leave", "dim")]
COMPLETION: Row = [("  tab", "key"), (" complete", "dim")]


def draw_keys(view: View, actions: Sequence[KeyAction], always: Sequence[KeyAction], width: int) -> Row:
    """The last row: the keys that act now, as many as there is room for, and at the right those of ``always``."""
    wide = width >= WIDE_COLUMNS
    gap = "   " if wide else "  "
    right: Row = []
    for action in always:
        right += [*limit_characters(draw_key(action), view.ascii, view.console), (gap if wide else "  ", "text")]
    right = right[:-1]
    room = width - measure_row(right) - 2
    if view.field is not None:
        left = [*FIELD_KEYS, *(COMPLETION if view.field.complete is not None else [])]
    elif view.asked is not None:
        left = [(" ↵", "key"), (" yes", "dim"), ("  Esc", "key"), (" no", "dim")]
    else:
        left = [(" ", "text")]
        for action in actions:
            key = limit_characters(draw_key(action), view.ascii, view.console)
            if key and (wide or action.shown) and measure_row(left) + measure_row(key) <= room:
                left += [*key, (gap, "text")]
    if room < 0:
        return fit_row(right, width)
    return fit_row([*fit_row(left, room + 1), *right], width)


def cut_message(text: str, width: int) -> str:
    """A message in one row."""
    return cut(" ".join(text.split()), width)

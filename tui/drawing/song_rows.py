"""Rows of the song screen: chord and position in large letters, the analysis, bars, and form."""

from __future__ import annotations

from math import ceil

from tui.core.rows import Row, Run, cut, draw_heading, measure, pad
from tui.core.session import Record, Session
from tui.core.values import UNKNOWN, read_number, read_text
from tui.drawing.chord_strip import LEGEND, count_bars, draw_sections, draw_strip_rows
from tui.drawing.clock_rows import draw_clock
from tui.drawing.letters import LARGE_ROWS, draw_chord, draw_number
from tui.drawing.share_bar import draw_named_share
from tui.models.chord_bars import NextChord, collect_bars, find_next_chord
from tui.models.position import Position

MODE, PRIOR, CHORD_SOURCE = "mir.tempo.mode", "mir.tempo_prior_bpm", "mir.chord.source"
BAND_KEY = "accompaniment.band.key"
BARS_A_ROW = 8
NORMAL_COLUMNS = 68
"""From this width on there is room for the position in large letters."""
LARGE_LETTERS = (46, 40, 38, 26)
"""Columns of chord, next chord, position and tempo, of 150."""
NEXT_COLUMNS, POSITION_COLUMNS, NARROW_POSITION_COLUMNS = 19, 27, 15
SOURCES = {
    "habit": "as usual in this key",
    "loop": "as before",
    "track": "from the chord sheet",
    "detected": "as it sounds",
    "played": "as you play",
    "decided": "as the band decided",
}
"""Sources of a chord of the plan, in words."""


def draw_letters(session: Session, position: Position | None, bpm: str, width: int, plain: bool) -> list[Row]:
    """The chord and the next one, position, and at 150 columns the tempo, with captions; six or seven rows."""
    label = read_text(session.read("mir.chord"), "label")
    following = find_next_chord(session, position, label) if position is not None else None
    where = _format_position(position)
    large = width >= sum(LARGE_LETTERS)
    if large:
        columns: tuple[int, ...] = LARGE_LETTERS
    else:
        at = POSITION_COLUMNS if width >= NORMAL_COLUMNS else NARROW_POSITION_COLUMNS
        columns = (max(width - NEXT_COLUMNS - at, 1), NEXT_COLUMNS, at)
    next_rows = LARGE_ROWS if large else LARGE_ROWS - 2
    parts = [
        draw_chord(label, columns[0] - 2, LARGE_ROWS, plain) if label else [],
        draw_chord(following.label, columns[1] - 2, next_rows, plain) if following else [],
        draw_number(where, columns[2] - 1, LARGE_ROWS, plain) if where != UNKNOWN else [],
    ]
    if large:
        parts.append(draw_number(round_bpm(bpm), columns[3], LARGE_ROWS, plain) if bpm != UNKNOWN else [])
    else:
        parts[1] = ["", *parts[1]]
    rows: list[Row] = []
    for line in range(LARGE_ROWS):
        cells = [_draw_line(part, line, size) for part, size in zip(parts, columns, strict=True)]
        if line == 0 and not large:
            cells[1] = (pad("next", columns[1]), "dim")
        rows.append(cells)
    captions = _make_captions(session, position, following, large)
    caption: Row = [(pad(text, size), "dim") for text, size in zip(captions, columns, strict=True)]
    return [*rows, *([[]] if large else []), caption]


def _draw_line(lines: list[str], line: int, columns: int) -> Run:
    """A row of large letters; without any, ``–`` in the middle one."""
    if any(lines):
        return (pad(lines[line] if line < len(lines) else "", columns), "strong")
    return (pad(UNKNOWN if line == LARGE_ROWS // 2 else "", columns), "dim")


def _make_captions(
    session: Session, position: Position | None, following: NextChord | None, large: bool
) -> tuple[str, ...]:
    chord = session.read("mir.chord")
    since = _say_since(position, chord)
    now = f"now, {since}" if since else "now"
    beats = position.bar_beats if position is not None else 0
    beat = int(position.beat) if position is not None else 0
    dots = ["●" if one == beat else "○" for one in range(1, min(beats, 12) + 1)]
    if not large:
        return now, _count_beats(following) if following else "", f"bar . beat  {''.join(dots)}"
    words = (
        f"next, {_count_beats(following)}, {SOURCES.get(following.source, '')}".rstrip(", ") if following else "next"
    )
    return now, words, f"bar . beat   {' '.join(dots)}", f"BPM   {beats}/4" if beats else "BPM"


def _count_beats(following: NextChord) -> str:
    beats = max(ceil(following.beats - 0.05), 0)
    return "now" if beats == 0 else f"in {beats:,} beat{'' if beats == 1 else 's'}"


def _format_position(position: Position | None) -> str:
    return f"{position.bar}.{int(position.beat)}" if position is not None and position.is_known else UNKNOWN


def draw_analysis(session: Session, position: Position | None, bpm: str, width: int, large: bool) -> list[Row]:
    """Tempo, key and chord with their confidence, and the clock; large: the beat too, a heading, and blank rows."""
    tempo, key, chord, beat = (session.read(f"mir.{name}") for name in ("tempo", "key", "chord", "beat"))
    mode = session.get_choice(MODE)
    prior = f"prior {session.get(PRIOR):.0f}" if PRIOR in session.registry.controls else ""
    source = session.get_choice(CHORD_SOURCE)
    facts = [
        ("tempo", bpm if bpm == "–" else f"{bpm} BPM", tempo, (f"mode {mode}" if mode else "", prior)),
        ("key", read_text(key, "label") or "–", key, (_say_since(position, key), _say_fixed(session))),
        ("chord", _name_chord(chord), chord, (f"from the {source}" if source else "",)),
    ]
    if large:
        number = f"{read_number(beat, 'number') + 1:.0f} of {read_number(beat, 'bar_beats'):.0f}" if beat else "–"
        facts.insert(1, ("beat", number, beat, ()))
    columns = (11, 18, 48) if large else (8, 12, 18) if width >= NORMAL_COLUMNS else (7, 10, 12)
    rows: list[Row] = [draw_heading("Analysis", width)] if large else []
    for name, value, record, words in facts:
        share = read_number(record, "confidence") if "confidence" in record else None
        said = " · ".join(word for word in words if word)
        rows += [[]] if large else []
        rows.append(
            [
                (pad(name, columns[0]), "dim"),
                (pad(value, columns[1]), "text"),
                *draw_named_share(share, columns[2]),
                ("   ", "text"),
                (cut(said, max(width - sum(columns) - 3, 0)), "dim"),
            ]
        )
    return [*rows, *([[]] if large else []), *draw_clock(session, columns[:2], width)]


def _say_since(position: Position | None, record: Record) -> str:
    if position is None or not position.is_known or "frame" not in record:
        return ""
    bar, _ = position.find_bar(read_number(record, "frame") + position.beat_frames / 2)
    return f"since bar {bar}" if bar > 0 else ""


def _say_fixed(session: Session) -> str:
    fixed = session.get_choice(BAND_KEY)
    return f"fixed: {fixed}" if fixed and fixed != "auto" else ""


def _name_chord(chord: Record) -> str:
    label = read_text(chord, "label") or "–"
    return "no chord" if label == "N" else label


def draw_bars(session: Session, position: Position | None, width: int, large: bool) -> list[Row]:
    """The bars around the present one with their chords; large: eight a row, the row before and the rows to come."""
    legend = LEGEND if width >= measure(LEGEND) + 8 else ""
    rows: list[Row] = [draw_heading("Bars", width, legend)]
    if position is None or not position.is_known:
        return [*rows, [("–  bars are shown when the host or the music counts them", "dim")], [], []]
    now = (position.bar, position.beat, position.bar_beats)
    if not large:
        count = count_bars(width, BARS_A_ROW)
        return rows + draw_strip_rows(collect_bars(session, position, 1, count), now, width, count)
    since = (position.bar - 1) % BARS_A_ROW
    start = position.bar - since
    bars = {bar.number: bar for bar in collect_bars(session, position, since + BARS_A_ROW, 3 * BARS_A_ROW)}
    planned = bool(session.read_rows("accompaniment.plan"))
    for first in (start - BARS_A_ROW, start, start + BARS_A_ROW):
        shown = [bars[number] for number in range(first, first + BARS_A_ROW) if number in bars]
        if shown and (first <= start or planned):
            rows += [[], *draw_strip_rows(shown, now, width, BARS_A_ROW)]
    return rows


def draw_form(session: Session, width: int, large: bool) -> list[Row]:
    """The sections that the accompaniment has played."""
    sections = [
        (read_text(row, "section"), int(read_number(row, "bar")))
        for row in session.read_events("accompaniment.section", 50)
    ]
    if not sections:
        return [draw_heading("Form", width), [], [("–  the band plays no section yet", "dim")]] if large else []
    row = draw_sections(sections, width)
    return [draw_heading("Form", width), [], row] if large else [row]


def round_bpm(bpm: str) -> str:
    """A tempo without its fraction, for large letters."""
    return bpm.partition(".")[0]

"""Song: the chord that sounds and the next one, where the music is, what the analysis says, bars and form."""

from __future__ import annotations

from functools import partial

from tui.core.rows import Row, fit_row
from tui.core.screen import Context, KeyAction
from tui.core.values import read_number, read_text
from tui.drawing.panes import LARGE_MARGIN
from tui.drawing.song_rows import BAND_KEY, CHORD_SOURCE, MODE, PRIOR, draw_analysis, draw_bars, draw_form, draw_letters
from tui.drawing.steady import SteadyTexts
from tui.models.position import compute_position
from tui.screens.clock_list import ClockList

PRIOR_STEP_BPM, PRIOR_LARGE_STEP_BPM = 1.0, 10.0


class SongScreen:
    """The screen of the music. Its state: the steady numbers, and the list of clocks."""

    name = "song"
    title = "Song"
    letter = "o"
    subscriptions: tuple[tuple[str, float], ...] = (
        ("/mir/beat", 10.0),
        ("/accompaniment/plan", 10.0),
        ("/accompaniment/commit", 10.0),
    )
    histories: tuple[str, ...] = ("mir.chord", "mir.beat", "mir.key", "accompaniment.chord", "accompaniment.section")

    def __init__(self) -> None:
        self._texts, self._clocks = SteadyTexts(), ClockList()

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen, those of the footer first."""
        return (
            KeyAction(
                "song.tap",
                ("t",),
                "tap",
                "Tap the tempo: four times on the beat set the tempo prior.",
                lambda context: context.remote.call("transport.tap"),
            ),
            KeyAction(
                "song.faster",
                ("right",),
                "tempo prior",
                "Raise the tempo prior by 1 BPM: of several possible tempi the one near it is used.",
                partial(_move_prior, PRIOR_STEP_BPM),
                label="←→",
            ),
            KeyAction("song.slower", ("left",), "", "Lower the tempo prior.", partial(_move_prior, -PRIOR_STEP_BPM)),
            KeyAction(
                "song.much_faster",
                ("shift+right",),
                "",
                "Raise it by 10 BPM.",
                partial(_move_prior, PRIOR_LARGE_STEP_BPM),
            ),
            KeyAction(
                "song.much_slower",
                ("shift+left",),
                "",
                "Lower it by 10 BPM.",
                partial(_move_prior, -PRIOR_LARGE_STEP_BPM),
            ),
            KeyAction(
                "song.leader",
                ("l",),
                "who leads",
                "Change the tempo mode: the host leads, or its beats follow the music, or the music leads.",
                partial(_change_choice, MODE, 1),
            ),
            *self._clocks.actions,
            KeyAction(
                "song.source",
                ("c",),
                "chord source",
                "Analyse the chords of the next source.",
                partial(_change_choice, CHORD_SOURCE, 1),
            ),
            KeyAction(
                "song.source_before",
                ("C",),
                "",
                "Analyse the chords of the source before.",
                partial(_change_choice, CHORD_SOURCE, -1),
            ),
            KeyAction(
                "song.key",
                ("y",),
                "fix key",
                "Predict chords in the present key, whatever is detected; again: free it.",
                fix_key,
                shown=False,
            ),
            KeyAction(
                "song.reset",
                ("r",),
                "analyse anew",
                "Reset the engines: forget tempo, key and form, and analyse anew.",
                lambda context: context.remote.call("engines.reset"),
                shown=False,
            ),
        )

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """At most ``height`` rows of at most ``width`` columns."""
        session, now_s = context.session, context.now_s
        position = compute_position(session, now_s)
        large = context.view.is_large and width >= 160
        margin = LARGE_MARGIN if large else 2 if width >= 60 else 0
        room = max(width - 2 * margin, 1)
        tempo = read_number(session.read("mir.tempo"), "bpm") or read_number(session.read("clock"), "tempo_bpm")
        bpm = self._texts.hold("tempo", f"{tempo:.1f}" if tempo > 0 else "–", now_s)
        parts = [
            draw_letters(session, position, bpm, room, context.view.ascii),
            draw_analysis(session, position, bpm, room, large),
        ]
        if self._clocks.is_open:
            parts.append(self._clocks.draw(context, room))
        else:
            parts += [draw_bars(session, position, room, large), draw_form(session, room, large)]
        return [fit_row([(" " * margin, "text"), *row], width) for row in _stack(parts, height, large)]


def _stack(parts: list[list[Row]], height: int, large: bool) -> list[Row]:
    """The parts below each other, with blank rows between where there is room; those that do not fit are left out."""
    if large:
        return [row for part in parts for row in ([], *part, [])][:height]
    rows: list[Row] = []
    spare = height - sum(map(len, parts))
    for part in parts:
        if len(rows) + len(part) > height:
            continue
        if spare > 0 and part:
            rows.append([])
            spare -= 1
        rows += part
    return rows[:height]


# keys


def _move_prior(step_bpm: float, context: Context) -> None:
    control = context.session.registry.controls.get(PRIOR)
    if control is None:
        context.say("this sidecar analyses no tempo", "warning")
    else:
        context.remote.nudge(PRIOR, step_bpm / (control.step or 1.0))


def _change_choice(name: str, step: int, context: Context) -> None:
    """The next choice of a control, and behind the last one the first again."""
    control = context.session.registry.controls.get(name)
    if control is None or not control.choices:
        context.say(f"this sidecar has no {name}", "warning")
        return
    index = (int(context.session.get(name) - control.low) + step) % len(control.choices)
    context.remote.set(name, control.low + index)


def fix_key(context: Context) -> None:
    """Fix the present key for the prediction of chords, or free it again."""
    session = context.session
    control, label = session.registry.controls.get(BAND_KEY), read_text(session.read("mir.key"), "label")
    if control is None:
        context.say("this sidecar predicts no chords", "warning")
    elif session.get(BAND_KEY) > control.low:
        context.remote.reset(BAND_KEY)
    elif label in control.choices:
        context.remote.set(BAND_KEY, control.low + control.choices.index(label))
    else:
        context.say("no key is known yet" if not label else f"{label} cannot be fixed", "warning")

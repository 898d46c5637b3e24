"""Band engine, which plays ahead of the beat: drums, bass, keys, pad and guitar, to predicted chords."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Protocol

import numpy as np

from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, Part, State
from bridge.core.events import Beat, Chord, Key, Onset, TimedEvent, to_chord
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.accompaniment.auto_lookahead import LOOKAHEAD_AUTO, AutoLookahead
from engines.accompaniment.chord_fallback import SILENCE, ChordFallback, PredictedChord
from engines.accompaniment.energy import Energy
from engines.accompaniment.form import COUNT_IN, DROPOUT, FILL, SECTION, STAYS, BeatPosition, Form, FormRequest
from engines.accompaniment.harmony.chord_history import ChordHistory
from engines.accompaniment.harmony.repetition import HORIZON
from engines.accompaniment.harmony.trellis import TRACK, TRACK_CONFIDENCE, Metre
from engines.accompaniment.held_chord import SETTLE_S, HeldChord
from engines.accompaniment.live_sheet import SHEET, LiveSheet
from engines.accompaniment.overrides import KEY, TEMPO, OwnTempo, to_key
from engines.accompaniment.parts import PARTS
from engines.accompaniment.performance_controls import MUTES, PERFORMANCE_CONTROLS, SEED, STYLE, read_controls
from engines.accompaniment.performer import CHANNELS, LONGEST_BAR, Performer
from engines.accompaniment.plan_report import EXPECTED_BARS, PlanReport
from engines.accompaniment.program_changes import SOUND, ProgramChanges
from engines.accompaniment.scheduler import NoteScheduler
from engines.accompaniment.sidechain import FOLLOWS, SOURCES, StemFollower
from engines.accompaniment.style import Style
from engines.accompaniment.style_lookup import list_user_styles, load_named
from engines.accompaniment.timeline import HOP, LATE_BEATS, LOOKAHEAD, SHORTEST_BEAT_FRAMES, Timeline, make_timeline
from engines.saved_state import add_prefix, strip_prefix

PLAYED_S = 2.0
"""So long after the user has released a chord, it still has priority over the analyser's chords."""
EARLY_BEATS = 0.1
"""How long before its first beat a style's program changes are sent."""


class Stateful(Protocol):
    """A component of the band with state of its own."""

    def reset(self) -> None: ...

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class Band:
    """Plans one beat after another, a lookahead before it is audible, and never revises a beat.

    ``user_styles``: names of styles of the user's, which can be chosen beside the shipped ones.

    Chords are those of the user's sheet, or predicted from what was analysed and played so far. A note's end is planned
    in the beat in which it ends. All sounding notes end where the song stops or jumps.
    """

    spec = EngineSpec(
        name="accompaniment.band",
        inputs=(
            EventPort("midi"), EventPort("beats"), EventPort("chords"), EventPort("onsets"),
            *(AudioPort(source) for source in SOURCES),
        ),
        outputs=(EventPort("midi"), EventPort("foreseen"), EventPort("planned"), SOUND),
        hop=HOP,
        controls=(
            LOOKAHEAD, LOOKAHEAD_AUTO, STYLE, SEED, *PERFORMANCE_CONTROLS.values(), *MUTES.values(),
            SECTION, DROPOUT, *STAYS.values(), FILL, COUNT_IN, SHEET, KEY, TEMPO, *FOLLOWS.values(),
        ),
        predicts=True,
        resets_on_gap=False,
        keeps=(
            "history", "held_chord", "fallback", "form", "energy", "stem_follower", "auto_lookahead", "live_sheet",
            "was_stopped",
        ),
        parts=tuple(Part(name, channel) for name, channel in CHANNELS.items()),
    )  # fmt: skip

    def __init__(self, user_styles: tuple[str, ...] = ()) -> None:
        style = STYLE.add_user_choices(user_styles)
        controls = tuple(style if control is STYLE else control for control in self.spec.controls)
        self.spec = replace(self.spec, controls=controls)
        self._style_names = style.choices
        self.rate = 0
        self._lead = 0
        self._styles: dict[int, Style] = {}
        self._history, self._held_chord, self._fallback = ChordHistory(), HeldChord(), ChordFallback()
        self._live_sheet, self._form, self._energy = LiveSheet(), Form(), Energy()
        self._auto_lookahead, self._own_tempo, self._stem_follower = AutoLookahead(), OwnTempo(), StemFollower()
        self._performer, self._scheduler, self._program_changes = Performer(), NoteScheduler(), ProgramChanges()
        self._report = PlanReport()
        self._components: dict[str, Stateful] = {
            "history": self._history, "held_chord": self._held_chord, "energy": self._energy,
            "live_sheet": self._live_sheet, "fallback": self._fallback, "form": self._form,
            "auto_lookahead": self._auto_lookahead, "performer": self._performer, "scheduler": self._scheduler,
            "program_changes": self._program_changes, "own_tempo": self._own_tempo,
            "stem_follower": self._stem_follower, "report": self._report,
        }  # fmt: skip

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate <= 0 or lead_frames < 0:
            raise EngineError(
                f"{self.spec.name}: rate {rate} Hz with a lead of {lead_frames} frames",
                "use a rate above 0, a lead from 0",
            )
        self.rate, self._lead = rate, lead_frames
        self._held_chord.settle_frames = round(SETTLE_S * rate)
        self._styles = {number: load_named(name) for number, name in enumerate(self._style_names)}
        self._history.prepare()
        self._stem_follower.prepare(rate)
        self.reset()

    def latency_frames(self, port: str) -> int:
        return -self._lead

    def reset(self) -> None:
        for component in self._components.values():
            component.reset()
        self._beat: Beat | None = None
        self._beat_frame, self._beat_late = 0, 0
        self._planned_to: int | None = None
        self._timeline: Timeline | None = None
        self._since: int | None = None  # the first frame since the reset
        self._was_stopped = False  # the host's transport did not roll

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        end = time.frame + HOP
        self._history.key_override = to_key(block.values[KEY.name])
        self._read_inputs(block, time.frame, end)
        earliest = end + self._lead
        analysed = make_timeline(time, self._beat, self._beat_frame, self._beat_late)
        line = self._own_tempo.update(block.values[TEMPO.name], time, analysed)
        if line is not None and line.time.frames_per_beat < SHORTEST_BEAT_FRAMES:
            line = None
        if line is None or not line.follows(self._timeline):
            out.events["midi"] += self._release_all(earliest)
            self._planned_to = None
            if line is not None:
                self._start_timeline(line, end, block)
        self._timeline, self._was_stopped = line, not (time.hosted and time.rolling)
        self._process_stems(block, line, end)
        if line is None:
            return
        self._history.advance(line, end)
        self._energy.advance(
            int(self._to_song_beat(int(np.floor(line.time.beat_at(end))), line) // _get_bar_beats(line))
        )
        self._live_sheet.select(int(block.values[SHEET.name]))
        if block.values[FILL.name]:
            self._form.request_fill()
        if self._planned_to is None:
            self._planned_to = line.find_first_beat(max(earliest, self._scheduler.last_frame))
            self._auto_lookahead.restart(self._planned_to)
        decided, late = 0, 0
        while line.to_frame(self._planned_to - self._get_lookahead(block)) < earliest + HOP:
            left = (line.to_frame(self._planned_to) - earliest) / line.time.frames_per_beat
            late += self._plan_beat(self._planned_to, line, end, block, out)
            if block.values[LOOKAHEAD_AUTO.name]:
                self._auto_lookahead.record(self._planned_to, left)
            self._planned_to += 1
            decided += 1
        if decided:
            asked = self._get_lookahead(block)
            out.events["foreseen"] += [
                *self._report.make_expected(self._expect_chords(self._planned_to, line)),
                self._report.make_lookahead(asked, self._planned_to - 1, late, end, line),
            ]

    def _process_stems(self, block: Block, line: Timeline | None, end: int) -> None:
        beat = np.nan if line is None else line.time.beat_at(end) + line.to_bar
        self._stem_follower.process(block, beat, 1 if line is None else fit_bar_beats(_get_bar_beats(line)))

    def _get_lookahead(self, block: Block) -> float:
        return self._auto_lookahead.beats if block.values[LOOKAHEAD_AUTO.name] else block.values[LOOKAHEAD.name]

    def _read_inputs(self, block: Block, start: int, end: int) -> None:
        if self._since is None:
            self._since = start
        for event in block.events["chords"]:
            if isinstance(event.payload, Chord):
                # a chord from before we began is late because of us, not because its analyser is slow
                self._history.push_chord(event.payload, event.frame, end if event.frame >= self._since else event.frame)
            elif isinstance(event.payload, Key):
                self._history.push_key(event.payload)
        for event in block.events["beats"]:
            if isinstance(event.payload, Beat) and (self._beat is None or event.frame >= self._beat_frame):
                self._beat, self._beat_frame = event.payload, event.frame
                self._beat_late = max(start - event.frame, 0)
        for event in block.events["onsets"]:
            if isinstance(event.payload, Onset):
                self._energy.push_onset(event.payload.strength)
        self._held_chord.push_midi(block.events["midi"])
        if (played := self._held_chord.pop_chord(end)) is not None:
            self._history.push_played(*played)
        if self._held_chord.is_held:
            self._history.prefer_played(end + round(PLAYED_S * self.rate), True)
        else:
            self._history.holding = False

    def _start_timeline(self, line: Timeline, now: int, block: Block) -> None:
        """Start a timeline, or go on elsewhere in the song."""
        beat = int(np.floor(line.time.beat_at(now)))
        if self._timeline is not None or self._history.count or beat < self._history.next:
            self._history.jump(beat, Metre(fit_bar_beats(_get_bar_beats(line)), line.to_bar))
        counts = line.time.hosted and self._was_stopped and block.values[COUNT_IN.name]
        self._stem_follower.jump()
        # the beat on which the host started is over before a note can be played
        self._form.restart(fit_bar_beats(_get_bar_beats(line)) - 1 if counts else 0)

    def _plan_beat(self, beat: int, line: Timeline, now: int, block: Block, out: Block) -> bool:
        """Write the notes that begin and end in ``beat`` to ``out``, from what was received by frame ``now``.

        Returns whether it is too late for them."""
        earliest = max(now + self._lead, self._scheduler.last_frame)
        bar_beats = fit_bar_beats(_get_bar_beats(line))
        number = line.get_number(beat) % bar_beats
        place, metre = BeatPosition(beat - number, number, bar_beats), Metre(bar_beats, line.to_bar)
        ahead = [self._predict_chord(beat + i, line, metre) for i in range(bar_beats - number + 1)]
        chosen = self._fallback.choose(ahead[0], self._history.effective_key)
        chords = [chosen.chord, *((one if one.known else chosen).chord for one in ahead[1:])]
        written = self._live_sheet.find_bar(self._to_song_beat(beat, line))
        shape = self._form.update(
            place,
            FormRequest(
                int(block.values[SECTION.name]), bool(block.values[DROPOUT.name]), written[0] if written else None,
                self._energy.kind,
            ),
        )  # fmt: skip
        level, late = self._fallback.level, line.to_frame(beat + LATE_BEATS) < earliest
        if late or (level == SILENCE and not shape.counting):
            level = SILENCE
            out.events["midi"] += self._release_all(max(line.to_frame(beat), earliest))
        else:
            muted = [
                name
                for name in PARTS
                if block.values[MUTES[name].name] or (shape.dropped and not block.values[STAYS[name].name])
            ]
            self._stem_follower.begin_bar(place.start)
            controls = self._stem_follower.make_controls(read_controls(block.values), bar_beats, block.values)
            number = int(block.values[STYLE.name])
            style = self._styles[number]
            # a little early, for notes that begin before the beat
            out.events["sound"] += self._program_changes.select_style(
                number, style, max(line.to_frame(beat - EARLY_BEATS), now + self._lead)
            )
            notes = self._performer.play(place, shape, chords, style, controls, muted, line.time.tempo)
            out.events["midi"] += self._scheduler.schedule(notes, place.start, line, earliest, out.events["planned"])
        self._report.move_to(max(line.to_frame(beat), now + self._lead))
        out.events["foreseen"].append(self._report.make_section(place, shape, line))
        if not shape.counting:
            out.events["foreseen"] += self._report.make_decision(beat, chosen, level, now, line)
        return late

    def _expect_chords(self, first: int, line: Timeline) -> list[tuple[int, PredictedChord]]:
        """The beats from ``first`` on and the chord that is expected at each, as far as chords are predicted."""
        bar_beats = fit_bar_beats(_get_bar_beats(line))
        metre, end = Metre(bar_beats, line.to_bar), self._history.next + HORIZON
        ahead = [
            (beat, self._predict_chord(beat, line, metre)) for beat in range(first, first + EXPECTED_BARS * bar_beats)
        ]
        return [(beat, chord) for beat, chord in ahead if beat < end or chord.source == TRACK]

    @staticmethod
    def _to_song_beat(beat: int, line: Timeline) -> int:
        """``beat`` counted from the start of a bar of the song: its first, where a host reports the position."""
        return beat + line.to_bar % _get_bar_beats(line)

    def _predict_chord(self, beat: int, line: Timeline, metre: Metre) -> PredictedChord:
        written = self._live_sheet.find_bar(self._to_song_beat(beat, line))
        if written is not None:
            return PredictedChord(written[1], TRACK_CONFIDENCE, TRACK)
        state, confidence, source = self._history.predict_chord(beat, metre, {})
        return PredictedChord(to_chord(state, 1.0), confidence, source)

    def _release_all(self, earliest: int) -> list[TimedEvent]:
        """Note-offs for all sounding notes, as early as possible."""
        return self._scheduler.end_notes(self._performer.release(), earliest)

    def state(self) -> State:
        beat, line = self._beat, self._timeline
        kept: State = {
            "beat": np.array([] if beat is None else [*astuple(beat), self._beat_frame, self._beat_late]),
            "planned_to": np.array([] if self._planned_to is None else [self._planned_to], np.int64),
            "line": np.array([] if line is None else [*astuple(line.time), line.to_bar], np.float64),
            "since": np.array([] if self._since is None else [self._since], np.int64),
            "was_stopped": np.array(self._was_stopped),
        }
        for name, component in self._components.items():
            kept |= add_prefix(name, component.state())
        return kept

    def restore(self, state: State) -> None:
        beat, line, planned, since = (state[name].tolist() for name in ("beat", "line", "planned_to", "since"))
        self._beat = Beat(int(beat[0]), int(beat[1]), beat[2], beat[3], int(beat[4])) if beat else None
        self._beat_frame, self._beat_late = (int(beat[5]), int(beat[6])) if beat else (0, 0)
        self._planned_to = int(planned[0]) if planned else None
        self._since = int(since[0]) if since else None
        self._was_stopped = bool(state["was_stopped"])
        self._timeline = None
        if line:
            frame, rate, position, tempo, rolling, bar_beats, hosted, to_bar = line
            time = BlockTime(int(frame), int(rate), position, tempo, bool(rolling), int(bar_beats), bool(hosted))
            self._timeline = Timeline(time, int(to_bar))
        for name, component in self._components.items():
            component.restore(strip_prefix(name, state))


def fit_bar_beats(bar_beats: int) -> int:
    """Beats of the bars that are played where those of the song have ``bar_beats``: as many, or an equal part."""
    return next(beats for beats in range(min(bar_beats, LONGEST_BAR), 0, -1) if bar_beats % beats == 0)


def _get_bar_beats(line: Timeline) -> int:
    return max(line.time.bar_beats, 1)


def load_band() -> Band:
    """The band with the styles in the user's folder."""
    return Band(list_user_styles())

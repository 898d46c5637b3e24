"""A band that plays ahead of the beat: drums, bass, keys, pad and guitar to the chords that it foresees."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from dataclasses import astuple
from typing import Protocol

import numpy as np

from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Beat, Chord, Commit, Key, Onset, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.accompaniment.auto_lookahead import LOOKAHEAD_AUTO, AutoLookahead
from engines.accompaniment.chord_fallback import SILENCE, ChordFallback, PredictedChord
from engines.accompaniment.energy import Energy
from engines.accompaniment.form import COUNT_IN, DROPOUT, SECTION, STAYS, BeatPosition, Form, FormRequest
from engines.accompaniment.harmony.chord_history import ChordHistory
from engines.accompaniment.harmony.trellis import TRACK, TRACK_SURE, Metre
from engines.accompaniment.harmony.vocabulary import chord_of
from engines.accompaniment.held_chord import SETTLE_S, HeldChord
from engines.accompaniment.live_sheet import SHEET, LiveSheet
from engines.accompaniment.overrides import KEY, TEMPO, OwnTempo, key_of
from engines.accompaniment.parts import PARTS
from engines.accompaniment.performance_controls import MUTES, PERFORMANCE_CONTROLS, SEED, STYLE, STYLES, dials_by
from engines.accompaniment.performer import LONGEST_BAR, Performer
from engines.accompaniment.program_changes import SOUND, ProgramChanges
from engines.accompaniment.scheduler import NoteScheduler
from engines.accompaniment.sidechain import FOLLOWS, SOURCES, StemFollower
from engines.accompaniment.style import Style, load_named
from engines.accompaniment.timeline import HOP, LATE_BEATS, LOOKAHEAD, SHORTEST_BEAT_FRAMES, Timeline, follow
from engines.saved_state import add_prefix, strip_prefix

TRUSTED_S = 2.0
"""So long after the user's hands have left a chord it still goes before what is heard."""


EARLY_BEATS = 0.1
"""By how much before its first beat a style's sounds are set."""


class Stateful(Protocol):
    """A part of the band that has a memory of its own."""

    def reset(self) -> None: ...

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class Band:
    """Decides beat after beat, a lookahead before it sounds, and never takes a note back.

    Chords are those of the user's sheet, or foreseen by the harmony lattice from what was heard and played by then. A
    note's end is decided in the beat in which it ends; all that sounds is released where the song stops or jumps.
    """

    spec = EngineSpec(
        name="accompaniment.band",
        inputs=(
            EventPort("midi"), EventPort("beats"), EventPort("chords"), EventPort("onsets"),
            *(AudioPort(source) for source in SOURCES),
        ),
        outputs=(EventPort("midi"), EventPort("foreseen"), SOUND),
        hop=HOP,
        controls=(
            LOOKAHEAD, LOOKAHEAD_AUTO, STYLE, SEED, *PERFORMANCE_CONTROLS.values(), *MUTES.values(),
            SECTION, DROPOUT, *STAYS.values(), COUNT_IN, SHEET, KEY, TEMPO, *FOLLOWS.values(),
        ),
        predicts=True,
        resets_on_gap=False,
        keeps=("listener", "hands", "ladder", "form", "energy", "following", "pace", "chart", "stood"),
    )  # fmt: skip

    def __init__(self) -> None:
        self.rate = 0
        self._lead = 0
        self._styles: dict[int, Style] = {}
        self._listener, self._hands, self._energy, self._chart = ChordHistory(), HeldChord(), Energy(), LiveSheet()
        self._ladder, self._form, self._pace, self._own_tempo = ChordFallback(), Form(), AutoLookahead(), OwnTempo()
        self._performer, self._timing, self._sounds, self._following = (
            Performer(),
            NoteScheduler(),
            ProgramChanges(),
            StemFollower(),
        )
        self._memories: dict[str, Stateful] = {
            "listener": self._listener, "hands": self._hands, "energy": self._energy, "chart": self._chart,
            "ladder": self._ladder, "form": self._form, "pace": self._pace, "performer": self._performer,
            "timing": self._timing, "sounds": self._sounds, "own_tempo": self._own_tempo,
            "following": self._following,
        }  # fmt: skip

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate <= 0 or lead_frames < 0:
            raise EngineError(
                f"{self.spec.name}: rate {rate} Hz with a lead of {lead_frames} frames",
                "use a rate above 0, a lead from 0",
            )
        self.rate, self._lead = rate, lead_frames
        self._hands.settle_frames = round(SETTLE_S * rate)
        self._styles = {number: load_named(name) for number, name in enumerate(STYLES)}
        self._listener.prepare()
        self._following.prepare(rate)
        self.reset()

    def latency_frames(self, port: str) -> int:
        return -self._lead

    def reset(self) -> None:
        for memory in self._memories.values():
            memory.reset()
        self._beat: Beat | None = None
        self._beat_frame, self._beat_late = 0, 0
        self._planned_to: int | None = None
        self._line: Timeline | None = None
        self._since: int | None = None  # the first frame since the reset
        self._stood = False  # the host did not roll
        self._foreseen_to = 0  # the last frame on the port of that name

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        end = time.frame + HOP
        self._listener.key_wanted = key_of(block.values[KEY.name])
        self._listen(block, time.frame, end)
        earliest = end + self._lead
        heard = follow(time, self._beat, self._beat_frame, self._beat_late)
        line = self._own_tempo.line(block.values[TEMPO.name], time, heard)
        if line is not None and line.time.frames_per_beat < SHORTEST_BEAT_FRAMES:
            line = None
        if line is None or not line.follows(self._line):
            out.events["midi"] += self._released(earliest)
            self._planned_to = None
            if line is not None:
                self._start(line, end, block)
        self._line, self._stood = line, not (time.hosted and time.rolling)
        self._follow(block, line, end)
        if line is None:
            return
        self._listener.advance(line, end)
        self._energy.advance(int(self._in_song(int(np.floor(line.time.beat_at(end))), line) // _bar_beats(line)))
        self._chart.choose(int(block.values[SHEET.name]))
        if self._planned_to is None:
            self._planned_to = line.first_beat(max(earliest, self._timing.last_frame))
            self._pace.begin(self._planned_to)
        while line.frame(self._planned_to - self._lookahead(block)) < earliest + HOP:
            left = (line.frame(self._planned_to) - earliest) / line.time.frames_per_beat
            self._plan(self._planned_to, line, end, block, out)
            if block.values[LOOKAHEAD_AUTO.name]:
                self._pace.decided(self._planned_to, left)
            self._planned_to += 1

    def _follow(self, block: Block, line: Timeline | None, end: int) -> None:
        beat = np.nan if line is None else line.time.beat_at(end) + line.to_bar
        self._following.listen(block, beat, 1 if line is None else playable(_bar_beats(line)))

    def _lookahead(self, block: Block) -> float:
        return self._pace.beats if block.values[LOOKAHEAD_AUTO.name] else block.values[LOOKAHEAD.name]

    def _listen(self, block: Block, start: int, end: int) -> None:
        if self._since is None:
            self._since = start
        for event in block.events["chords"]:
            if isinstance(event.payload, Chord):
                # one that sounded before we began is told late because of us, not because its analyser is slow
                self._listener.hear(event.payload, event.frame, end if event.frame >= self._since else event.frame)
            elif isinstance(event.payload, Key):
                self._listener.hear_key(event.payload)
        for event in block.events["beats"]:
            if isinstance(event.payload, Beat) and (self._beat is None or event.frame >= self._beat_frame):
                self._beat, self._beat_frame = event.payload, event.frame
                self._beat_late = max(start - event.frame, 0)
        for event in block.events["onsets"]:
            if isinstance(event.payload, Onset):
                self._energy.hear(event.payload.strength)
        self._hands.hear(block.events["midi"])
        if (played := self._hands.chord(end)) is not None:
            self._listener.play(*played)
        if self._hands.hold:
            self._listener.trust(end + round(TRUSTED_S * self.rate), True)
        else:
            self._listener.holding = False

    def _start(self, line: Timeline, now: int, block: Block) -> None:
        """A timeline begins, or goes on elsewhere."""
        beat = int(np.floor(line.time.beat_at(now)))
        if self._line is not None or self._listener.count or beat < self._listener.next:
            self._listener.jump(beat, Metre(playable(_bar_beats(line)), line.to_bar))
        counts = line.time.hosted and self._stood and block.values[COUNT_IN.name]
        self._following.turn()
        # the beat on which the host started is past before anyone can play
        self._form.start_anew(playable(_bar_beats(line)) - 1 if counts else 0)

    def _plan(self, beat: int, line: Timeline, now: int, block: Block, out: Block) -> None:
        """What begins and ends in ``beat``, said on ``out``, from what was told by frame ``now``."""
        earliest = max(now + self._lead, self._timing.last_frame)
        bar_beats = playable(_bar_beats(line))
        number = line.number(beat) % bar_beats
        place, metre = BeatPosition(beat - number, number, bar_beats), Metre(bar_beats, line.to_bar)
        ahead = [self._foresee(beat + i, line, metre) for i in range(bar_beats - number + 1)]
        chosen = self._ladder.choose(ahead[0], self._listener.in_key)
        chords = [chosen.chord, *((one if one.known else chosen).chord for one in ahead[1:])]
        written = self._chart.at(self._in_song(beat, line))
        shape = self._form.shape(
            place,
            FormRequest(
                int(block.values[SECTION.name]), bool(block.values[DROPOUT.name]), written[0] if written else None,
                self._energy.kind,
            ),
        )  # fmt: skip
        level = self._ladder.at
        if line.frame(beat + LATE_BEATS) < earliest or (level == SILENCE and not shape.counting):
            level = SILENCE
            out.events["midi"] += self._released(max(line.frame(beat), earliest))
        else:
            silent = [
                name
                for name in PARTS
                if block.values[MUTES[name].name] or (shape.dropped and not block.values[STAYS[name].name])
            ]
            self._following.take(place.start)
            dials = self._following.dials(dials_by(block.values), bar_beats, block.values)
            number = int(block.values[STYLE.name])
            style = self._styles[number]
            # a little early: what is struck before the beat is struck in the new style, too
            out.events["sound"] += self._sounds.change(
                number, style, max(line.frame(beat - EARLY_BEATS), now + self._lead)
            )
            sounds = self._performer.play(place, shape, chords, style, dials, silent)
            out.events["midi"] += self._timing.place(sounds, place.start, line, earliest)
        if not shape.counting:
            self._tell(beat, line, now, chosen, level, out)

    def _tell(self, beat: int, line: Timeline, now: int, chosen: PredictedChord, level: int, out: Block) -> None:
        """Say what was decided for ``beat``."""
        frame = self._foreseen_to = max(line.frame(beat), now + self._lead, self._foreseen_to)
        chord = chosen.chord
        ahead = (line.frame(beat) - now) / line.time.frames_per_beat
        out.events["foreseen"] += [
            TimedEvent(frame, Chord(chord.root, chord.quality, chord.bass, chosen.sure)),
            TimedEvent(frame, Commit(beat, level, chosen.source, ahead)),
        ]

    @staticmethod
    def _in_song(beat: int, line: Timeline) -> int:
        """``beat`` counted from the start of a bar of the song: its first, where a host says which that is."""
        return beat + line.to_bar % _bar_beats(line)

    def _foresee(self, beat: int, line: Timeline, metre: Metre) -> PredictedChord:
        written = self._chart.at(self._in_song(beat, line))
        if written is not None:
            return PredictedChord(written[1], TRACK_SURE, TRACK)
        state, sure, source = self._listener.chord_at(beat, metre, {})
        return PredictedChord(chord_of(state, 1.0), sure, source)

    def _released(self, earliest: int) -> list[TimedEvent]:
        """Everything that sounds ends as soon as it can."""
        return self._timing.end(self._performer.release(), earliest)

    def state(self) -> State:
        beat, line = self._beat, self._line
        kept: State = {
            "beat": np.array([] if beat is None else [*astuple(beat), self._beat_frame, self._beat_late]),
            "planned_to": np.array([] if self._planned_to is None else [self._planned_to], np.int64),
            "line": np.array([] if line is None else [*astuple(line.time), line.to_bar], np.float64),
            "since": np.array([] if self._since is None else [self._since], np.int64),
            "stood": np.array(self._stood),
            "foreseen_to": np.array(self._foreseen_to),
        }
        for name, memory in self._memories.items():
            kept |= add_prefix(name, memory.state())
        return kept

    def restore(self, state: State) -> None:
        beat, line, planned, since = (state[name].tolist() for name in ("beat", "line", "planned_to", "since"))
        self._beat = Beat(int(beat[0]), int(beat[1]), beat[2], beat[3], int(beat[4])) if beat else None
        self._beat_frame, self._beat_late = (int(beat[5]), int(beat[6])) if beat else (0, 0)
        self._planned_to = int(planned[0]) if planned else None
        self._since = int(since[0]) if since else None
        self._stood, self._foreseen_to = bool(state["stood"]), int(state["foreseen_to"])
        self._line = None
        if line:
            frame, rate, position, tempo, rolling, bar_beats, hosted, to_bar = line
            time = BlockTime(int(frame), int(rate), position, tempo, bool(rolling), int(bar_beats), bool(hosted))
            self._line = Timeline(time, int(to_bar))
        for name, memory in self._memories.items():
            memory.restore(strip_prefix(name, state))


def playable(bar_beats: int) -> int:
    """The beats of the bars that are played where the song's have ``bar_beats``: as many, or an equal part of them."""
    return next(beats for beats in range(min(bar_beats, LONGEST_BAR), 0, -1) if bar_beats % beats == 0)


def _bar_beats(line: Timeline) -> int:
    return max(line.time.bar_beats, 1)

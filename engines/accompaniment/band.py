"""A band that plays ahead of the beat: drums, bass, keys, pad and guitar to the chords that it foresees."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np

from bridge.core.control import Control
from bridge.core.engine import Block, EngineSpec, EventPort, State
from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.core.time import TICKS_PER_BEAT, BlockTime
from bridge.errors import EngineError
from engines.accompaniment.harmony.lattice import Metre
from engines.accompaniment.harmony.listener import Listener
from engines.accompaniment.harmony.states import NONE
from engines.accompaniment.parts import PARTS
from engines.accompaniment.performer import LONGEST_BAR, Performer, Place, Sound
from engines.accompaniment.score import Dials
from engines.accompaniment.style import Style, find, load, shipped_names
from engines.accompaniment.timeline import HOP, LATE_BEATS, LOOKAHEAD, SHORTEST_BEAT_FRAMES, Line, follow
from engines.memory import prefixed, within

STYLES = shipped_names()
STYLE = Control(
    "accompaniment.band.style", 0.0, len(STYLES) - 1.0, float(STYLES.index("pop")), curve="choice",
    doc="What the band plays.", choices=STYLES,
)  # fmt: skip
SEED = Control("accompaniment.band.seed", 0.0, 999.0, 0.0, curve="integer", doc="Another number, another performance.")
DIALS = {
    "intensity": Control("accompaniment.band.intensity", 0.0, 1.0, 0.5, doc="How hard and how busily it plays."),
    "density": Control("accompaniment.band.density", 0.0, 1.0, 0.5, doc="How many of the light strokes sound."),
    "complexity": Control("accompaniment.band.complexity", 0.0, 1.0, 0.5, doc="How many different patterns it uses."),
    "swing": Control("accompaniment.band.swing", 0.0, 1.0, 0.0, doc="Off-beats late: 1 is the triplet."),
    "humanise": Control("accompaniment.band.humanise", 0.0, 1.0, 0.3, doc="How loose timing and touch are."),
    "style_strength": Control(
        "accompaniment.band.style_strength", 0.0, 1.0, 1.0, doc="0 is a plain band, 1 the style."
    ),
    "temperature": Control(
        "accompaniment.band.temperature", 0.0, 1.0, 0.5, doc="How far chance strays from the usual."
    ),
}
MUTES = {
    name: Control(
        f"accompaniment.band.{name}.mute", 0.0, 1.0, 0.0, curve="switch", doc=f"No {name} from the next beat on."
    )
    for name in PARTS
}


class Band:
    """Decides beat after beat, `accompaniment.lookahead_beats` before it sounds, and never takes a note back.

    Chords are foreseen by the harmony lattice from what was told by then. A note's end is decided in the beat in which
    it ends; all that sounds is released where the song stops or jumps.
    """

    spec = EngineSpec(
        name="accompaniment.band",
        inputs=(EventPort("midi"), EventPort("beats"), EventPort("chords")),
        outputs=(EventPort("midi"),),
        hop=HOP,
        controls=(LOOKAHEAD, STYLE, SEED, *DIALS.values(), *MUTES.values()),
        predicts=True,
        resets_on_gap=False,
    )

    def __init__(self) -> None:
        self.rate = 0
        self._lead = 0
        self._styles: dict[int, Style] = {}
        self._listener, self._performer = Listener(), Performer()

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate <= 0 or lead_frames < 0:
            raise EngineError(
                f"{self.spec.name}: rate {rate} Hz with a lead of {lead_frames} frames",
                "use a rate above 0, a lead from 0",
            )
        self.rate, self._lead = rate, lead_frames
        self._styles = {number: load(find(name)) for number, name in enumerate(STYLES)}
        self.reset()

    def latency_frames(self, port: str) -> int:
        return -self._lead

    def reset(self) -> None:
        self._listener.forget()
        self._performer.forget()
        self._beat: Beat | None = None
        self._beat_frame = 0
        self._planned_to: int | None = None
        self._line: Line | None = None
        self._last_frame = 0
        self._began: dict[tuple[int, int], int] = {}  # (channel, pitch) of what sounds: the frame

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        end = at.frame + HOP
        self._listen(block, end)
        earliest = end + self._lead
        line = follow(at, self._beat, self._beat_frame)
        if line is not None and line.time.frames_per_beat < SHORTEST_BEAT_FRAMES:
            line = None
        if line is None or not line.follows(self._line):
            out.events["midi"] += self._released(earliest)
            self._planned_to = None
            if line is not None and self._line is not None:
                self._listener.jump(int(np.floor(line.time.beat_at(end))))
        self._line = line
        if line is None:
            return
        self._listener.advance(line, end)
        if self._planned_to is None:
            self._planned_to = line.first_beat(max(earliest, self._last_frame))
        while line.frame(self._planned_to - block.values[LOOKAHEAD.name]) < earliest + HOP:
            out.events["midi"] += self._plan(self._planned_to, line, max(earliest, self._last_frame), block)
            self._planned_to += 1

    def _listen(self, block: Block, told: int) -> None:
        for event in block.events["chords"]:
            if isinstance(event.payload, Chord):
                self._listener.hear(event.payload, event.frame, told)
            elif isinstance(event.payload, Key):
                self._listener.hear_key(event.payload)
        for event in block.events["beats"]:
            if isinstance(event.payload, Beat):
                self._beat, self._beat_frame = event.payload, event.frame

    def _plan(self, beat: int, line: Line, earliest: int, block: Block) -> list[TimedEvent]:
        """What begins and ends in ``beat``; nothing new where it is too late or no chord is known."""
        if line.frame(beat + LATE_BEATS) < earliest:
            return self._released(earliest)
        bar_beats = min(max(line.time.bar_beats, 1), LONGEST_BAR)
        number = line.number(beat) % bar_beats
        metre = Metre(bar_beats, line.to_bar)
        states = [self._listener.chord_at(beat + i, metre, {})[0] for i in range(bar_beats - number + 1)]
        if states[0] == NONE:
            return self._released(max(line.frame(beat), earliest))
        muted = [name for name, control in MUTES.items() if block.values[control.name]]
        dials = Dials(
            **{name: block.values[control.name] for name, control in DIALS.items()}, seed=int(block.values[SEED.name])
        )
        style = self._styles[int(block.values[STYLE.name])]
        place = Place(beat - number, number, bar_beats)
        sounds = self._performer.play(place, states[:-1], states[-1], style, dials, muted)
        return self._timed(sounds, place, line, earliest)

    def _timed(self, sounds: Sequence[Sound], place: Place, line: Line, earliest: int) -> list[TimedEvent]:
        """``sounds`` at their frames; each note ends a frame after it began at least."""
        events: list[TimedEvent] = []
        for sound in sounds:
            key = sound.channel, sound.pitch
            frame = max(line.frame(place.start + sound.tick / TICKS_PER_BEAT), earliest)
            if sound.velocity:
                self._began[key] = frame
                events.append(TimedEvent(frame, Midi(bytes((0x90 | sound.channel, sound.pitch, sound.velocity)))))
            else:
                frame = max(frame, self._began.pop(key) + 1)
                events.append(TimedEvent(frame, Midi(bytes((0x80 | sound.channel, sound.pitch, 0)))))
        events.sort(key=lambda event: event.frame)
        if events:
            self._last_frame = events[-1].frame
        return events

    def _released(self, earliest: int) -> list[TimedEvent]:
        """Everything that sounds ends as soon as it can."""
        frame = max(earliest, self._last_frame, *(began + 1 for began in self._began.values()))
        events = [
            TimedEvent(frame, Midi(bytes((0x80 | channel, pitch, 0)))) for channel, pitch in self._performer.release()
        ]
        self._began.clear()
        if events:
            self._last_frame = frame
        return events

    def state(self) -> State:
        beat, line = self._beat, self._line
        return {
            "beat": np.array([] if beat is None else [*astuple(beat), self._beat_frame]),
            "planned_to": np.array([] if self._planned_to is None else [self._planned_to], np.int64),
            "line": np.array([] if line is None else [*astuple(line.time), line.to_bar], np.float64),
            "last_frame": np.array(self._last_frame),
            "began": np.array([(*key, frame) for key, frame in self._began.items()], np.int64).reshape(-1, 3),
            **prefixed("listener", self._listener.state()),
            **prefixed("performer", self._performer.state()),
        }

    def restore(self, state: State) -> None:
        beat, line, planned = (state[name].tolist() for name in ("beat", "line", "planned_to"))
        self._beat = Beat(int(beat[0]), int(beat[1]), beat[2], beat[3], int(beat[4])) if beat else None
        self._beat_frame = int(beat[5]) if beat else 0
        self._planned_to = int(planned[0]) if planned else None
        self._line = None
        if line:
            frame, rate, position, tempo, rolling, bar_beats, hosted, to_bar = line
            time = BlockTime(int(frame), int(rate), position, tempo, bool(rolling), int(bar_beats), bool(hosted))
            self._line = Line(time, int(to_bar))
        self._last_frame = int(state["last_frame"])
        self._began = {(int(channel), int(pitch)): int(frame) for channel, pitch, frame in state["began"]}
        self._listener.restore(within("listener", state))
        self._performer.restore(within("performer", state))

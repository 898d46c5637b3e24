"""The band on a virtual clock, behind the real callback and the real worker's loop; a test says what arrives when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.core.engine import Block
from bridge.core.events import Beat, Chord, Commit, Payload, TimedEvent
from bridge.core.role import FORESEEN_RING, HOST_RING
from bridge.core.time import BlockTime
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CALLBACK_RINGS, Plan, WorkerPlan
from engines.accompaniment.band import Band
from engines.accompaniment.timeline import HOP
from tests.engines.driving import RATE, parse_chord
from tests.runtime.callback_driver import open_callback

PERIOD = 512
RESERVE = 2048
MIR, BAND = 0, 1
ANALYSED = ("beats", "chords", "onsets")
STRAIGHT: Mapping[str, float] = {"accompaniment.band.humanise": 0.0, "accompaniment.band.swing": 0.0}
LOOP = ("C", "Am", "F", "G")

CONTROLS = tuple(control.name for control in Band.spec.controls)
PLAN = Plan(
    RATE,
    (
        WorkerPlan("mir", "mir.toy", MIR, HOP, 0, writes={port: f"mir.{port}" for port in ANALYSED}),
        WorkerPlan(
            "accompaniment", "accompaniment.band", BAND, HOP, HOP + RESERVE, controls=CONTROLS,
            reads={port: f"mir.{port}" for port in ANALYSED} | {"midi": HOST_RING},
            writes={"midi": "accompaniment", "foreseen": FORESEEN_RING}, waits_for=(MIR,),
        ),
    ),
    (*CALLBACK_RINGS, *(f"mir.{port}" for port in ANALYSED), FORESEEN_RING),
)  # fmt: skip


@dataclass(frozen=True)
class Cycle:
    """One callback: where the host stands. ``jumps``: it is somewhere else than it would be."""

    rolls: bool
    beat: float
    tempo: float
    jumps: bool = False


def host(*turns: tuple[str, float, float]) -> list[Cycle]:
    """``turns``: (what, seconds, value), one after the other. ``roll`` at a tempo of so much; ``ramp`` there; ``stop``;
    ``jump`` to a beat and roll on; ``loop``: jump back so many beats each time that so many have passed."""
    cycles: list[Cycle] = []
    beat, tempo = 0.0, 120.0
    for what, seconds, value in turns:
        count = round(seconds * RATE / PERIOD)
        from_tempo, loop_start = tempo, beat
        for i in range(count):
            jumps = what == "jump" and i == 0
            if what == "roll":
                tempo = value
            elif what == "ramp":
                tempo = from_tempo + (value - from_tempo) * i / count
            elif jumps:
                beat = value
            elif what == "loop" and beat >= loop_start + value:
                beat, jumps = beat - value, True
            cycles.append(Cycle(what != "stop", beat, tempo, jumps))
            beat += PERIOD * tempo / (60 * RATE) if what != "stop" else 0.0
    return cycles


def find_frame(cycles: Sequence[Cycle], index: int, beat: float) -> int | None:
    """The frame at which ``beat`` falls within the cycle of this ``index``."""
    cycle = cycles[index]
    into = (beat - cycle.beat) * 60 * RATE / cycle.tempo
    return index * PERIOD + round(into) if cycle.rolls and -0.5 <= into < PERIOD - 0.5 else None


def make_chords(cycles: Sequence[Cycle], labels: Sequence[str] = LOOP, beats_each: int = 4) -> list[tuple[int, Chord]]:
    """(frame, chord) of each change in a song of ``labels`` again and again."""
    found: list[tuple[int, Chord]] = []
    for index, cycle in enumerate(cycles):
        for beat in range(int(cycle.beat) - 1, int(cycle.beat) + 3):
            frame = find_frame(cycles, index, beat)
            if frame is not None:
                sounds = parse_chord(labels[beat // beats_each % len(labels)])
                if not found or found[-1][1] != sounds:
                    found.append((frame, sounds))
    return found


def delay_events(events: Sequence[tuple[int, Payload]], by: Callable[[int], float]) -> list[tuple[int, TimedEvent]]:
    """(frame reported, event) in the order in which they are reported; ``by``: seconds of the event of each number."""
    results = [(frame + round(by(i) * RATE), TimedEvent(frame, payload)) for i, (frame, payload) in enumerate(events)]
    return sorted(results, key=lambda row: row[0])


@dataclass
class Played:
    """``sent``: (frame, message) of the MIDI port. ``commits``, ``chords``: (frame, what was decided). ``said``: (first
    frame of the hop, port, event) of the band itself. ``breaks``: frames at which the host broke."""

    cycles: Sequence[Cycle]
    sent: list[tuple[int, bytes]] = field(default_factory=list)
    commits: list[tuple[int, Commit]] = field(default_factory=list)
    chords: list[tuple[int, Chord]] = field(default_factory=list)
    said: list[tuple[int, str, TimedEvent]] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)

    def beat_at(self, frame: int) -> float:
        cycle = self.cycles[min(frame // PERIOD, len(self.cycles) - 1)]
        return cycle.beat + (frame % PERIOD) * cycle.tempo / (60 * RATE)

    def notes(self) -> list[tuple[int, int, int, int]]:
        """(on, off, channel, pitch). Fails where one begins while it sounds, ends unplayed, or never ends."""
        open_: dict[tuple[int, int], int] = {}
        found = []
        for frame, data in self.sent:
            key = data[0] & 0x0F, data[1]
            if data[0] & 0xF0 == 0x90:
                assert key not in open_, f"{key} begins at {frame} and sounds since {open_[key]}"
                open_[key] = frame
            elif key in open_:
                began = open_.pop(key)
                assert frame > began or frame in self.breaks, f"{key} lasts from {began} to {frame}"
                found.append((began, frame, *key))
                # the callback ends a note by a velocity of its own where the band failed to
                assert data[2] == 0 or self._near_break(frame), f"{key} was ended for the band at {frame}"
            else:
                assert self._near_break(frame), f"{key} ends at {frame}, but did not begin"
        assert not open_, f"{open_} never end"
        return sorted(found)

    def _near_break(self, frame: int) -> bool:
        return any(0 <= frame - one <= 4 * PERIOD for one in self.breaks)

    def drum_beats(self) -> list[float]:
        """Where in the song each stroke of the drums fell."""
        return [self.beat_at(on) for on, _, channel, _ in self.notes() if channel == 9]


class Recorded(Band):
    """The band, and what it said."""

    def __init__(self, played: Played) -> None:
        super().__init__()
        self._played = played

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        super().process(block, time, out)
        self._played.said += [(time.frame, port, event) for port, events in out.events.items() for event in events]


def stream(
    cycles: Sequence[Cycle], recorded: Mapping[str, Sequence[tuple[int, TimedEvent]]],
    values: Callable[[int], Mapping[str, float]] = lambda _: STRAIGHT,
    stalled: Callable[[int], bool] = lambda _: False, keys: Sequence[tuple[int, bytes]] = (), declared_frames: int = 0,
) -> Played:  # fmt: skip
    """Run the band through ``cycles``. ``recorded``: events of each ring, (frame reported, event). ``values``: by
    frame.
    ``stalled``: whether the worker does nothing in the cycle of a number. ``keys``: (frame, message) that come in.
    ``declared_frames``: the delay that is declared for what is analysed, which is reported to the band no sooner."""
    played = Played(cycles)
    waiting = {port: list(events) for port, events in recorded.items()}
    keys = list(keys)
    with open_callback(PLAN) as callback:
        for port in ANALYSED:
            callback.shared.heads[PLAN.rings.index(f"mir.{port}"), w.RING_DELAY] = declared_frames
        runner = EngineRunner(PLAN, PLAN.workers[BAND], callback.shared, Recorded(played))
        runner.prepare()
        foreseen, transport, place = callback.reader(FORESEEN_RING), callback.context.transport, 0
        for index, cycle in enumerate(cycles):
            now = index * PERIOD
            defaults = {control.name: control.default for control in Band.spec.controls}
            chosen = {**defaults, **STRAIGHT, **values(now)}
            callback.shared.values[BAND, : len(CONTROLS)] = [chosen[name] for name in CONTROLS]
            place += 10**6 if cycle.jumps else 0
            transport[[w.T_ROLLING, w.T_FRAME, w.T_VALID]] = float(cycle.rolls), place, 1.0
            transport[[w.T_BEAT, w.T_TEMPO, w.T_BAR]] = cycle.beat, cycle.tempo, 4.0
            if index and (cycle.jumps or cycle.rolls != cycles[index - 1].rolls):
                played.breaks.append(now)
            place += PERIOD if cycle.rolls else 0
            due = [(frame - now, data) for frame, data in keys if now <= frame < now + PERIOD]
            callback.read_inputs(PERIOD, due)
            epoch = int(callback.worker(MIR)[w.EPOCH])
            for port, events in waiting.items():
                while events and events[0][0] < now + PERIOD:
                    callback.writer(f"mir.{port}").write(events.pop(0)[1], epoch)
            if not stalled(index):
                runner.process_available()
            played.sent += [(now + offset, data) for offset, data in callback.write_midi(PERIOD)["accompaniment"]]
            for event in foreseen.read():
                if isinstance(event.payload, Commit):
                    played.commits.append((event.frame, event.payload))
                elif isinstance(event.payload, Chord):
                    played.chords.append((event.frame, event.payload))
    return played


def make_beats(cycles: Sequence[Cycle]) -> list[tuple[int, Beat]]:
    """(frame, beat) of each beat of the host, as an analyser would hear them."""
    found = []
    for index, cycle in enumerate(cycles):
        for beat in range(int(cycle.beat) - 1, int(cycle.beat) + 3):
            if (frame := find_frame(cycles, index, beat)) is not None:
                found.append((frame, Beat(beat % 4, 4, cycle.tempo, 0.9, beat)))
    return found


def find_drum_bars(played: Played) -> list[int]:
    """The bars in which the drums play, in order."""
    return sorted({int(beat + 0.02) // 4 for beat in played.drum_beats()})


BEAT = RATE // 2
"""Frames, at the tempo of STEADY."""
STEADY = host(("stop", 0.5, 0), ("roll", 24, 120), ("stop", 1, 0))
"""Twelve bars."""

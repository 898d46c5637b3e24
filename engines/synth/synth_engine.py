"""The engines synth.fluid and synth.plain: General MIDI in, limited sound out."""

# ruff: noqa: ARG002 - the contract hands every engine more than this one needs

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, db_to_gain
from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import BridgeError, ConfigError, EngineError
from engines.saved_state import add_prefix, strip_prefix
from engines.synth.fluidsynth import library
from engines.synth.fluidsynth_pool import FluidSynthPool, as_events, as_numbers
from engines.synth.fonts import find_font
from engines.synth.instrument import Instrument, is_heard, lets_go, strikes
from engines.synth.limiter import LATENCY_FRAMES, Limiter
from engines.synth.plain_synth import PlainSynth

log = logging.getLogger(__name__)

HOP = 512
"""Costs no delay on the live road, where it runs ahead; half as many calls there cost a quarter less."""
INPUT, SETTINGS, OUTPUT = "midi", "sound", "audio"
GAIN = Control("synth.gain_db", -60.0, 12.0, 0.0, "dB", doc="Loudness of the synth, before its limiter.")
INSTEAD = "synth.plain plays in FluidSynth's place: %s"
LOWEST_RATE, HIGHEST_RATE = 8000, 192_000
FLUID_RATES = (44100, 48000, 88200, 96000)
"""FluidSynth knows rates up to 96 kHz; at others the road resamples."""


class Synth:
    """An instrument behind a limiter, LATENCY_FRAMES late at every rate.

    Notes come on ``midi``, and whatever else an instrument is sent. On ``sound`` comes what is only for the one who
    makes the sound: programs and controllers, a note there is passed over. A message sounds at its frame: one that is
    late at once, one that lies ahead of its block when it is due. Where the stream's frames do not go on from the last
    block, what was due is dropped and all notes are let go of.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[int, int], Instrument],
        rates: tuple[int, ...] = (),
        lacks: Callable[[], BridgeError | None] = lambda: None,
    ) -> None:
        """``make``: from a rate in Hz and the frames of a block to the instrument. ``lacks``: what of the system it
        has to do without here, for `sideman doctor`."""
        self.lacks = lacks
        self.spec = EngineSpec(
            name=name,
            inputs=(EventPort(INPUT), EventPort(SETTINGS)),
            outputs=(AudioPort(OUTPUT),),
            hop=HOP,
            rates=rates,
            controls=(GAIN,),
            resets_on_gap=False,
        )
        self._make = make
        self._next: int | None = None
        self._gain: float | None = None
        self._waiting: list[tuple[int, bytes]] = []

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise EngineError(f"{self.spec.name}: rate {rate} Hz", f"use {LOWEST_RATE} to {HIGHEST_RATE} Hz")
        self._sounds = self._make(rate, HOP)
        self._limiter = Limiter(rate, HOP)
        self._sum = np.zeros((CHANNELS, HOP), np.float32)
        self._forget()

    def latency_frames(self, port: str) -> int:
        return LATENCY_FRAMES

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        if self._next is not None and at.frame != self._next:
            self._waiting.clear()
            self._sounds.release()
        self._next = at.frame + HOP
        self._take([event for event in block.events[SETTINGS] if not is_note(event)])
        self._take(block.events[INPUT])
        due = [(max(frame - at.frame, 0), message) for frame, message in self._waiting if frame < self._next]
        self._waiting = self._waiting[len(due) :]
        self._sounds.play(due, self._sum)
        self._sum *= self._gains(db_to_gain(block.values[GAIN.name]))
        self._limiter(self._sum, out.audio[OUTPUT])

    def _take(self, events: list[TimedEvent]) -> None:
        heard = [(e.frame, e.payload.data) for e in events if isinstance(e.payload, Midi) and is_heard(e.payload.data)]
        if heard:
            self._waiting = sorted(self._waiting + heard, key=lambda timed: timed[0])

    def _gains(self, gain: float) -> NDArray[np.float32] | np.float32:
        """From the last block's gain to ``gain``, without a step."""
        before = gain if self._gain is None else self._gain
        self._gain = gain
        if before == gain:
            return np.float32(gain)
        return np.linspace(before, gain, HOP, dtype=np.float32)

    def _forget(self) -> None:
        self._next, self._gain, self._waiting = None, None, []

    def reset(self) -> None:
        self._sounds.reset()
        self._limiter.reset()
        self._forget()

    def state(self) -> State:
        return {
            "next": np.array([] if self._next is None else [self._next], np.int64),
            "gain": np.array([] if self._gain is None else [self._gain]),
            "waiting": as_numbers(self._waiting),
            **add_prefix("sounds", self._sounds.state()),
            **add_prefix("limiter", self._limiter.state()),
        }

    def restore(self, state: State) -> None:
        self._next = next(iter(state["next"].tolist()), None)
        self._gain = next(iter(state["gain"].tolist()), None)
        self._waiting = as_events(state["waiting"])
        self._sounds.restore(strip_prefix("sounds", state))
        self._limiter.restore(strip_prefix("limiter", state))


def is_note(event: TimedEvent) -> bool:
    """Whether it begins or ends one."""
    data = event.payload.data if isinstance(event.payload, Midi) else b""
    return len(data) == 3 and (strikes(data) or lets_go(data))


def lacking() -> ConfigError | None:
    """What FluidSynth lacks here and how that is mended; None where it can play."""
    try:
        library()
        find_font()
    except ConfigError as error:
        return error
    return None


def _best(rate: int, frames: int, whole: bool) -> Instrument:
    """FluidSynth, or, where it cannot play, what needs nothing."""
    try:
        return FluidSynthPool(find_font(), rate, frames, whole)
    except ConfigError as error:
        log.warning(INSTEAD, error)
        return PlainSynth(rate, frames)


def instrument() -> Callable[[], Synth]:
    """`fluid_for_files` where it can play; else `plain`, after one warning, however many are made."""
    if missing := lacking():
        log.warning(INSTEAD, missing)
        return plain
    return fluid_for_files


def fluid() -> Synth:
    """FluidSynth with a sound font; synth.plain's sounds, with a warning, where one of them is missing.

    The whole font is read beforehand: a program of which nothing was read costs up to 70 ms when it is first chosen.
    """
    return Synth("synth.fluid", partial(_best, whole=True), FLUID_RATES, lacking)


def fluid_for_files() -> Synth:
    """The same sound, begun sooner: of the font is read what is played, when it is first played."""
    return Synth("synth.fluid", partial(_best, whole=False), FLUID_RATES, lacking)


def plain() -> Synth:
    """Five simple instruments and a drum kit that need nothing."""
    return Synth("synth.plain", PlainSynth)

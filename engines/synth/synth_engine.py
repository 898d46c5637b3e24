"""Synth engines synth.fluid and synth.plain: General MIDI in, limited audio out."""

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
from bridge.core.midi import is_note_off, is_note_on
from bridge.core.time import BlockTime
from bridge.errors import BridgeError, ConfigError, EngineError
from engines.saved_state import add_prefix, strip_prefix
from engines.synth.fluidsynth import load_library
from engines.synth.fluidsynth_pool import FluidSynthPool, from_rows, to_rows
from engines.synth.fonts import find_font
from engines.synth.instrument import Instrument, is_channel_message
from engines.synth.limiter import LATENCY_FRAMES, Limiter
from engines.synth.plain_synth import PlainSynth

log = logging.getLogger(__name__)

HOP = 512
"""Adds no latency live, where the synth runs ahead; half as many calls there cost a quarter less."""
INPUT, SETTINGS, OUTPUT = "midi", "sound", "audio"
GAIN = Control("synth.gain_db", -60.0, 12.0, 0.0, "dB", doc="Loudness of the synth, before its limiter.")
FALLBACK_WARNING = "synth.plain plays in FluidSynth's place: %s"
LOWEST_RATE, HIGHEST_RATE = 8000, 192_000
FLUID_RATES = (44100, 48000, 88200, 96000)
"""FluidSynth's rates go up to 96 kHz; at others the bridge resamples."""


class Synth:
    """A synth engine: an instrument followed by a limiter. Its latency is LATENCY_FRAMES at every rate.

    The input ``midi`` receives notes and all other channel messages. The input ``sound`` receives programs and
    controllers for this synth alone; notes there are ignored. A message sounds at its frame; a late one sounds at once.
    Where a block does not continue the previous one, pending messages are dropped and all notes are released.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[int, int], Instrument],
        rates: tuple[int, ...] = (),
        lacks: Callable[[], BridgeError | None] = lambda: None,
    ) -> None:
        """``make``: makes the instrument from a rate in Hz and the frames of a block.

        ``lacks``: the error of a missing system component, for `sideman doctor`.
        """
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
        self._instrument = self._make(rate, HOP)
        self._limiter = Limiter(rate, HOP)
        self._sum = np.zeros((CHANNELS, HOP), np.float32)
        self._clear()

    def latency_frames(self, port: str) -> int:
        return LATENCY_FRAMES

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        if self._next is not None and time.frame != self._next:
            self._waiting.clear()
            self._instrument.release()
        self._next = time.frame + HOP
        self._queue([event for event in block.events[SETTINGS] if not is_note(event)])
        self._queue(block.events[INPUT])
        due = [(max(frame - time.frame, 0), message) for frame, message in self._waiting if frame < self._next]
        self._waiting = self._waiting[len(due) :]
        self._instrument.render(due, self._sum)
        self._sum *= self._ramp_gain(db_to_gain(block.values[GAIN.name]))
        self._limiter.process(self._sum, out.audio[OUTPUT])

    def _queue(self, events: list[TimedEvent]) -> None:
        midi = [(event.frame, event.payload.data) for event in events if isinstance(event.payload, Midi)]
        messages = [(frame, data) for frame, data in midi if is_channel_message(data)]
        if messages:
            self._waiting = sorted(self._waiting + messages, key=lambda timed: timed[0])

    def _ramp_gain(self, gain: float) -> NDArray[np.float32] | np.float32:
        """A ramp from the previous block's gain to ``gain``."""
        before = gain if self._gain is None else self._gain
        self._gain = gain
        if before == gain:
            return np.float32(gain)
        return np.linspace(before, gain, HOP, dtype=np.float32)

    def _clear(self) -> None:
        self._next, self._gain, self._waiting = None, None, []

    def reset(self) -> None:
        self._instrument.reset()
        self._limiter.reset()
        self._clear()

    def state(self) -> State:
        return {
            "next": np.array([] if self._next is None else [self._next], np.int64),
            "gain": np.array([] if self._gain is None else [self._gain]),
            "waiting": to_rows(self._waiting),
            **add_prefix("instrument", self._instrument.state()),
            **add_prefix("limiter", self._limiter.state()),
        }

    def restore(self, state: State) -> None:
        self._next = next(iter(state["next"].tolist()), None)
        self._gain = next(iter(state["gain"].tolist()), None)
        self._waiting = from_rows(state["waiting"])
        self._instrument.restore(strip_prefix("instrument", state))
        self._limiter.restore(strip_prefix("limiter", state))


def is_note(event: TimedEvent) -> bool:
    """Whether ``event`` starts or ends a note."""
    data = event.payload.data if isinstance(event.payload, Midi) else b""
    return len(data) == 3 and (is_note_on(data) or is_note_off(data))


def find_missing() -> ConfigError | None:
    """The error of FluidSynth's missing library or font, with a hint; None where it can play."""
    try:
        load_library()
        find_font()
    except ConfigError as error:
        return error
    return None


def _open_best(rate: int, frames: int, whole: bool) -> Instrument:
    """FluidSynth, or where it cannot play the plain synth."""
    try:
        return FluidSynthPool(find_font(), rate, frames, whole)
    except ConfigError as error:
        log.warning(FALLBACK_WARNING, error)
        return PlainSynth(rate, frames)


def choose_synth() -> Callable[[], Synth]:
    """`fluid_for_files` where it can play; else `plain`, after one warning, however many synths are made."""
    if missing := find_missing():
        log.warning(FALLBACK_WARNING, missing)
        return plain
    return fluid_for_files


def fluid() -> Synth:
    """FluidSynth with a sound font; the plain synth, with a warning, where either is missing.

    The whole font is read in advance: a program whose samples are not loaded takes up to 70 ms when it is first chosen.
    """
    return Synth("synth.fluid", partial(_open_best, whole=True), FLUID_RATES, find_missing)


def fluid_for_files() -> Synth:
    """The same sound with a quicker start: samples are read when a program is first played."""
    return Synth("synth.fluid", partial(_open_best, whole=False), FLUID_RATES, find_missing)


def plain() -> Synth:
    """Simple instruments and a drum kit that need neither a library nor a font."""
    return Synth("synth.plain", PlainSynth)

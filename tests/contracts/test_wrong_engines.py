"""The suite finds what it is for: one broken promise at a time, and the check that must see it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bridge.core.engine import AudioPort, Block, State
from bridge.core.events import Beat, Midi, TimedEvent
from bridge.core.time import BlockTime
from tests.contracts import checks
from tests.contracts.running import Factory
from tests.contracts.sound_engines import Delay, Player


class SaysOneFrameTooLittle(Delay):
    def latency_frames(self, port: str) -> int:
        return super().latency_frames(port) - (port == "delayed")


class SaysEventsComeSooner(Delay):
    def latency_frames(self, port: str) -> int:
        return super().latency_frames(port) - 200 * (port == "chords")


class SaysEventsComeLater(Delay):
    def latency_frames(self, port: str) -> int:
        return super().latency_frames(port) + 200 * (port == "chords")


class KeepsATailOverReset(Delay):
    def reset(self) -> None:
        self.past[:, 5:] = 0


class KeepsEveryBlock(Delay):
    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        super().prepare(rate, max_frames, lead_frames)
        self.kept: list[float] = []

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        self.kept.append(float(at.frame))


class LetsNanThrough(Delay):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        line = np.concatenate([self.past, block.audio["mix"]], axis=1)
        out.audio["delayed"][:] = line[:, : self.spec.hop]
        self.past[:] = line[:, self.spec.hop :]


class NeverForgetsNan(Delay):
    muted = np.float32(1)

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        if not np.isfinite(block.audio["mix"]).all():
            self.muted = np.float32(0)
        out.audio["delayed"] *= self.muted


class Hisses(Delay):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        out.audio["delayed"] += np.float32(1e-9)


class ForgetsItsPast(Delay):
    def state(self) -> State:
        return {}

    def restore(self, state: State) -> None:
        pass


class LooksAtTheClock(Delay):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        out.audio["delayed"] *= np.float32(1 + time.perf_counter() % 1)


class SharesItsPast(Delay):
    common = np.zeros((2, 40), np.float32)

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        super().prepare(rate, max_frames, lead_frames)
        self.past = self.common
        self.past[:] = 0


class WritesIntoItsInput(Delay):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        block.audio["mix"] *= np.float32(0.5)
        super().process(block, at, out)


class FillsHalf(Delay):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        whole = Block({"delayed": np.empty_like(out.audio["delayed"])}, out.events)
        super().process(block, at, whole)
        out.audio["delayed"][:, :64] = whole.audio["delayed"][:, :64]


class AddsToItsOutput(Delay):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        whole = Block({"delayed": np.empty_like(out.audio["delayed"])}, out.events)
        super().process(block, at, whole)
        out.audio["delayed"] += whole.audio["delayed"]


class HasTwoPortsOfOneName(Delay):
    spec = replace(Delay.spec, inputs=(*Delay.spec.inputs, AudioPort("mix")))


class TakesAnyRate(Delay):
    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        super().prepare(rate or 44100, max_frames, lead_frames)


class IgnoresTheLead(Player):
    def start(self, at: BlockTime) -> int:
        return at.frame + self.spec.hop


class KeepsItsFirstLead(Player):
    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        first = getattr(self, "lead", lead_frames)
        super().prepare(rate, max_frames, lead_frames)
        self.lead = first


class LeavesTheLastNoteHanging(Player):
    """Ends a note only where the next one starts."""

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        out.events["midi"][:] = [
            e for e in out.events["midi"] if isinstance(e.payload, Midi) and e.payload.data[0] >= 0x90
        ]


class EndsBeforeItStarts(Player):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        out.events["midi"].reverse()


class BeatsInSilence(Player):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        if not at.rolling:
            out.events["midi"].append(TimedEvent(self.start(at), Beat(0, 4, 120.0, 1.0, 0)))


class PlaysToSilence(Player):
    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        super().process(block, at, out)
        if not at.rolling:
            out.events["midi"].append(TimedEvent(self.start(at), Midi(b"\x90\x40\x40")))


WRONG: tuple[tuple[Factory, Callable[[Factory], None]], ...] = (
    (SaysOneFrameTooLittle, checks.check_audio_latency),
    (SaysEventsComeSooner, checks.check_event_latency),
    (SaysEventsComeLater, checks.check_event_latency),
    (KeepsATailOverReset, checks.check_reset),
    (KeepsEveryBlock, checks.check_memory),
    (LetsNanThrough, checks.check_bad_numbers),
    (NeverForgetsNan, checks.check_bad_numbers),
    (Hisses, checks.check_silence),
    (ForgetsItsPast, checks.check_state),
    (LooksAtTheClock, checks.check_block_sizes),
    (SharesItsPast, checks.check_two_at_once),
    (WritesIntoItsInput, checks.check_input_untouched),
    (FillsHalf, checks.check_outputs_filled),
    (AddsToItsOutput, checks.check_outputs_filled),
    (HasTwoPortsOfOneName, checks.check_spec),
    (TakesAnyRate, checks.check_spec),
    (IgnoresTheLead, checks.check_lead),
    (KeepsItsFirstLead, checks.check_lead),
    (LeavesTheLastNoteHanging, checks.check_events_in_order),
    (EndsBeforeItStarts, checks.check_events_in_order),
    (BeatsInSilence, checks.check_silence),
    (PlaysToSilence, checks.check_silence),
)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("sound", [Delay, Player])
def test_a_sound_engine_passes(sound: Factory, check: Callable[[Factory], None]) -> None:
    check(sound)


@pytest.mark.parametrize(("wrong", "check"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_a_wrong_engine_is_found(wrong: Factory, check: Callable[[Factory], None]) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(wrong)


def test_every_check_has_an_engine_that_fails_it() -> None:
    assert {check for _, check in WRONG} == set(checks.CHECKS)

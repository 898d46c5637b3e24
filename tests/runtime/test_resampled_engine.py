"""Engines at rates that are not their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.engine import AudioPort, Block, Engine, EngineSpec, EventPort, block_for
from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from bridge.runtime.resampled_engine import MAX_HOP, ResampledEngine, choose_native_rate, fit_hops
from tests.contracts import checks
from tests.contracts.running import Factory
from tests.contracts.sound_engines import Delay, Player
from tests.runtime.offline_graph import process_offline
from tests.runtime.toys import Halves, Toy

RATES = (8000, 22050, 32000, 44100, 64000, 88200, 96000, 192000)


class NativeDelay(Delay):
    """The contract's own engine, at 48 kHz only."""

    spec = replace(Delay.spec, rates=(48000,))


class NativePlayer(Player):
    spec = replace(Player.spec, rates=(48000,))


class Keeper(Halves):
    spec = replace(Halves.spec, keeps=("past",))


INPUT_DELAY = 1001
LATE = EngineSpec("toy.late", (AudioPort("mix"),), (EventPort("beats"),), 512, (48000,))


def emit_late(block: Block, time: BlockTime, out: Block) -> None:
    out.events["beats"].append(TimedEvent(time.frame - INPUT_DELAY, Midi(b"\x90\x40\x40")))


def at_rate(engine: Callable[[], Engine], rate: int) -> Factory:
    return lambda: ResampledEngine(engine(), rate)


def run(engine: Engine, mix: Audio, rate: int) -> dict[str, Audio]:
    """What the prepared ``engine`` makes of ``mix``, by port, without its delay and cut to whole hops."""
    engine.prepare(rate, engine.spec.hop)
    hop, received = engine.spec.hop, []
    for start in range(0, mix.shape[1] - hop + 1, hop):
        block, out = block_for(engine.spec.inputs, hop), block_for(engine.spec.outputs, hop)
        block.audio["mix"][:] = mix[:, start : start + hop]
        engine.process(block, BlockTime(start, rate), out)
        received.append(out.audio)
    return {
        port: np.concatenate([audio[port] for audio in received], axis=1)[:, engine.latency_frames(port) :]
        for port in received[0]
    }


def tone(hz: float, rate: int, seconds: float = 0.25) -> Audio:
    return np.tile(0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate), (CHANNELS, 1)).astype(
        np.float32
    )


# the contract


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("engine", [NativeDelay, NativePlayer], ids=["audio", "predicts"])
def test_a_resampled_engine_keeps_the_contract(
    engine: Callable[[], Engine], check: Callable[[Factory], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "BLOCKS", 1500)  # a hop here is five of the engine's
    check(at_rate(engine, 44100))


@pytest.mark.parametrize("rate", RATES)
def test_impulses_events_and_leads_are_where_the_latency_puts_them_at_any_rate(rate: int) -> None:
    for engine in (NativeDelay, Halves):
        checks.check_audio_latency(at_rate(engine, rate))
    checks.check_event_latency(at_rate(lambda: Toy(LATE, emit_late, INPUT_DELAY), rate))
    checks.check_lead(at_rate(NativePlayer, rate))


# audio


@pytest.mark.parametrize("rate", [22050, 32000, 96000])
def test_a_tone_comes_back_as_it_went_in(rate: int) -> None:
    sent = tone(2000, rate)
    received = run(ResampledEngine(Halves(), rate), sent, rate)["drums"]
    middle = slice(rate // 20, received.shape[1] - rate // 20)
    assert np.abs(received - 0.5 * sent[:, : received.shape[1]])[:, middle].max() < 1e-4


@pytest.mark.parametrize("rate", [22050, 44100 * 2, 96000])
def test_other_is_the_delayed_mix_minus_the_rest(rate: int) -> None:
    sent = np.random.default_rng(0).uniform(-0.5, 0.5, (CHANNELS, rate // 4)).astype(np.float32)
    received = run(ResampledEngine(Halves(), rate), sent, rate)
    total = np.sum([received[stem] for stem in STEMS], axis=0, dtype=np.float64)
    assert np.abs(total - sent[:, : total.shape[1]]).max() < 1e-6


def test_what_lies_above_the_engine_s_nyquist_frequency_stays_in_other() -> None:
    sent = tone(40000, 96000)
    received = run(ResampledEngine(Halves(), 96000), sent, 96000)
    middle = slice(4800, received["other"].shape[1] - 4800)
    assert np.abs(received["other"] - sent[:, : received["other"].shape[1]])[:, middle].max() < 1e-4
    assert np.abs(received["drums"])[:, middle].max() < 1e-4


def test_samples_that_are_not_finite_enter_the_delay_line_as_silence() -> None:
    engine = ResampledEngine(Halves(), 96000)
    clean, spoilt = np.zeros((CHANNELS, 4096), np.float32), np.zeros((CHANNELS, 4096), np.float32)
    spoilt[:, 100:103] = np.nan, np.inf, -np.inf
    for stem, audio in run(engine, spoilt, 96000).items():
        assert np.array_equal(audio, run(ResampledEngine(Halves(), 96000), clean, 96000)[stem])


@pytest.mark.parametrize("rate", [32000, 96000])
def test_a_file_at_another_rate_is_separated_and_aligned(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.runtime.resampled_engine.load_engine", lambda name: Halves())
    sent = tone(2000, rate)
    take = process_offline(sent, rate, {"separation": "toy.halves"}, block=1000)
    assert np.abs(take.mix - sent).max() < 1e-6
    middle = slice(rate // 20, sent.shape[1] - rate // 20)
    assert np.abs(take.stems[0] - 0.5 * sent)[:, middle].max() < 1e-4


# events


def receive_events(
    engine: ResampledEngine, frames: list[int], rate: int, first: int, blocks: int
) -> list[tuple[int, int, int]]:
    """(block's frame, event's frame, engine's frame of it) for events sent at ``frames``, each in its block."""
    engine.prepare(rate, engine.spec.hop)
    inner, sent_events, hop = engine._engine, [], engine.spec.hop
    assert isinstance(inner, Toy)
    for start in range(first, first + blocks * hop, hop):
        block, out = block_for(engine.spec.inputs, hop), block_for(engine.spec.outputs, hop)
        for port in block.events:
            block.events[port] = [TimedEvent(f, Midi(b"\x90\x40\x40")) for f in frames if start <= f < start + hop]
        engine.process(block, BlockTime(start, rate, 4.0, 120.0, True), out)
        sent_events += [(start, event.frame) for events in out.events.values() for event in events]
    return [
        (start, frame, event.frame) for (start, frame), (_, _, event) in zip(sent_events, inner.received, strict=True)
    ]


def echo(block: Block, time: BlockTime, out: Block) -> None:
    for events in block.events.values():
        for event in events:
            assert time.frame <= event.frame < time.frame + 128, "an event comes in its hop"
            out.events["midi"].append(event)
    for audio in out.audio.values():
        audio.fill(0.0)


ECHO = EngineSpec("toy.echo", (AudioPort("mix"), EventPort("midi")), (EventPort("midi"),), 128, (48000,))
DEAF = replace(ECHO, inputs=(EventPort("midi"),))
"""Its only input is events."""


@pytest.mark.parametrize("spec", [ECHO, DEAF], ids=["with audio", "events only"])
@pytest.mark.parametrize("rate", [22050, 32000, 44100])
def test_events_keep_their_frames_there_and_back(spec: EngineSpec, rate: int) -> None:
    engine = ResampledEngine(Toy(spec, echo), rate)
    sent = [first + 1001 for first in (0, 1, 2, 77, 500, 1234, 3000, 4095)]
    assert [frame for _, frame, _ in receive_events(engine, sent, rate, 1001, 5000 // engine.spec.hop + 3)] == sent


def test_without_audio_events_are_not_held_back() -> None:
    engine = ResampledEngine(Toy(DEAF, echo), 32000)
    received = receive_events(engine, [1001, 1002, 2000], 32000, 1001, 8)
    assert all(start <= frame < start + engine.spec.hop for start, frame, _ in received)
    assert engine.latency_frames("midi") == 0


def test_the_engine_gets_its_own_rate_its_own_frames_and_the_beat_of_its_input() -> None:
    toy = Toy(ECHO, echo)
    engine = ResampledEngine(toy, 96000)
    engine.prepare(96000, 256)
    block, out = block_for(engine.spec.inputs, 256), block_for(engine.spec.outputs, 256)
    for start in (96000, 96256):
        engine.process(block, BlockTime(start, 96000, 4.0 + (start - 96000) / 48000, 120.0, True), out)
    delay = engine.latency_frames("midi")
    assert [at.rate for at in toy.times] == [48000, 48000]
    assert [at.frame for at in toy.times] == [(96000 - delay) // 2, (96256 - delay) // 2]
    assert [at.beat for at in toy.times] == pytest.approx([4 - delay / 48000, 4 + (256 - delay) / 48000])


def test_the_engine_gets_the_stem_delay_in_its_own_frames() -> None:
    sent_events = []
    engine = ResampledEngine(Toy(ECHO, lambda block, _at, _out: sent_events.append(block.stem_delay_frames)), 96000)
    engine.prepare(96000, 256)
    block, out = block_for(engine.spec.inputs, 256), block_for(engine.spec.outputs, 256)
    block.stem_delay_frames = 5001
    engine.process(block, BlockTime(0, 96000), out)
    assert sent_events == [2501]


def test_an_event_that_waits_for_its_hop_outlives_a_move() -> None:
    first, second = ResampledEngine(Toy(ECHO, echo), 44100), ResampledEngine(Toy(ECHO, echo), 44100)
    hop, late = first.spec.hop, first.spec.hop - 1
    for engine in (first, second):
        engine.prepare(44100, hop)
    block, out = block_for(ECHO.inputs, hop), block_for(ECHO.outputs, hop)
    block.events["midi"] = [TimedEvent(late, Midi(b"\x90\x40\x40"))]
    first.process(block, BlockTime(0, 44100), out)
    assert out.events["midi"] == []
    second.restore(first.state())
    second.process(block_for(ECHO.inputs, hop), BlockTime(hop, 44100), out)
    assert out.events["midi"] == [TimedEvent(late, Midi(b"\x90\x40\x40"))]
    first.reset()
    first.process(block_for(ECHO.inputs, hop), BlockTime(hop, 44100), out)
    assert len(out.events["midi"]) == 1, "what was reset is forgotten"


def test_an_event_that_comes_late_does_not_wait_behind_one_that_came_early() -> None:
    def repeat(block: Block, time: BlockTime, out: Block) -> None:
        out.events["midi"] += block.events["midi"]

    engine = ResampledEngine(Toy(ECHO, repeat), 44100)
    hop = engine.spec.hop
    engine.prepare(44100, hop)
    out = block_for(ECHO.outputs, hop)
    for start, frame in ((0, hop - 1), (hop, 5)):
        block = block_for(ECHO.inputs, hop)
        block.events["midi"] = [TimedEvent(frame, Midi(b"\x90\x40\x40"))]
        engine.process(block, BlockTime(start, 44100), out)
    assert [event.frame for event in out.events["midi"]] == [5, hop - 1]


# which rate


@pytest.mark.parametrize(
    ("rates", "rate", "native"),
    [
        ((44100, 48000), 88200, 44100),
        ((44100, 48000), 22050, 44100),
        ((44100, 48000), 96000, 48000),
        ((44100, 48000), 32000, 48000),
        ((48000,), 44100, 48000),
        ((24000, 96000), 48000, 96000),
        ((48000, 96000), 192000, 96000),
        ((22050,), 44100, 22050),
    ],
)
def test_the_rate_of_the_same_family_is_taken_the_nearest_and_then_the_higher(
    rates: tuple[int, ...], rate: int, native: int
) -> None:
    assert choose_native_rate(replace(Halves.spec, rates=rates), rate) == native


def test_a_hop_is_whole_hops_of_the_engine() -> None:
    assert fit_hops(512, 32000, 48000) == (1024, 3)
    assert fit_hops(512, 96000, 48000) == (1024, 1)
    assert fit_hops(512, 22050, 44100) == (256, 1)
    for rate in RATES:
        hop, count = fit_hops(512, rate, 48000)
        assert hop * 48000 == count * 512 * rate


@pytest.mark.parametrize("rate", [0, -48000, 7999, 44101])
def test_a_rate_that_makes_no_sense_is_refused_with_a_hint(rate: int) -> None:
    with pytest.raises(EngineError) as caught:
        ResampledEngine(Halves(), rate)
    assert str(rate) in caught.value.message
    assert "use 8000" in caught.value.hint or "-r 44100" in caught.value.hint


def test_what_the_engine_keeps_is_found_in_its_own_state_behind_ours() -> None:
    engine = ResampledEngine(Keeper(), 96000)
    engine.prepare(96000, engine.spec.hop)
    assert engine.spec.keeps == ("engine.past",)
    assert set(engine.spec.keeps) <= set(engine.state())


def test_a_hop_that_would_be_too_long_is_refused() -> None:
    spec = replace(Halves.spec, hop=512, rates=(44100,))
    assert fit_hops(512, 192000, 44100)[0] > MAX_HOP
    with pytest.raises(EngineError, match="cannot be resampled to 192000 Hz"):
        choose_native_rate(spec, 192000)

"""The insert of the band: the band is played earlier by its delay, so that it stays at the frames of its notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.engine import EngineSpec, EventPort, State
from bridge.core.events import Midi, TimedEvent
from bridge.core.latency import PATHS
from bridge.core.midi import CLOCK
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.slots import FADE_FRAMES
from tests.runtime.callback_driver import (
    ACCOMPANIMENT,
    AHEAD,
    HOP,
    SYNTH,
    WITH_SYNTH,
    Callback,
    make_noise,
    open_callback,
)
from tests.runtime.insert_worker import BLOCK, InsertWorker, set_inserts
from tests.runtime.offline_graph import OfflineResult, process_offline
from tests.runtime.test_offline_graph import BPM, ENGINES, RATE, host
from tests.runtime.toys import Toy

BAND = PATHS.index("band")
LATENCIES = (0, 200, 3 * AHEAD)
"""Of the chain, in frames: with the last one the delay is longer than the synth runs ahead by itself."""


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(WITH_SYNTH) as opened:
        yield opened


class AheadSynth:
    """A synth's worker by hand: gives ``sound``, by the frames at which it is to sound, as far ahead as it is asked."""

    def __init__(self, callback: Callback, sound: Audio) -> None:
        self._callback, self._sound = callback, sound
        self._epoch = self._start = 0

    def work(self) -> None:
        words = self._callback.worker(SYNTH)
        if self._epoch != words[w.EPOCH]:
            self._epoch, self._start = int(words[w.EPOCH]), int(words[w.ORIGIN])
        while self._start + HOP <= self._callback.state[w.HEAD]:
            frames = self._start + AHEAD + int(words[w.FURTHER_AHEAD]) + np.arange(HOP)
            self._callback.write_band(self._start, self._sound[:, frames % self._sound.shape[1]])
            self._start += HOP


def run_band(
    callback: Callback, synth: AheadSynth, frames: int, period: int, workers: Sequence[InsertWorker] = ()
) -> Audio:
    """The band's output of the next ``frames``, whole periods, shape (channels, frames)."""
    parts = []
    for _ in range(frames // period):
        callback.read_inputs(period)
        synth.work()
        parts.append(callback.write_audio(period)[BAND])
        for worker in workers:
            worker.work()
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize("period", [48, 128, 500])
def test_a_chain_of_the_band_leaves_it_on_its_sample(callback: Callback, period: int, latency: int) -> None:
    sound = make_noise(8192)
    delays = set_inserts(callback, {"band": InsertTiming(BLOCK, 1, latency)}, period)
    worker = InsertWorker(callback.inserts, "band", latency, gain=0.5)
    out = run_band(callback, AheadSynth(callback, sound), 6000, period, [worker])
    assert delays == dict.fromkeys((*STEMS, "mix"), 0) | {"band": delays["band"]}
    assert delays["band"] >= period + latency
    settled = 2 * period + AHEAD + delays["band"] + FADE_FRAMES + BLOCK
    assert np.array_equal(out[:, settled:], 0.5 * sound[:, settled : out.shape[1]])
    assert callback.state[w.BAND_LATE] == 0
    assert callback.worker(SYNTH)[w.FURTHER_AHEAD] == callback.worker(ACCOMPANIMENT)[w.FURTHER_AHEAD] == delays["band"]


@pytest.mark.parametrize("latency", LATENCIES)
def test_a_chain_that_comes_and_goes_never_lets_sound_out_too_early(latency: int) -> None:
    """From each of these frames on there is sound; before it there must be silence, whatever changes."""
    period, first = 128, 20 * 128
    for begin in range(first, first + 5000, 331):
        with open_callback(WITH_SYNTH) as callback:
            sound = np.zeros((CHANNELS, 16_384), np.float32)
            sound[:, begin:] = np.minimum(np.arange(1, sound.shape[1] - begin + 1) / FADE_FRAMES, 1.0)
            synth, worker = AheadSynth(callback, sound), InsertWorker(callback.inserts, "band", latency)
            parts = [run_band(callback, synth, first, period)]
            set_inserts(callback, {"band": InsertTiming(BLOCK, 1, latency)}, period)
            parts.append(run_band(callback, synth, first, period, [worker]))
            set_inserts(callback, {}, period)
            parts.append(run_band(callback, synth, 2 * first, period, [worker]))
            out = np.concatenate(parts, axis=1)
        assert not out[:, :begin].any(), begin
        assert np.array_equal(out[:, -first:], sound[:, : out.shape[1]][:, -first:])
        assert np.abs(np.diff(out[0])).max() <= 3 / FADE_FRAMES + 1e-6  # of the sound, the synth's fade, the group's


def test_the_player_begins_anew_with_its_synth_and_once_for_a_new_delay(callback: Callback) -> None:
    synth = AheadSynth(callback, make_noise(8192))
    run_band(callback, synth, 20 * BLOCK, BLOCK)
    for timings in ({"band": InsertTiming(BLOCK, 1, 200)}, {"band": InsertTiming(BLOCK, 1, 200)}, {}):
        before = [int(callback.worker(index)[w.EPOCH]) for index in (ACCOMPANIMENT, SYNTH)]
        changes = set_inserts(callback, timings, BLOCK)["band"] != callback.worker(SYNTH)[w.FURTHER_AHEAD]
        run_band(callback, synth, 20 * BLOCK, BLOCK)
        after = [int(callback.worker(index)[w.EPOCH]) for index in (ACCOMPANIMENT, SYNTH)]
        assert after == [epoch + changes for epoch in before]
        assert callback.worker(ACCOMPANIMENT)[w.ORIGIN] == callback.worker(SYNTH)[w.ORIGIN]


def test_a_synth_that_runs_behind_stays_where_it_is(callback: Callback) -> None:
    callback.worker(SYNTH)[w.LATENCY] = 100
    set_inserts(callback, {"band": InsertTiming(BLOCK, 1, 200)}, BLOCK)
    run_band(callback, AheadSynth(callback, make_noise(8192)), 20 * BLOCK, BLOCK)
    assert callback.worker(SYNTH)[w.FURTHER_AHEAD] == 0
    assert callback.context.callback_state[w.BAND_DELAY] == 100 + AHEAD


def test_in_ping_mode_the_band_is_the_input_at_its_declared_delay(callback: Callback) -> None:
    set_inserts(callback, {"band": InsertTiming(BLOCK, 1, 200)}, BLOCK)
    callback.worker(SYNTH)[w.DEADLINE] += 70
    callback.state[w.PING] = 1 << BAND
    audio, parts = make_noise(20 * BLOCK), []
    for part in np.split(audio, 20, axis=1):
        callback.read_inputs(part)
        parts.append(callback.write_audio(BLOCK)[BAND])
    out = np.concatenate(parts, axis=1)[:, -BLOCK:]
    assert np.array_equal(out, audio[:, -BLOCK - 70 : -70])


# the player's worker


class Player(Toy):
    """Keeps the leads that it was prepared with, and what it has learned about the song."""

    def __init__(self) -> None:
        super().__init__(
            EngineSpec(
                "toy.player",
                (EventPort("midi"), EventPort("chords")),
                (EventPort("midi"),),
                HOP,
                predicts=True,
                keeps=("song",),
            )
        )
        self.leads: list[int] = []
        self.song = 0

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        self.leads.append(lead_frames)
        self.song = 0

    def state(self) -> State:
        return {"song": np.array(self.song)}

    def restore(self, state: State) -> None:
        self.song = int(state["song"])


def test_the_player_leads_by_the_delay_too_and_keeps_what_it_has_learned(callback: Callback) -> None:
    plan = replace(WITH_SYNTH.workers[ACCOMPANIMENT], lead_frames=1000)
    player, synth = Player(), AheadSynth(callback, make_noise(8192))
    runner = EngineRunner(WITH_SYNTH, plan, callback.shared, player)
    runner.prepare()
    run_band(callback, synth, 4 * BLOCK, BLOCK)
    runner.process_available()
    player.song = 7
    delay = set_inserts(callback, {"band": InsertTiming(BLOCK, 1, 200)}, BLOCK)["band"]
    run_band(callback, synth, 20 * BLOCK, BLOCK)
    runner.process_available()
    assert (player.leads, player.song) == ([1000, 1000 + delay], 7)
    later = Player()  # another process takes its place
    EngineRunner(WITH_SYNTH, plan, callback.shared, later).prepare()
    assert later.leads == [1000 + delay]


# the graph, with real engines

SECONDS = 6.0
SETTLED = round(3.5 * RATE)
"""Who decides earlier begins later after a start, and knows less of the first chord."""


def play_offline(inserts: dict[str, int]) -> OfflineResult:
    """One chord all the time: where chords change, an earlier decision could be another one."""
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    wave = np.sum([0.1 * np.sin(2 * np.pi * hz * time_s) for hz in (130.8, 164.8, 196.0, 261.6)], axis=0)
    audio = np.tile(wave.astype(np.float32), (CHANNELS, 1))
    clock = (event for event in host(2 * SECONDS) if isinstance(event.payload, Midi) and event.payload.data[0] >= CLOCK)
    midi = [event for event in clock if event.frame < audio.shape[1]]  # without the host's stop
    return process_offline(audio, RATE, ENGINES, midi, 256, inserts=inserts)


def select_settled(events: list[TimedEvent]) -> list[TimedEvent]:
    return [event for event in events if event.frame >= SETTLED]


def test_the_band_and_its_notes_stay_on_their_samples_with_a_chain() -> None:
    assert SETTLED > 8 * 60 * RATE / BPM
    plain = play_offline({})
    notes = select_settled(plain.midi["accompaniment"])
    assert len(notes) > 20
    assert np.abs(plain.band[:, SETTLED:]).max() > 0.01
    for latency in (480, 8192):
        inserted = play_offline({"band": latency})
        assert select_settled(inserted.midi["accompaniment"]) == notes
        assert np.abs(inserted.band - plain.band)[:, SETTLED:].max() < 1e-4

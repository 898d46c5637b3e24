"""Source selector: the mix or the chosen stems as the input of an analyser, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pytest

from bridge.core.audio import ANALYSERS, CHANNELS, SOURCES, STEMS, Audio
from bridge.core.engine import AudioPort, Block, Engine, EngineSpec, EventPort
from bridge.core.events import Beat, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.wiring import Wiring, compute_upstream, wire
from tests.runtime.callback_driver import HOP, MIR, RATE, SEPARATION, Callback, make_noise, open_callback
from tests.runtime.offline_graph import Cue, OfflineResult, process_offline
from tests.runtime.stem_worker import make_stems
from tests.runtime.toys import SEPARATION_SPEC, Toy, make_runner

LATE = 37
"""The delay of the toy separation, in frames."""
INPUTS = (AudioPort("mix"), *(AudioPort(name) for name in ANALYSERS))
ANALYSER_SPEC = EngineSpec("toy.mir", INPUTS, (EventPort("beats"), EventPort("chords")), 48)
MIX_ONLY_SPEC = EngineSpec("toy.mir", (AudioPort("mix"),), ANALYSER_SPEC.outputs, 48)
SHARES = (0.5, -0.25, 0.3)
"""Of the mix, in the separated stems of the toy separation."""
FROM_THE_START = -(10**9)


class Separation(Toy):
    """Outputs SHARES of the mix, LATE frames late."""

    def __init__(self) -> None:
        super().__init__(SEPARATION_SPEC, latency=LATE)
        self.past = np.zeros((CHANNELS, LATE), np.float32)

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        line = np.concatenate([self.past, block.audio["mix"]], axis=1)
        for stem, share in zip(STEMS, SHARES, strict=False):
            out.audio[stem][:] = line[:, : SEPARATION_SPEC.hop] * np.float32(share)
        self.past = line[:, SEPARATION_SPEC.hop :]

    def reset(self) -> None:
        self.past[:] = 0.0


class InputRecorder(Toy):
    """Keeps the audio of each of its inputs, and emits a beat in each hop."""

    def __init__(self, spec: EngineSpec = ANALYSER_SPEC) -> None:
        super().__init__(spec)
        self.parts: dict[str, list[Audio]] = {port.name: [] for port in spec.inputs}

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        for name, audio in block.audio.items():
            self.parts[name].append(audio.copy())
        out.events["beats"].append(TimedEvent(time.frame + 5, Beat(0, 4, 120.0, 1.0, time.frame // ANALYSER_SPEC.hop)))

    def audio_of(self, port: str) -> Audio:
        return np.concatenate(self.parts[port], axis=1)


def scale_by_source(mix: Audio, source: str) -> Audio:
    """The sum of ``source`` in a ``mix`` whose stems are SHARES of it."""
    shares = dict(zip(STEMS, (*SHARES, 1.0 - sum(SHARES)), strict=True)) | {"mix": 1.0}
    return mix * np.float32(sum(shares[stem] for stem in source.split("+")))


def record_inputs(
    monkeypatch: pytest.MonkeyPatch,
    audio: Audio,
    cues: Sequence[Cue],
    block: int = 441,
    engines: tuple[str, ...] = ("separation", "mir"),
) -> tuple[InputRecorder, OfflineResult]:
    """``audio`` through the toys, offline; the recording toy and the output."""
    return run_toys(monkeypatch, InputRecorder, audio, engines, block, cues)


E = TypeVar("E", bound=Toy)


def run_toys(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], E], audio: Audio, roles: Sequence[str], block: int,
    cues: Sequence[Cue] = (),
) -> tuple[E, OfflineResult]:  # fmt: skip
    """Likewise, with the engine of ``make`` in every role but the separation."""
    made: list[E] = []

    def load(name: str) -> Engine:
        if name == "separation":
            return Separation()
        made.append(make())
        return made[-1]

    monkeypatch.setattr("bridge.runtime.resampled_engine.load_engine", load)
    take = process_offline(audio, RATE, {role: role for role in roles}, block=block, cues=cues)
    return made[-1], take


def choose(analyser: str, source: str, frame: int = FROM_THE_START) -> Cue:
    return Cue(frame, lambda graph: graph.set_source(analyser, SOURCES.index(source)))


@pytest.mark.parametrize("block", [1, 64, 1000])
def test_stems_arrive_sample_true_at_the_frame_of_the_mix(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    mix = make_noise(3000)
    cues = [choose("chord", "bass+other"), choose("beat", "drums"), choose("note", "drums+bass+vocals")]
    recorder, _ = record_inputs(monkeypatch, mix, cues, block)
    for port, source in (("chord", "bass+other"), ("beat", "drums"), ("note", "drums+bass+vocals"), ("mix", "mix")):
        received = recorder.audio_of(port)[:, :3000]
        assert received.shape[1] >= 3000 - ANALYSER_SPEC.hop
        assert np.abs(received - scale_by_source(mix, source)[:, : received.shape[1]]).max() < 1e-6, port


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_the_sum_of_the_stems_in_its_name(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    mix = make_noise(1000)
    recorder, _ = record_inputs(monkeypatch, mix, [choose("note", source)])
    received = recorder.audio_of("note")[:, :900]
    assert np.abs(received - scale_by_source(mix, source)[:, :900]).max() < 1e-6


def test_a_changed_source_takes_effect_from_a_hop_on_whatever_the_block_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mix, runs = make_noise(8000), []
    for block in (64, 700):
        cues = [choose("beat", "vocals", 3000), choose("beat", "mix", 6000)]
        recorder, _ = record_inputs(monkeypatch, mix, cues, block)
        runs.append(recorder.audio_of("beat")[:, :7900])
    assert np.array_equal(runs[0], runs[1])
    received = runs[0]
    as_stem = np.abs(received - scale_by_source(mix, "vocals")[:, :7900]).max(axis=0) < 1e-6
    as_mix = np.abs(received - mix[:, :7900]).max(axis=0) < 1e-6
    assert (as_stem | as_mix).all()
    turns = np.flatnonzero(np.diff(as_mix.astype(int))) + 1
    assert len(turns) == 2
    assert all(turn % ANALYSER_SPEC.hop == 0 for turn in turns)
    assert abs(turns[0] - 3000) < 1000
    assert abs(turns[1] - 6000) < 1000


def test_events_keep_their_frames_and_nothing_of_the_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    mix = make_noise(2000)
    takes = [record_inputs(monkeypatch, mix, [choose("beat", source)])[1] for source in ("mix", "drums")]
    assert takes[0].analysis == takes[1].analysis
    assert takes[0].midi == takes[1].midi
    assert takes[0].analysis[-1].frame > 2000 - 2 * ANALYSER_SPEC.hop


def test_without_separation_the_mix_is_the_input_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    mix, counted = make_noise(1000), []

    def count(graph: Graph) -> None:
        counted.append(graph.arrays.stems_missing.tolist())

    recorder, _ = record_inputs(monkeypatch, mix, [choose("chord", "bass"), Cue(960, count)], 480, ("mir",))
    assert np.array_equal(recorder.audio_of("chord")[:, :960], mix[:, :960])
    assert counted == [[0, 960, 0]]


# who plays along: stems by name, so late that they are there


PLAYS_ALONG = EngineSpec(
    "toy.accompaniment", (AudioPort("mix"), *(AudioPort(stem) for stem in STEMS)), (EventPort("midi"),), 48,
    predicts=True,
)  # fmt: skip


class Player(InputRecorder):
    """Keeps the audio of each of its inputs, and its declared delay."""

    def __init__(self) -> None:
        super().__init__(PLAYS_ALONG)
        self.late: set[int] = set()

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self.late.add(block.stem_delay_frames)
        for name, audio in block.audio.items():
            self.parts[name].append(audio.copy())


@pytest.mark.parametrize("block", [1, 64, 1000])
def test_a_player_gets_each_stem_with_the_delay_in_its_block(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    mix = make_noise(4000)
    player = run_toys(monkeypatch, Player, mix, ("separation", "accompaniment"), block)[0]
    (late,) = player.late
    assert late == LATE + SEPARATION_SPEC.hop  # offline nobody needs a reserve
    for port in ("mix", *STEMS):
        received = player.audio_of(port)[:, :4000]
        assert not received[:, :late].any()
        assert np.abs(received[:, late:] - scale_by_source(mix, port)[:, : received.shape[1] - late]).max() < 1e-6, port


def test_without_separation_a_player_gets_the_mix_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mix = make_noise(1000)
    player = run_toys(monkeypatch, Player, mix, ("accompaniment",), 64)[0]
    assert player.late == {0}
    for port in ("mix", *STEMS):
        assert np.array_equal(player.audio_of(port)[:, :960], mix[:, :960])


# late and stopped stems, by hand


def record_by_hand(callback: Callback, mix: Audio, missing: int) -> InputRecorder:
    """The source selector of a callback whose separation leaves out hop ``missing``."""
    recorder = InputRecorder(EngineSpec("toy.mir", INPUTS, ANALYSER_SPEC.outputs, HOP))
    callback.shared.sources[ANALYSERS.index("beat")] = SOURCES.index("drums+vocals")
    callback.worker(MIR)[w.INPUT_DELAY] = 3 * HOP
    runner, stems = make_runner(callback, recorder, MIR), make_stems(mix)
    for start in range(0, mix.shape[1], HOP):
        callback.read_inputs(mix[:, start : start + HOP])
        if start != missing * HOP:
            callback.write_stems(start, stems[:, start : start + HOP])
        runner.process_available()
    return recorder


def test_a_late_hop_of_stems_is_replaced_by_the_mix_and_counted() -> None:
    with open_callback() as callback:
        mix = make_noise(20 * HOP)
        recorder = record_by_hand(callback, mix, missing=5)
        received, stems = recorder.audio_of("beat"), make_stems(mix)
        right = stems[:CHANNELS] + stems[2 * CHANNELS :]
        late = slice(5 * HOP, 6 * HOP)
        assert np.array_equal(received[:, late], mix[:, late])
        assert np.allclose(received[:, : 5 * HOP], right[:, : 5 * HOP])
        assert np.allclose(received[:, 6 * HOP :], right[:, 6 * HOP : received.shape[1]])
        assert callback.shared.stems_missing.tolist() == [HOP, 0, 0]
        assert received.shape[1] == mix.shape[1] - 3 * HOP


def test_a_separation_that_starts_afresh_leaves_the_mix_until_its_stems_are_back() -> None:
    with open_callback() as callback:
        recorder = InputRecorder(EngineSpec("toy.mir", INPUTS, ANALYSER_SPEC.outputs, HOP))
        callback.shared.sources[ANALYSERS.index("beat")] = SOURCES.index("drums")
        callback.worker(MIR)[w.INPUT_DELAY] = (
            2 * HOP
        )  # what the epoch before answered is asked for when the new one has begun
        runner, mix = make_runner(callback, recorder, MIR), make_noise(10 * HOP)
        stems = make_stems(mix)
        for hop in range(10):
            if hop == 4:
                callback.worker(SEPARATION)[w.RESTART_ONE] += 1  # its epoch begins with hop 4; hop 3 was never answered
            callback.read_inputs(mix[:, hop * HOP : (hop + 1) * HOP])
            if hop not in (3, 4):
                callback.write_stems(hop * HOP, stems[:, hop * HOP : (hop + 1) * HOP])
            runner.process_available()
        received = recorder.audio_of("beat")
        gone = slice(3 * HOP, 5 * HOP)
        assert np.array_equal(received[:, gone], mix[:, gone])
        assert np.allclose(received[:, : 3 * HOP], stems[:CHANNELS, : 3 * HOP])
        assert np.allclose(received[:, 5 * HOP :], stems[:CHANNELS, 5 * HOP : 8 * HOP])
        assert callback.shared.stems_missing[0] == 2 * HOP


def test_in_freewheel_an_analyser_waits_for_the_stems_and_for_a_dead_separation_not() -> None:
    with open_callback() as callback:
        callback.state[w.FREEWHEEL] = 1
        callback.shared.workers[:, w.ALIVE] = 1
        callback.shared.sources[ANALYSERS.index("beat")] = SOURCES.index("drums")
        recorder = InputRecorder(EngineSpec("toy.mir", INPUTS, ANALYSER_SPEC.outputs, HOP))
        analyst = make_runner(callback, recorder, MIR)
        separation = make_runner(callback, Toy(SEPARATION_SPEC), SEPARATION)
        callback.read_inputs(10 * HOP)
        assert analyst.process_available() == 0
        assert separation.process_available() == 10
        assert analyst.process_available() == 10
        callback.read_inputs(10 * HOP)
        assert analyst.process_available() == 0
        callback.worker(SEPARATION)[w.ALIVE] = 0
        assert analyst.process_available() == 10
        assert callback.shared.stems_missing[0] == 10 * HOP


# what it costs


def toy_wiring(monkeypatch: pytest.MonkeyPatch, spec: EngineSpec, *roles: str) -> Wiring:
    def load(name: str) -> Engine:
        return Separation() if name == "separation" else InputRecorder(spec)

    monkeypatch.setattr("bridge.runtime.resampled_engine.load_engine", load)
    return wire({role: role for role in roles}, RATE, RESERVES)


RESERVES = {"separation": 300, "mir": 1024, "accompaniment": 2048}


@pytest.mark.parametrize("period", [64, 100, 1024])
def test_stems_delay_every_path_of_the_analyser_by_what_they_take_and_the_mix_by_nothing(
    monkeypatch: pytest.MonkeyPatch, period: int
) -> None:
    wiring = toy_wiring(monkeypatch, ANALYSER_SPEC, "separation", "mir")
    with Graph(wiring, period, RESERVES, {"separation": 77}) as graph:
        before = {path.name: path.declared for path in graph.ledger}
        rev, slack = graph.ledger.rev, int(graph.arrays.workers[1, w.DEADLINE])
        heard_after = graph.arrays.heads[graph.plan.rings.index("mir.beats"), w.RING_DELAY]
        graph.set_source("chord", SOURCES.index("bass"))
        lag = LATE + SEPARATION_SPEC.hop + max(300, period)
        grown = {path.name: path.declared - before[path.name] for path in graph.ledger}
        assert {name: more for name, more in grown.items() if more} == {"chords": lag, "beats": lag}
        assert graph.ledger.rev > rev
        assert graph.arrays.workers[1, w.INPUT_DELAY] == graph.ledger["chords"].upstream == lag
        assert graph.arrays.workers[1, w.DEADLINE] == slack + lag
        assert graph.arrays.heads[graph.plan.rings.index("mir.beats"), w.RING_DELAY] == heard_after + lag
        assert graph.arrays.heads[graph.plan.rings.index("beats"), w.RING_DELAY] == graph.ledger["beats"].declared
        graph.set_reserve("separation", 2000)
        assert graph.ledger["chords"].upstream == LATE + SEPARATION_SPEC.hop + 2000
        graph.set_source("chord", SOURCES.index("mix"))
        assert graph.ledger["chords"].declared == before["chords"]
        assert graph.arrays.workers[1, w.INPUT_DELAY] == 0


@pytest.mark.parametrize("source", ["mix", "drums+bass+vocals+other"])
def test_the_mix_and_the_sum_of_all_stems_cost_nothing(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    with Graph(toy_wiring(monkeypatch, ANALYSER_SPEC, "separation", "mir"), 64, RESERVES, {}) as graph:
        graph.set_source("beat", SOURCES.index(source))
        assert graph.ledger["beats"].upstream == 0


def test_an_engine_without_an_input_per_analyser_gets_the_mix_undelayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Graph(toy_wiring(monkeypatch, MIX_ONLY_SPEC, "separation", "mir"), 64, RESERVES, {}) as graph:
        graph.set_source("beat", SOURCES.index("drums"))
        assert graph.ledger["beats"].upstream == 0


def test_without_a_separation_there_is_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with Graph(toy_wiring(monkeypatch, ANALYSER_SPEC, "mir"), 64, RESERVES, {}) as graph:
        graph.set_source("beat", SOURCES.index("drums"))
        assert graph.ledger["beats"].upstream == 0


def test_the_stems_are_there_when_they_are_waited_for_wherever_the_hops_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    [separation, _] = toy_wiring(monkeypatch, ANALYSER_SPEC, "separation", "mir").nodes
    for origin in range(SEPARATION_SPEC.hop):
        for end in range(origin, origin + 200):
            whole = origin + -(-(end + LATE - origin) // SEPARATION_SPEC.hop) * SEPARATION_SPEC.hop
            assert whole + 300 <= end + compute_upstream(separation, 64, 300)

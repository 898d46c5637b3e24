"""Insert runner: blocks from the send ring through a processor to the return ring, and what is not returned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, Audio
from bridge.core.insert import INSERT_POINTS
from bridge.errors import EngineError
from bridge.runtime.insert_runner import WARM_BLOCKS, InsertRunner
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.insert_ring import InsertRing
from bridge.runtime.shared.layout import INSERT_CAPACITY, WORKER_BINS, InsertArrays
from bridge.runtime.shared.rings import read_audio, write_audio
from tests.runtime.toy_inserts import GAIN, ToyInsert

RATE, BLOCK = 48000, 128
POINT = "bass"
INDEX = INSERT_POINTS.index(POINT)


class Sender:
    """The callback's end of an insert point, and the runner at the other."""

    def __init__(self, processor: ToyInsert) -> None:
        specs = InsertArrays.specs.values()
        self.arrays = InsertArrays(*(np.zeros(spec.shape_at({}), spec.dtype) for spec in specs))
        self.words = self.arrays.words[INDEX]
        self.words[w.INSERT_BLOCK] = BLOCK
        self.runner = InsertRunner(
            InsertRing(self.arrays, POINT, BLOCK), processor, RATE, BLOCK, self.arrays.block_bins[INDEX]
        )
        self.runner.prepare()
        processor.log.clear()
        self.begin(0)

    def begin(self, origin: int) -> None:
        """Begin a new epoch at ``origin``."""
        self.words[w.INSERT_LAST_ORIGIN] = self.words[w.INSERT_ORIGIN]
        self.words[w.INSERT_ORIGIN] = origin
        publish(self.words, w.INSERT_EPOCH, int(self.words[w.INSERT_EPOCH]) + 1)

    def send(self, audio: Audio) -> int:
        """Send ``audio``; returns how many blocks the runner processed."""
        head = int(self.words[w.INSERT_HEAD])
        write_audio(self.arrays.sends[INDEX], 0, head, audio, INSERT_CAPACITY)
        publish(self.words, w.INSERT_HEAD, head + audio.shape[1])
        return self.runner.process_available()

    def read(self, frame: int, count: int) -> Audio:
        """What was returned for ``count`` frames of the input from ``frame`` on."""
        out = np.zeros((CHANNELS, count), np.float32)
        read_audio(self.arrays.returns[INDEX], frame, out, INSERT_CAPACITY)
        return out

    @property
    def stamps(self) -> int:
        """How many blocks were returned."""
        return int(np.count_nonzero(self.arrays.stamps[INDEX]))


def make_noise(frames: int) -> Audio:
    return np.random.default_rng(3).uniform(-0.5, 0.5, (CHANNELS, frames)).astype(np.float32)


@pytest.mark.parametrize("latency", [0, 256, 480])
def test_the_result_lies_at_the_frames_of_its_input_in_pieces_of_any_length(latency: int) -> None:
    sender, audio = Sender(ToyInsert(latency)), make_noise(4800)
    done = sum(sender.send(part) for part in np.split(audio, [1, 63, 130, 1000, 1007, 3000], axis=1))
    whole = 4800 // BLOCK * BLOCK
    assert done == whole // BLOCK == sender.words[w.INSERT_BLOCKS]
    assert sender.words[w.INSERT_PROGRESS] == whole
    assert sender.words[w.INSERT_LATENCY] == latency
    np.testing.assert_array_equal(sender.read(0, whole - latency), (audio * GAIN)[:, : whole - latency])


def test_preparing_warms_up_and_leaves_a_reset_processor() -> None:
    processor = ToyInsert(64)
    sent = Sender(processor)
    assert sent.words[w.INSERT_LATENCY] == 64
    assert processor.log == []
    blocks: list[float] = []
    fresh = ToyInsert(0, lambda block, _out: blocks.append(float(np.abs(block).max())))
    Sender(fresh)
    assert blocks == [0.0] * WARM_BLOCKS


def test_an_epoch_resets_the_processor_and_begins_at_its_origin() -> None:
    processor = ToyInsert(32)
    sender, audio = Sender(processor), make_noise(1024)
    sender.send(audio[:, :500])
    sender.begin(500)
    sender.send(audio[:, 500:])
    assert processor.log == ["reset", "reset"]
    whole = (1024 - 500) // BLOCK * BLOCK
    np.testing.assert_array_equal(sender.read(500, whole - 32), (audio * GAIN)[:, 500 : 500 + whole - 32])
    assert sender.words[w.INSERT_DONE_EPOCH] == sender.words[w.INSERT_EPOCH] == 2


def test_a_block_that_is_not_finite_is_not_returned_and_the_processor_begins_anew() -> None:
    def spoil(block: Audio, out: Audio) -> None:
        if block[0, 0] == 1.0:
            out[1, 5] = np.nan

    processor = ToyInsert(0, spoil)
    sender = Sender(processor)
    audio = make_noise(3 * BLOCK)
    audio[0, BLOCK] = 1.0
    sender.send(audio)
    assert processor.log == ["reset", "reset"]  # the epoch's, and the fault's
    assert sender.words[w.INSERT_FAULTS] == 1
    assert sender.stamps == 2
    np.testing.assert_array_equal(sender.read(2 * BLOCK, BLOCK), (audio * GAIN)[:, 2 * BLOCK :])


def test_a_processor_that_raises_costs_its_block_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_block: Audio, _out: Audio) -> None:
        if len(failing.log) > 1:
            raise RuntimeError("bus error")

    failing = ToyInsert(0, fail)
    sender = Sender(failing)
    failing.log += ["now", "now"]
    assert sender.send(make_noise(10 * BLOCK)) == 10
    assert sender.words[w.INSERT_FAULTS] == 10
    assert sender.stamps == 0
    assert [record.message for record in caplog.records] == [
        "an insert failed, the dry signal is played: RuntimeError: bus error"
    ]


def test_samples_that_would_become_subnormal_are_zero() -> None:
    def whisper(_block: Audio, out: Audio) -> None:
        out[:] = [[1e-38], [-3e-31]]
        out[0, 0] = 2e-30

    sender = Sender(ToyInsert(0, whisper))
    sender.send(make_noise(BLOCK))
    got = sender.read(0, BLOCK)
    assert got[0, 0] == np.float32(2e-30)
    assert not got[0, 1:].any()
    assert not got[1].any()


def test_a_new_latency_is_published_and_nothing_returned_until_the_next_epoch() -> None:
    processor = ToyInsert(0)
    sender, audio = Sender(processor), make_noise(6 * BLOCK)
    sender.send(audio[:, : 2 * BLOCK])
    processor.latency_frames = 64
    processor._held = np.zeros((CHANNELS, 64), np.float32)
    sender.send(audio[:, 2 * BLOCK : 4 * BLOCK])
    assert sender.words[w.INSERT_LATENCY] == 64
    assert sender.stamps == 2
    sender.begin(4 * BLOCK)
    sender.send(audio[:, 4 * BLOCK :])
    assert sender.stamps == 4
    np.testing.assert_array_equal(sender.read(4 * BLOCK, 2 * BLOCK - 64), (audio * GAIN)[:, 4 * BLOCK : 6 * BLOCK - 64])


def test_blocks_that_were_overtaken_are_passed_over() -> None:
    processor = ToyInsert(0)
    sender = Sender(processor)
    sender.send(make_noise(BLOCK))
    publish(sender.words, w.INSERT_HEAD, INSERT_CAPACITY + BLOCK)
    assert sender.runner.process_available() == 1
    assert sender.words[w.INSERT_DROPPED] == INSERT_CAPACITY // BLOCK - 1
    assert processor.log == ["reset", "reset"]


def test_the_time_of_each_block_is_counted() -> None:
    sender = Sender(ToyInsert(0))
    sender.send(make_noise(5 * BLOCK))
    bins = sender.arrays.block_bins[INDEX]
    assert bins.shape == (WORKER_BINS,)
    assert bins.sum() == 5


def test_a_processor_that_refuses_the_rate_is_not_warmed_up() -> None:
    class Refusing(ToyInsert):
        def prepare(self, rate: int, block_frames: int, report_progress: Callable[[], object]) -> None:
            raise EngineError(f"no plugin at {rate} Hz")

    with pytest.raises(EngineError, match="no plugin at 48000 Hz"):
        Sender(Refusing())


def test_what_was_sent_before_the_worker_started_is_not_processed() -> None:
    sender = Sender(ToyInsert())
    sender.send(make_noise(BLOCK))
    later = InsertRunner(
        InsertRing(sender.arrays, POINT, BLOCK), ToyInsert(), RATE, BLOCK, sender.arrays.block_bins[INDEX]
    )
    later.prepare()
    assert later.process_available() == 0
    sender.begin(BLOCK)
    sender.runner = later
    assert sender.send(make_noise(BLOCK)) == 1

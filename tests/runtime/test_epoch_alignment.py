"""Epochs that begin in the middle of a cycle: the separation's hops stay aligned with cycles, so none is late."""

from __future__ import annotations

from math import gcd

import numpy as np
import pytest

from bridge.runtime.latency_tuner import compute_reserve
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import ANSWER_BINS
from tests.runtime.callback_driver import HOP, MIR, SEPARATION, make_noise, open_callback

START, POSITION = b"\xfa", b"\xf2\x08\x00"
CYCLES_BEFORE, CYCLES_AFTER = 8, 12


@pytest.mark.parametrize("period", [HOP // 2, 100, HOP, 4 * HOP, 4 * HOP + 12])
@pytest.mark.parametrize("message", [START, POSITION])
def test_a_start_in_the_middle_of_a_cycle_makes_no_stem_late(period: int, message: bytes) -> None:
    """The declared buffering and the least reserve are enough from the new epoch's first hop on."""
    answers = np.eye(1, ANSWER_BINS, dtype=np.int64)[0]  # each hop is answered before the next callback
    for offset in (1, period // 3, period - 1):
        with open_callback(slack=HOP - gcd(HOP, period) + compute_reserve(answers, period)) as callback:
            worker, done, epoch = callback.worker(SEPARATION), 0, 0
            for cycle in range(CYCLES_BEFORE + CYCLES_AFTER):
                head = callback.now + period if cycle else 0
                if worker[w.EPOCH] != epoch:
                    epoch, done = int(worker[w.EPOCH]), int(worker[w.ORIGIN])
                while epoch and done + HOP <= head:
                    callback.write_stems(done, make_noise(HOP).repeat(3, axis=0))
                    done += HOP
                callback.read_inputs(make_noise(period), [(offset, message)] if cycle == CYCLES_BEFORE else [])
                if cycle == CYCLES_BEFORE:
                    assert callback.now <= worker[w.ORIGIN] <= callback.now + offset
                    assert callback.worker(MIR)[w.ORIGIN] == callback.now + offset
                callback.write_audio(period)
            assert callback.state[w.LATE_FRAMES] == 0, offset


def test_two_starts_within_a_hop_are_one_epoch_of_the_separation() -> None:
    with open_callback() as callback:
        callback.read_inputs(4 * HOP)
        epoch = int(callback.worker(SEPARATION)[w.EPOCH])
        events = callback.worker(MIR)[w.EPOCH]
        callback.read_inputs(4 * HOP, [(HOP + 3, POSITION), (HOP + 5, START)])
        assert callback.worker(SEPARATION)[w.EPOCH] == epoch + 1
        assert callback.worker(MIR)[w.EPOCH] == events + 2

"""Wake of a worker: posts of several cycles wake it once; where it polls it sleeps shortly."""

from __future__ import annotations

import time

import pytest

from bridge.runtime.callback.cycle import cycle
from bridge.runtime.graph import Graph
from bridge.runtime.shared.wake import PollSleep, SemaphoreSleep, has_semaphores, make_semaphore
from tests.runtime.callback_driver import HOP
from tests.runtime.running_path import RESERVES, toy_wiring

pytestmark = pytest.mark.usefixtures("toy_engine")


@pytest.mark.skipif(not has_semaphores(), reason="no process-shared semaphores here")
def test_posts_of_several_cycles_wake_once() -> None:
    with Graph(toy_wiring(), 128, RESERVES, {}) as graph:
        word = graph.arrays.semaphores[0]
        graph.context.wake[0] = make_semaphore(word)
        sleep = SemaphoreSleep(word)
        for raw in range(0, 3 * HOP, HOP):
            cycle(graph.context, graph.control_context, graph.insert_context, HOP, raw)
        began = time.monotonic()
        sleep(600.0)
        assert time.monotonic() - began < 300.0  # posted: it did not sleep to the end
        began = time.monotonic()
        sleep(0.05)
        assert time.monotonic() - began > 0.04  # what had piled up counted once


def test_polling_sleeps_shortly_however_long_it_may() -> None:
    PollSleep()(3600.0)

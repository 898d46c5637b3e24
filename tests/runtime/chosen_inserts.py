"""Insert workers as real processes on a graph without a callback, for tests that choose chains."""

from __future__ import annotations

import numpy as np

from bridge.control.insert_controls import InsertSetting
from bridge.core.audio import CHANNELS, Audio
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.graph import Graph
from bridge.runtime.insert_supervisor import InsertSupervisor
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import INSERT_CAPACITY
from bridge.runtime.shared.rings import read_audio, write_audio
from bridge.runtime.supervised_insert import BLOCK_FRAMES, InsertStatus
from tests.waiting import until

RATE, PERIOD, RESERVE = 48000, 128, 256
STALL_S = 1.5
"""Five times the longest time between two heartbeats, of which only time that is not the machine's counts."""


class ChosenInserts:
    """A graph without a callback, its insert workers, and what the user has chosen at each point.

    The tests write the words of the callback themselves.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.settings = dict.fromkeys(INSERT_POINTS, InsertSetting())
        self.supervisor = InsertSupervisor(graph, lambda: self.settings, stall_s=STALL_S)

    def choose(self, point: str, chain: str, is_bypassed: bool = False, reserve: int = RESERVE) -> None:
        self.settings = self.settings | {point: InsertSetting(chain, is_bypassed, reserve)}

    def status(self, point: str) -> InsertStatus:
        return self.supervisor.statuses[INSERT_POINTS.index(point)]

    def until_state(self, point: str, chain: str, state: str) -> None:
        until(f"{point} {chain}: {state}", lambda: self._is(point, chain, state))

    def _is(self, point: str, chain: str, state: str) -> bool:
        status = self.status(point)
        # a worker that has just ended is "running" with the process 0 until the supervisor looks again
        return status.chain == chain and status.state.startswith(state) and (state != "running" or status.pid > 0)

    def word(self, point: str, word: int) -> int:
        return observe(self.graph.insert_arrays.words[INSERT_POINTS.index(point)], word)

    def send(self, point: str, audio: Audio) -> Audio:
        """Send ``audio`` in a new epoch, wait until it is processed; returns what came back for its frames."""
        arrays, index = self.graph.insert_arrays, INSERT_POINTS.index(point)
        words, head = arrays.words[index], self.word(point, w.INSERT_HEAD)
        words[w.INSERT_ORIGIN] = head
        publish(words, w.INSERT_EPOCH, int(words[w.INSERT_EPOCH]) + 1)
        self.post(point, audio)
        until("the blocks", lambda: self.word(point, w.INSERT_PROGRESS) >= head + audio.shape[1])
        out = np.zeros_like(audio)
        read_audio(arrays.returns[index], head, out, INSERT_CAPACITY)
        return out

    def post(self, point: str, audio: Audio) -> None:
        """Send ``audio``, and wait for nothing."""
        arrays, index = self.graph.insert_arrays, INSERT_POINTS.index(point)
        head = self.word(point, w.INSERT_HEAD)
        write_audio(arrays.sends[index], 0, head, audio, INSERT_CAPACITY)
        publish(arrays.words[index], w.INSERT_HEAD, head + audio.shape[1])


def make_noise(blocks: int) -> Audio:
    return np.random.default_rng(5).uniform(-0.5, 0.5, (CHANNELS, blocks * BLOCK_FRAMES)).astype(np.float32)

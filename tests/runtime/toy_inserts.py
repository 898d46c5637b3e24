"""Toy inserts: processors of a few lines, some of them wrong on purpose, and a library of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np

from bridge.config import user_dir
from bridge.core.audio import CHANNELS, Audio
from bridge.core.file_choice import FileChoice
from bridge.core.insert import InsertFailure
from bridge.errors import BridgeError, EngineError
from bridge.file_stamps import Stamp, stamp_files
from bridge.processes import describe_exit

GAIN = np.float32(0.5)
FOLDER = "toys"
DELAY = 256
"""Frames by which ``late`` delays: it declares them."""
TRIGGER = 0.9
"""A sample as loud as this makes ``crashes``, ``hangs`` and ``exits`` do so."""


STUCK_S = 1.5
"""Seconds without progress after which ``stuck`` hangs while it is loaded."""


class ToyInsert:
    """Multiplies by GAIN, late by ``latency`` frames; ``act`` may do something to each output block."""

    def __init__(self, latency: int = 0, act: Callable[[Audio, Audio], None] = lambda _block, _out: None) -> None:
        self.latency_frames, self._act = latency, act
        self._held = np.zeros((CHANNELS, latency), np.float32)
        self.log: list[str] = []
        """"prepare" and "reset", as they were called."""

    def prepare(self, rate: int, block_frames: int, report_progress: Callable[[], object]) -> None:
        self.log.append("prepare")

    def process(self, block: Audio, out: Audio) -> None:
        joined = np.concatenate([self._held, block * GAIN], axis=1)
        out[:], self._held = joined[:, : block.shape[1]], joined[:, block.shape[1] :]
        self._act(block, out)

    def reset(self) -> None:
        self.log.append("reset")
        self._held = np.zeros((CHANNELS, self.latency_frames), np.float32)


def _is_triggered(block: Audio) -> bool:
    return bool(np.abs(block).max() >= TRIGGER)


def _crash(block: Audio, _out: Audio) -> None:
    if _is_triggered(block):
        os.abort()


def _exit(block: Audio, _out: Audio) -> None:
    if _is_triggered(block):
        os._exit(0)


def _hang(block: Audio, _out: Audio) -> None:
    while _is_triggered(block):
        time.sleep(0.01)


class MovingInsert(ToyInsert):
    """Has a latency of DELAY from a loud sample on."""

    def process(self, block: Audio, out: Audio) -> None:
        super().process(block, out)
        if _is_triggered(block):
            self.latency_frames = DELAY


class ToyLibrary:
    """The library that the tests register, under ``tests.runtime.toy_inserts:ToyLibrary``.

    Each file in the user's folder FOLDER is one more insert: it halves.
    """

    def list_choices(self) -> tuple[FileChoice, ...]:
        own = {one.name: one for one in user_dir(FOLDER).glob("*")}
        names = ("at96", "crashes", "dies", "exits", "half", "hangs", "huge", "late", "moves", "prints", "stuck")
        return (*map(FileChoice, names), *(FileChoice(name, str(file)) for name, file in sorted(own.items())))

    def list_lacks(self) -> tuple[BridgeError, ...]:
        return ()

    def stamp_files(self) -> tuple[Stamp, ...]:
        return stamp_files(user_dir(FOLDER))

    def compute_load_limit(self, name: str) -> float:
        return STUCK_S if name == "stuck" else 30.0

    def find_loading(self, pid: int) -> str:
        return "Stuck"

    def explain_failure(self, name: str, failure: InsertFailure) -> str:
        at = "playing" if failure.was_playing else "loading"
        how = f"{failure.hang} for {failure.limit_s:g} s" if failure.hang else describe_exit(failure.returncode)
        return f"{name}: {how} while {at}"

    def forget_process(self, pid: int) -> None:
        """Nothing was noted of it."""

    def load(self, name: str) -> ToyInsert:
        if name == "dies":
            os.abort()
        if name == "at96":
            raise EngineError("at96: it runs at 96 kHz only", "choose another chain")
        if name == "prints":
            os.write(1, b"plugin chatter\n")
        while name == "stuck":
            time.sleep(0.01)
        if name == "moves":
            return MovingInsert()
        acts = {"crashes": _crash, "exits": _exit, "hangs": _hang}
        latencies = {"late": DELAY, "huge": 1_000_000}
        return ToyInsert(latencies.get(name, 0), acts.get(name, lambda _block, _out: None))

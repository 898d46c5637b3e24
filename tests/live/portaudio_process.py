"""PortAudio process: the driver in a process of its own, where Python stands still and computes; prints what it did."""

from __future__ import annotations

import ctypes
import json
import sys
import threading
import time
from contextlib import ExitStack

from bridge.drivers.jack_recorder import JackRecorder, Ports
from bridge.drivers.portaudio.portaudio_system import PortAudioSystem
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.wiring import wire
from bridge.settings import AudioSettings

STOOD_US = 500_000
SPUN_S = 1.0


def spin(stop: threading.Event) -> None:
    """Compute in Python, without a pause."""
    while not stop.is_set():
        sum(range(1000))


def main(server: str) -> None:
    """Run a graph without engines on ``server`` by PortAudio."""
    with ExitStack() as opened:
        system = PortAudioSystem(AudioSettings(system="portaudio"), "standing", server)
        facts = opened.enter_context(system)
        graph = opened.enter_context(Graph(wire({}, facts.rate, {}), facts.period, {}, {}))
        opened.enter_context(system.make_driver(graph, lambda _: None))
        other = opened.enter_context(JackRecorder("native", server, 1, Ports()))  # whose callback is JACK's own
        state = graph.arrays.state
        while observe(state, w.CYCLES) < 20:
            time.sleep(0.01)
        before = observe(state, w.CYCLES)
        ctypes.PyDLL(None).usleep(STOOD_US)  # the interpreter's lock is held meanwhile
        stood = observe(state, w.CYCLES) - before
        stop = threading.Event()
        spinner = threading.Thread(target=spin, args=(stop,))
        spinner.start()
        began, called = observe(state, w.CYCLES), other.cycles
        time.sleep(SPUN_S)
        served, due = observe(state, w.CYCLES) - began, other.cycles - called
        stop.set()
        spinner.join()
    print(json.dumps({"while_python_stood": stood, "served": served, "due": due}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])

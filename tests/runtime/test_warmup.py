"""Warm-up: a worker that is ready has compiled and loaded all that it needs; none does so once the stream runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bridge.core.audio import CHANNELS
from bridge.core.engine_registry import list_engines
from bridge.core.events import Midi, TimedEvent
from bridge.core.role import ROLES
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.wiring import wire
from tests.contracts.material import Material
from tests.runtime.offline_graph import load_events

ROOT = Path(__file__).parents[2]
RATE, PERIOD, SECONDS = 44100, 512, 6
RESERVES = dict.fromkeys(ROLES, 1024)
LOG = "SIDEMAN_OPENED"
HOOK = f"""
import os, sys
log = os.environ.get({LOG!r})
def hook(event, args):
    if event == "open" and str(args[0]).endswith((".nbi", ".nbc")):
        os.write(file, f"{{os.path.basename(str(args[0]))}} by {{sys.argv[-2:]}}\\n".encode())
if log and "bridge.runtime.worker" in sys.orig_argv:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.addaudithook(hook)
"""
"""What numba compiles or takes from its cache, it looks for there: files that end so."""

SETS = (
    {"separation": "separation.standard", "mir": "mir.standard", "accompaniment": "accompaniment.band"}
    | {"synth": "synth.plain"},
    {"separation": "separation.dsp", "mir": "mir.chroma", "accompaniment": "accompaniment.basic"}
    | {"synth": "synth.fluid"},
    {"separation": "separation.low"},
    {"separation": "separation.ultra"},
)


def test_every_engine_that_ships_is_tried() -> None:
    tried = {name for engines in SETS for name in engines.values()}
    assert tried >= {name for name in list_engines() if not name.startswith("toy.")}


@pytest.mark.parametrize("engines", SETS, ids=lambda engines: "+".join(engines.values()))
def test_nothing_is_compiled_once_the_workers_are_ready(
    engines: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    log = tmp_path / "opened"
    log.touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    monkeypatch.setenv(LOG, str(log))
    song = Material(RATE).audio(CHANNELS, 0, SECONDS * RATE)
    start = [TimedEvent(0, Midi(b"\xfa"))]
    ticks = [TimedEvent(1 + round(i * 60 * RATE / (110 * 24)), Midi(b"\xf8")) for i in range(SECONDS * 44)]
    with Graph(wire(engines, RATE, RESERVES), PERIOD, RESERVES, {}) as graph, Supervisor(graph) as workers:
        workers.wait_until_ready()
        before = log.read_text().splitlines()
        assert before or sys.platform == "win32"  # the watch works
        publish(graph.arrays.state, w.FREEWHEEL, 1)  # each cycle waits for the workers
        for first in range(0, song.shape[1] - PERIOD, PERIOD):
            graph.context.work_in[:, :PERIOD] = song[:, first : first + PERIOD]
            due = [event for event in start + ticks if first <= event.frame < first + PERIOD]
            load_events(graph, due, first)
            cycle(graph.context, graph.control_context, graph.insert_context, PERIOD, first)
        assert all(int(words[w.HOPS]) > 0 for words in graph.arrays.workers[: len(graph.plan.workers)])
        assert workers.restarts == 0
    assert log.read_text().splitlines()[len(before) :] == []

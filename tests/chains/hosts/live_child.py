"""Child of the tests of live graphs: plays noise through chains offline and live, and prints what it measured.

``python -m tests.chains.hosts.live_child FOLDER`` reads cases from standard input, JSON: a list of [name, chain], and
prints a JSON object of measurements by name. Plugins live in this process alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bridge.core.audio import Audio
from bridge.errors import BridgeError
from chains.document.chain import Chain
from chains.hosts.chain_loading import ChainLoading
from chains.hosts.live_graph import LiveGraph, check_live
from chains.hosts.offline_graph import render_chain
from chains.hosts.offline_run import OfflineRun
from chains.hosts.pedalboard_loading import has_probe
from tests.chains.hosts.host_session import RATE, make_impulse, make_noise, measure_difference_db

BLOCKS = (128, 512)
FRAMES = 24_064
"""Frames that are played: whole blocks of both sizes, and longer than any latency here."""
IMPULSE_AT = 1000
CHANGE_AT = 12_032
"""Frames at which the latency changes: whole blocks of 128."""
CHANGE = "latency change"


def play_live(graph: LiveGraph, audio: Audio, block_frames: int) -> Audio:
    """Play audio, shape (2, n), block by block."""
    out = np.zeros_like(audio)
    for start in range(0, audio.shape[1] - block_frames + 1, block_frames):
        graph.process(audio[:, start : start + block_frames], out[:, start : start + block_frames])
    return out


def render_offline(chain: Chain, audio: Audio, folder: Path) -> Audio:
    """Render audio, shape (2, n), through a chain that is loaded for it."""
    loading = ChainLoading(RATE, 8192, folder, lambda _step, _plugin: None)
    graph = loading.load(chain)
    out = np.zeros_like(audio)
    render_chain(graph, audio, out, OfflineRun(RATE, audio.shape[1], 8192, folder, lambda _frames: None))
    loading.close()
    return out


def measure(chain: Chain, folder: Path) -> dict[str, Any]:
    """Differences of live and offline by block size, in dB; the latency; where an impulse comes out."""
    check_live(chain)
    noise, impulse = make_noise(FRAMES), make_impulse(FRAMES, IMPULSE_AT)
    reference = render_offline(chain, noise, folder)
    found: dict[str, Any] = {"level": float(np.abs(reference).max())}
    for block_frames in BLOCKS:
        graph = LiveGraph(chain, folder, RATE, block_frames)
        late = graph.latency_frames
        live = play_live(graph, noise, block_frames)
        graph.reset()
        again = play_live(graph, noise, block_frames)
        graph.reset()
        peaks = np.flatnonzero(np.abs(play_live(graph, impulse, block_frames)[0]) > 1e-3)
        found[str(block_frames)] = {
            "latency": late,
            "difference_db": measure_difference_db(live[:, late:], reference[:, : FRAMES - late]),
            "again_db": measure_difference_db(again, live),
            "peaks": [int(frame) for frame in peaks[:8]],
            "bad_frames": sum(graph.bad_frames.values()),
        }
        graph.close()
    return found


def measure_change(chain: Chain, folder: Path) -> dict[str, Any]:
    """Peaks of an impulse before and one behind a change of the latency of the last member, and both latencies."""
    graph = LiveGraph(chain, folder, RATE, BLOCKS[0])
    before = graph.latency_frames
    impulses = make_impulse(FRAMES, IMPULSE_AT)
    impulses[:, CHANGE_AT + IMPULSE_AT] = 0.3
    first = play_live(graph, impulses[:, :CHANGE_AT], BLOCKS[0])
    graph._loading.loaded[-1].set_raw("Lookahead", 0.1)
    second = play_live(graph, impulses[:, CHANGE_AT:], BLOCKS[0])
    found = {
        "latencies": [before, graph.latency_frames],
        "peaks": [[int(frame) for frame in np.flatnonzero(np.abs(part[0]) > 1e-3)] for part in (first, second)],
    }
    graph.close()
    return found


def main(folder: Path) -> None:
    """Measure every case; a chain that is refused gives its error."""
    results: dict[str, Any] = {"has_probe": has_probe()}
    for name, chain in msgspec.json.decode(sys.stdin.buffer.read(), type=list[tuple[str, Chain]]):
        try:
            results[name] = (measure_change if name == CHANGE else measure)(chain, folder)
        except BridgeError as error:
            results[name] = {"error": str(error)}
    sys.stdout.write("\n" + msgspec.json.encode(results).decode() + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

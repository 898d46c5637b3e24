"""Wired engines: the shipped ones, with a reserve each."""

from __future__ import annotations

from bridge.core.audio import STEMS
from bridge.core.latency import MIDI_PORTS
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w

ENGINES = {
    "separation": "separation.dsp", "mir": "mir.chroma", "accompaniment": "accompaniment.basic", "synth": "synth.plain",
}  # fmt: skip

RESERVES = {"separation": 512, "mir": 1024, "accompaniment": 2048, "synth": 1024}
PERIODS = (16, 64, 128, 100, 1024, 8192)


def assert_callback_delays_what_is_declared(graph: Graph) -> None:
    """The words that the callback goes by agree with the ledger."""
    for node, words in zip(graph.wiring.nodes, graph.arrays.workers, strict=True):
        if node.role == "separation":
            delays = {graph.ledger[name].declared for name in (*STEMS, "mix")}
            assert delays == {int(words[w.DEADLINE] + words[w.LATENCY])}
        if node.role == "synth":
            assert graph.ledger["band"].declared == words[w.DEADLINE] + words[w.LATENCY]
    for name in MIDI_PORTS:
        head = graph.arrays.heads[graph.plan.rings.index(name)]
        assert head[w.RING_DELAY] == graph.ledger[name].declared

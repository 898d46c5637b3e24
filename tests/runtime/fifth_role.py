"""A program with a fifth role, declared by one entry of ROLES; `test_role` runs it in a process of its own.

It prints as JSON what followed from the entry, which is added before other modules are imported, since they read the
table then. Compiled code depends on AUDIO_PATHS alone, which stay as they are, so the cache of it stays valid.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bridge.core.role import ROLES, RoleSpec, make_midi_path

ROLE, HOP, RATE, CHORD_FRAME = "melody", 64, 44100, 6400


def run() -> dict[str, Any]:
    """Run the graph with two toys: one finds a chord in the music, the other plays its root."""
    ROLES[ROLE] = RoleSpec(
        engine="melody.toy",
        reserve_frames=640,
        reserve_doc="part of the declared delay",
        paths=(make_midi_path(ROLE, "midi"),),
        needed_outputs=frozenset({"midi"}),
        reads={"chords": "mir.chords"},
        writes={"midi": ROLE},
    )
    import msgspec
    import numpy as np
    import pytest

    from bridge.control.bus import Bus
    from bridge.control.sidecar import make_sidecar_registry
    from bridge.core.audio import CHANNELS
    from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort
    from bridge.core.events import Chord, Midi, TimedEvent
    from bridge.core.latency import MIDI_PORTS
    from bridge.core.midi import make_note_on
    from bridge.core.time import BlockTime
    from bridge.runtime.control_binding import ControlBinding
    from bridge.runtime.graph import Graph
    from bridge.runtime.wiring import wire
    from bridge.settings import EngineSettings
    from tests.runtime.offline_graph import process_offline
    from tests.runtime.toys import Toy

    def find_chord(block: Block, time: BlockTime, out: Block) -> None:
        if block.audio["mix"].any():
            out.events["chords"].append(TimedEvent(time.frame, Chord(9, 1, 9, 1.0)))

    def play_root(block: Block, time: BlockTime, out: Block) -> None:
        for event in block.events["chords"]:
            assert isinstance(event.payload, Chord)
            out.events["midi"].append(TimedEvent(event.frame, make_note_on(0, 60 + event.payload.root, 90)))

    mir = EngineSpec("mir.toy", (AudioPort("mix"),), (EventPort("beats"), EventPort("chords")), HOP)
    melody = EngineSpec("melody.toy", (EventPort("chords"),), (EventPort("midi"),), HOP)
    toys = {"mir.toy": lambda: Toy(mir, find_chord), "melody.toy": lambda: Toy(melody, play_root, latency=2 * HOP)}
    audio = np.zeros((CHANNELS, 2 * CHORD_FRAME), np.float32)
    audio[:, CHORD_FRAME] = 1.0
    engines = {"mir": "mir.toy", ROLE: "melody.toy"}
    registry = make_sidecar_registry({})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bridge.runtime.resampled_engine.load_engine", lambda name: toys[name]())
        result = process_offline(audio, RATE, engines)
        reserves = {role: spec.reserve_frames for role, spec in ROLES.items()}
        wiring = wire(engines, RATE, reserves)
        with Graph(wiring, 128, reserves, {}) as graph:
            bus = Bus(registry)
            ControlBinding(bus, graph)
            before = graph.ledger[ROLE].declared
            bus.set(f"latency.{ROLE}.user_offset_frames", 10, "test")
            moved = graph.ledger[ROLE].declared - before
    return {
        "settings": msgspec.structs.asdict(EngineSettings()),
        "controls": [control.name for control in registry.controls if f".{ROLE}." in control.name],
        "ports": MIDI_PORTS,
        "waits_for": wiring.plan.workers[1].waits_for,
        "offset": moved,
        "notes": [(e.frame, list(e.payload.data)) for e in result.midi[ROLE] if isinstance(e.payload, Midi)],
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout)

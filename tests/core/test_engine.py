"""Engine declarations, and the blocks made for them."""

from __future__ import annotations

import numpy as np

from bridge.core.control import Control
from bridge.core.engine import AudioPort, Engine, EngineSpec, EventPort, block_for
from tests.runtime.toys import MIR_SPEC, Toy

SPEC = EngineSpec(
    "toy", (AudioPort("mix"), EventPort("midi"), AudioPort("side", 1)), (EventPort("notes"),), hop=48,
    controls=(Control("toy.level", 0, 1, 0.25),),
)  # fmt: skip


def test_ports_are_distinguished_by_kind_in_their_order() -> None:
    assert [port.name for port in SPEC.audio(SPEC.inputs)] == ["mix", "side"]
    assert [port.name for port in SPEC.events(SPEC.inputs)] == ["midi"]
    assert SPEC.audio(SPEC.outputs) == ()


def test_a_block_has_a_silent_array_and_an_empty_list_for_each_port() -> None:
    block = block_for(SPEC.inputs, SPEC.hop, SPEC.controls)
    assert {name: audio.shape for name, audio in block.audio.items()} == {"mix": (2, 48), "side": (1, 48)}
    assert all(audio.dtype == np.float32 and not audio.any() for audio in block.audio.values())
    assert block.events == {"midi": []}
    assert block.values == {"toy.level": 0.25}


def test_blocks_share_nothing() -> None:
    one, other = block_for(SPEC.inputs, 8), block_for(SPEC.inputs, 8)
    assert not np.shares_memory(one.audio["mix"], other.audio["mix"])
    assert one.events["midi"] is not other.events["midi"]


def test_what_has_the_parts_of_an_engine_is_one() -> None:
    assert isinstance(Toy(MIR_SPEC), Engine)
    assert not isinstance(object(), Engine)

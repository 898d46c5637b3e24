from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import Chord, Payload, Tempo
from engines.offline.engine_stream import EngineStream, TimedOutput
from tests.engines.mir.signals import Scripted

C = Chord(0, 0, 0, 0.9)


def heard_in(engine: Scripted, frames: int, piece: int) -> list[TimedOutput]:
    audio = np.random.default_rng(1).normal(0, 0.1, (2, frames)).astype(np.float32)
    listening = EngineStream(engine, 44100)
    found = [heard for start in range(0, frames, piece) for heard in listening.push(audio[:, start : start + piece])]
    found += listening.finish()
    assert np.array_equal(np.concatenate(engine.received, axis=1)[:, :frames], audio)
    return found


@pytest.mark.parametrize("piece", [1, 100, 256, 1000, 5000])
def test_what_is_told_does_not_hang_on_the_pieces(piece: int) -> None:
    script: list[tuple[int, Payload]] = [(0, C), (255, Tempo(120, 1)), (256, C), (2999, C)]
    found = heard_in(Scripted(script), 3000, piece)
    assert [heard.event.frame for heard in found] == [0, 255, 256, 2999]
    assert [heard.reported for heard in found] == [0, 0, 256, 2816]


def test_a_late_output_still_tells_of_the_last_frame() -> None:
    found = heard_in(Scripted([(10, C), (2999, C)], delay=5000), 3000, 700)
    assert [(heard.port, heard.event.frame) for heard in found] == [("said", 10), ("said", 2999)]
    assert [heard.reported for heard in found] == [4864, 7936]


def test_what_refers_to_the_silence_after_the_song_is_left_out() -> None:
    assert [heard.event.frame for heard in heard_in(Scripted([(100, C), (3000, C), (3050, C)]), 3000, 700)] == [100]


def test_a_mono_input_hears_the_middle() -> None:
    engine = Scripted([], channels=1)
    listening = EngineStream(engine, 44100)
    list(listening.push(np.stack([np.full(256, 0.5), np.full(256, 0.1)]).astype(np.float32)))
    assert engine.received[0].shape == (1, 256)
    assert np.allclose(engine.received[0], 0.3)

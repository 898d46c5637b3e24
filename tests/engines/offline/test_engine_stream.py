from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import Chord, Payload, Tempo
from engines.offline.engine_stream import EngineStream, TimedOutput
from tests.engines.mir.signals import Scripted

C = Chord(0, 0, 0, 0.9)


def run_engine(engine: Scripted, frames: int, piece: int) -> list[TimedOutput]:
    audio = np.random.default_rng(1).normal(0, 0.1, (2, frames)).astype(np.float32)
    stream = EngineStream(engine, 44100)
    found = [output for start in range(0, frames, piece) for output in stream.push(audio[:, start : start + piece])]
    found += stream.finish()
    assert np.array_equal(np.concatenate(engine.received, axis=1)[:, :frames], audio)
    return found


@pytest.mark.parametrize("piece", [1, 100, 256, 1000, 5000])
def test_the_output_does_not_depend_on_the_pieces(piece: int) -> None:
    script: list[tuple[int, Payload]] = [(0, C), (255, Tempo(120, 1)), (256, C), (2999, C)]
    found = run_engine(Scripted(script), 3000, piece)
    assert [output.event.frame for output in found] == [0, 255, 256, 2999]
    assert [output.reported for output in found] == [0, 0, 256, 2816]


def test_a_late_output_still_covers_the_last_frame() -> None:
    found = run_engine(Scripted([(10, C), (2999, C)], delay=5000), 3000, 700)
    assert [(output.port, output.event.frame) for output in found] == [("said", 10), ("said", 2999)]
    assert [output.reported for output in found] == [4864, 7936]


def test_what_refers_to_the_silence_after_the_song_is_left_out() -> None:
    assert [output.event.frame for output in run_engine(Scripted([(100, C), (3000, C), (3050, C)]), 3000, 700)] == [100]


def test_a_mono_input_gets_the_middle() -> None:
    engine = Scripted([], channels=1)
    stream = EngineStream(engine, 44100)
    list(stream.push(np.stack([np.full(256, 0.5), np.full(256, 0.1)]).astype(np.float32)))
    assert engine.received[0].shape == (1, 256)
    assert np.allclose(engine.received[0], 0.3)

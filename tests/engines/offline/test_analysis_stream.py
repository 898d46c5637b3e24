"""The analysis stream: a mono input gets the mean of both channels, or their difference where they cancel."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.offline.analysis_stream import AnalysisStream
from tests.engines.mir.signals import Scripted


def play(stream: AnalysisStream, engine: Scripted, audio: Audio) -> Audio:
    """What the engine received on its mono input, shape (frames,)."""
    stream.push(audio)
    received: Audio = np.concatenate(engine.received, axis=1)[0]
    return received


def test_a_mono_input_gets_the_mean() -> None:
    engine = Scripted([], channels=1)
    stream = AnalysisStream(engine, 44100)
    received = play(stream, engine, np.stack([np.full(256, 0.5), np.full(256, 0.1)]).astype(np.float32))
    assert np.allclose(received, 0.3)


def test_channels_that_cancel_do_not_leave_silence() -> None:
    engine = Scripted([], channels=1)
    wave = np.sin(np.arange(1024) / 10).astype(np.float32)
    received = play(AnalysisStream(engine, 44100), engine, np.stack([wave, -wave]))
    assert np.allclose(received, wave, atol=1e-6)


def test_it_continues_from_its_state_and_begins_anew_after_a_reset() -> None:
    wave = np.sin(np.arange(2048) / 10).astype(np.float32)
    opposed, alike = np.stack([wave, -wave]), np.stack([wave, wave])
    fresh, engine, other = Scripted([], channels=1), Scripted([], channels=1), Scripted([], channels=1)
    stream, again = AnalysisStream(engine, 44100), AnalysisStream(other, 44100)
    stream.push(opposed)
    again.restore(stream.state())
    engine.received.clear()
    inverted = play(again, other, alike)
    assert np.array_equal(inverted, play(stream, engine, alike))
    assert not np.array_equal(inverted, play(AnalysisStream(fresh, 44100), fresh, alike))
    again.reset()
    assert np.array_equal(play(again, other, alike), wave)

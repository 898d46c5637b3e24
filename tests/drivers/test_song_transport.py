"""Song transport and cycle pacer: where a song is at each cycle, and which cycles come too late."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.audiofile.song_stream import SongStream
from bridge.core.audio import CHANNELS, Audio
from bridge.drivers.cycle_pacer import LATE_PERIODS, CyclePacer
from bridge.drivers.song_transport import PlayOptions, SongTransport
from bridge.runtime.shared import slots as w

RATE = 44100
PERIOD = 128
FRAMES = 1000


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.arange(1, FRAMES + 1)[:, None].repeat(CHANNELS, 1) / FRAMES, RATE, "FLOAT")
    return path


def play(transport: SongTransport, cycles: int) -> Iterator[tuple[Audio, np.ndarray]]:
    for _ in range(cycles):
        audio, words = np.full((CHANNELS, PERIOD), 9.0, np.float32), np.zeros(w.TRANSPORT_WORDS)
        transport.fill(audio, words)
        yield audio, words


def expect(start: int, frames: int) -> Audio:
    return np.asarray(np.arange(start + 1, start + frames + 1) / FRAMES, np.float32)[None].repeat(CHANNELS, 0)


def test_the_song_comes_whole_then_silence(song: Path) -> None:
    with SongStream(song, RATE) as stream:
        transport = SongTransport(stream, RATE, PlayOptions())
        played = [audio for audio, _ in play(transport, 8)]
        got = np.concatenate(played, axis=1)
        np.testing.assert_array_equal(got[:, :FRAMES], expect(0, FRAMES))
        assert not got[:, FRAMES:].any()
        assert not transport.is_over(8 * PERIOD - FRAMES + 1)
        assert transport.is_over(8 * PERIOD - FRAMES)


def test_the_transport_has_bars_and_beats_where_a_tempo_is_given(song: Path) -> None:
    with SongStream(song, RATE) as stream:
        for index, (_, words) in enumerate(play(SongTransport(stream, RATE, PlayOptions(tempo_bpm=120.0)), 3)):
            assert words[w.T_ROLLING] == words[w.T_VALID] == 1.0
            assert words[w.T_FRAME] == index * PERIOD
            assert words[w.T_BEAT] == pytest.approx(index * PERIOD / RATE * 2.0)
            assert (words[w.T_TEMPO], words[w.T_BAR]) == (120.0, 4)


def test_bars_begin_again_with_the_song_and_a_free_clock_counts_on(song: Path) -> None:
    for tempo, expected in ((120.0, 8 * PERIOD - FRAMES), (0.0, 8 * PERIOD)):
        with SongStream(song, RATE, repeats=True) as stream:
            *before, (audio, words) = play(SongTransport(stream, RATE, PlayOptions(repeats=True, tempo_bpm=tempo)), 9)
            assert words[w.T_FRAME] == expected
            np.testing.assert_array_equal(audio, expect(8 * PERIOD - FRAMES, PERIOD))
            at_the_seam = before[-1][0]
            np.testing.assert_array_equal(at_the_seam[:, FRAMES - 7 * PERIOD :], expect(0, 8 * PERIOD - FRAMES))


def test_stopped_it_stands_still_and_goes_on_where_it_was(song: Path) -> None:
    with SongStream(song, RATE) as stream:
        transport = SongTransport(stream, RATE, PlayOptions())
        list(play(transport, 1))
        transport.stop()
        [(audio, words)] = play(transport, 1)
        assert not audio.any()
        assert (words[w.T_ROLLING], words[w.T_FRAME]) == (0.0, PERIOD)
        assert transport.waits
        transport.start()
        [(audio, words)] = play(transport, 1)
        np.testing.assert_array_equal(audio, expect(PERIOD, PERIOD))


def test_held_at_its_end_it_starts_from_the_beginning(song: Path) -> None:
    with SongStream(song, RATE) as stream:
        transport = SongTransport(stream, RATE, PlayOptions(holds=True))
        *_, (audio, words) = play(transport, 20)
        assert words[w.T_ROLLING] == 0.0
        assert transport.waits
        assert not transport.is_over(0)
        transport.start()
        [(audio, words)] = play(transport, 1)
        np.testing.assert_array_equal(audio, expect(0, PERIOD))
        assert (words[w.T_ROLLING], words[w.T_FRAME]) == (1.0, 0.0)


def test_skipped_cycles_are_left_out_of_the_song(song: Path) -> None:
    with SongStream(song, RATE) as stream:
        transport = SongTransport(stream, RATE, PlayOptions())
        list(play(transport, 1))
        transport.skip(2 * PERIOD)
        [(audio, words)] = play(transport, 1)
        np.testing.assert_array_equal(audio, expect(3 * PERIOD, PERIOD))
        assert words[w.T_FRAME] == 3 * PERIOD


def test_a_cycle_in_time_skips_none_and_errors_do_not_add_up() -> None:
    pacer = CyclePacer(0.003, start_s=10.0)
    for cycle in range(1000):
        assert pacer.due_s == pytest.approx(10.0 + 0.003 * cycle, abs=1e-9)
        assert pacer.advance(pacer.due_s + 0.9 * LATE_PERIODS * 0.003) == 0


def test_a_cycle_that_is_too_late_skips_those_whose_time_has_passed() -> None:
    pacer = CyclePacer(0.003, start_s=10.0)
    assert pacer.advance(10.0 + 0.003 * 7.5) == 7
    assert pacer.due_s == pytest.approx(10.0 + 0.003 * 8)

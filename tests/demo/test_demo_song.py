"""The demo's own song: what it says about itself is what it plays."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import STEMS
from bridge.core.events import Midi
from bridge.errors import ConfigError
from demo.demo_song import TEMPO, DemoSong, load_song, render_own_song
from demo.rendering import SOUNDS

RATE = 22050


@pytest.fixture(scope="module")
def song() -> DemoSong:
    """Long enough for a verse, a chorus and the ending."""
    return render_own_song(RATE, seconds=10 * 4 * 60 / TEMPO)


def midi_of(song: DemoSong) -> list[tuple[int, bytes]]:
    return [(e.frame, e.payload.data) for e in song.midi if isinstance(e.payload, Midi)]


@pytest.mark.parametrize(("rate", "seconds"), [(44100, 3.0), (48000, 1.0), (22050, 2.5)])
def test_it_lasts_exactly_as_long_as_asked(rate: int, seconds: float) -> None:
    song = render_own_song(rate, seconds)
    assert song.audio.shape == (2, round(rate * seconds))
    assert song.audio.dtype == np.float32
    assert song.seconds == pytest.approx(seconds)


def test_it_peaks_below_minus_one_dbfs_with_dc_below_minus_54(song: DemoSong) -> None:
    assert 0.7 < float(np.max(np.abs(song.audio))) < 10 ** (-1 / 20)
    assert np.all(np.abs(song.audio.mean(axis=1, dtype=np.float64)) < 2e-3)


def test_the_true_stems_sum_to_the_song_and_each_but_the_vocals_is_audible(song: DemoSong) -> None:
    assert tuple(song.stems) == STEMS
    np.testing.assert_allclose(sum(song.stems.values()), song.audio, atol=1e-6)
    for name, stem in song.stems.items():
        assert (float(np.sqrt(np.mean(stem**2))) > 0.02) is (name != "vocals"), name


def test_the_same_seed_plays_the_same_samples_and_another_does_not() -> None:
    assert np.array_equal(render_own_song(RATE, 2.0, seed=3).audio, render_own_song(RATE, 2.0, seed=3).audio)
    assert not np.array_equal(render_own_song(RATE, 2.0, seed=3).audio, render_own_song(RATE, 2.0, seed=4).audio)


def test_it_ends_in_silence(song: DemoSong) -> None:
    assert np.max(np.abs(song.audio[:, -20:])) < 1e-3


def test_the_beats_are_where_the_kick_falls(song: DemoSong) -> None:
    for frame in song.truth.downbeats[1:4]:
        before = np.abs(song.stems["drums"][:, frame - 200 : frame - 5]).max()
        after = np.abs(song.stems["drums"][:, frame : frame + 200]).max()
        assert after > 3 * before


def test_the_beats_are_even_and_a_bar_has_four(song: DemoSong) -> None:
    steps = {b - a for a, b in pairwise(song.truth.beats)}
    assert steps <= {11812, 11813}
    assert song.truth.downbeats == song.truth.beats[::4]
    assert song.truth.beats[-1] < song.frames


def test_verse_chorus_and_ending_follow_each_other(song: DemoSong) -> None:
    labels = [chord.label for _, chord in song.truth.chords]
    verse, chorus = ["Gm", "Ebmaj7", "Cm7", "D7"], ["Eb", "F", "Gm", "Cm7", "Dsus4", "D7"]
    assert labels == [*verse, *chorus, "D7", "Gm"]
    assert song.truth.key is not None
    assert song.truth.key.label == "G minor"


def test_the_chords_change_on_beats(song: DemoSong) -> None:
    assert {frame for frame, _ in song.truth.chords} <= set(song.truth.beats)


def test_the_bass_sounds_the_root_of_the_chord_that_is_claimed(song: DemoSong) -> None:
    """The strongest pitch class of the bass as each chord of the verse begins."""
    for frame, chord in song.truth.chords[:4]:
        note = song.stems["bass"][:, frame : frame + int(0.7 * RATE)].mean(axis=0)
        spectrum = np.abs(np.fft.rfft(note * np.hanning(len(note)), 1 << 16))
        strongest_hz = float(np.fft.rfftfreq(1 << 16, 1 / RATE)[np.argmax(spectrum)])
        assert round(12 * np.log2(strongest_hz / 440) + 69) % 12 == chord.root, chord.label


def test_the_clock_starts_at_once_and_ticks_24_times_a_beat_at_the_exact_frame(song: DemoSong) -> None:
    sent = midi_of(song)
    assert sent[:2] == [(0, b"\xfa"), (0, b"\xf8")]
    clocks = [frame for frame, data in sent if data == b"\xf8"]
    tick = RATE * 60 / TEMPO / 24
    assert max(abs(frame - i * tick) for i, frame in enumerate(clocks)) <= 0.5 + 1e-6
    assert song.frames - 1 - clocks[-1] < tick
    assert set(song.truth.beats) <= set(clocks)


def test_stop_is_the_last_message_at_the_last_frame(song: DemoSong) -> None:
    assert midi_of(song)[-1] == (song.frames - 1, b"\xfc")
    assert [data for _, data in midi_of(song)].count(b"\xfc") == 1


def test_messages_are_sorted_by_frame(song: DemoSong) -> None:
    frames = [e.frame for e in song.midi]
    assert frames == sorted(frames)


def test_every_note_of_the_keys_is_released_and_all_are_on_channel_three(song: DemoSong) -> None:
    sounding: Counter[int] = Counter()
    for _, data in midi_of(song):
        if data[0] >= 0xF0:
            continue
        assert data[0] & 0x0F == SOUNDS["keys"].channel == 2
        sounding[data[1]] += 1 if data[0] & 0xF0 == 0x90 else -1
        assert sounding[data[1]] in (0, 1)
    assert set(sounding.values()) == {0}
    assert len(sounding) > 6


def test_the_keys_strike_every_new_chord_on_its_beat(song: DemoSong) -> None:
    for frame, chord in song.truth.chords:
        struck = {data[1] % 12 for at, data in midi_of(song) if at == frame and data[0] & 0xF0 == 0x90}
        assert struck == set(chord.pitch_classes), chord.label


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e6])
def test_an_impossible_length_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError, match="choose 1 to 600 seconds"):
        render_own_song(RATE, seconds)


def test_a_file_brings_audio_and_no_claims(tmp_path: Path) -> None:
    path = tmp_path / "my tune.wav"
    soundfile.write(path, np.full((2 * RATE, 2), 0.25), RATE)
    song = load_song(path, RATE, seconds=1.0)
    assert (song.name, song.frames) == ("my tune", RATE)
    assert song.tempo is None
    assert (song.midi, song.stems, song.truth.beats, song.truth.chords) == ([], {}, (), ())

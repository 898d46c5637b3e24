"""Files in and out: every common format in, plain words for what is broken, nothing lost on the way out."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from bridge.core.events import Beat, Chord, Midi, TimedEvent
from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap
from bridge.errors import ConfigError
from demo.demo_files import read_song, tempo_map_from_beats, write_midi, write_wav

RATE = 44100


def tone(rate: int, seconds: float = 0.5, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize(("suffix", "frames_off"), [("wav", 0), ("flac", 0), ("ogg", 0), ("mp3", 2400)])
def test_every_common_format_is_read(tmp_path: Path, suffix: str, frames_off: int) -> None:
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, np.stack([tone(RATE), -tone(RATE)], axis=1), RATE)
    audio = read_song(path, RATE)
    assert audio.dtype == np.float32
    assert audio.shape[0] == 2
    assert abs(audio.shape[1] - RATE // 2) <= frames_off
    assert np.sqrt(np.mean(audio**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert audio.flags.c_contiguous


def test_a_96_khz_mono_flac_becomes_stereo_at_the_servers_rate(tmp_path: Path) -> None:
    path = tmp_path / "mono.flac"
    soundfile.write(path, tone(96000), 96000)
    audio = read_song(path, RATE)
    assert audio.shape == (2, RATE // 2)
    assert np.array_equal(audio[0], audio[1])
    np.testing.assert_allclose(audio[0, 2000:-2000], tone(RATE)[2000:-2000], atol=1e-4)


def test_six_channels_are_folded_down_as_5_1(tmp_path: Path) -> None:
    path = tmp_path / "surround.wav"
    levels = np.array([0.1, 0.2, 0.3, 0.9, 0.05, 0.07])
    soundfile.write(path, np.tile(levels, (1000, 1)), RATE, subtype="FLOAT")
    audio = read_song(path, RATE)
    side = np.sqrt(0.5)
    np.testing.assert_allclose(audio[:, 500], [0.1 + side * 0.35, 0.2 + side * 0.37], rtol=1e-5)


def test_of_four_channels_the_first_two_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "quad.wav"
    soundfile.write(path, np.tile([0.1, 0.2, 0.3, 0.4], (100, 1)), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_song(path, RATE)[:, 50], [0.1, 0.2], rtol=1e-6)


def test_a_wav_that_was_never_finished_is_read_to_its_end_and_that_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.stack([tone(RATE), tone(RATE)], axis=1), RATE)
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[4:8] = data[place : place + 4] = bytes(4)
    path.write_bytes(data)
    assert read_song(path, RATE).shape == (2, RATE // 2)
    assert "was never finished" in caplog.text


def test_only_as_much_is_read_as_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, tone(48000, 2.0), 48000)
    assert read_song(path, RATE, seconds=0.5).shape == (2, RATE // 2)


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    samples = np.full((100, 2), 0.5, np.float32)
    samples[10], samples[20], samples[30] = np.nan, np.inf, -np.inf
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    audio = read_song(path, RATE)
    assert np.isfinite(audio).all()
    assert not audio[:, [10, 20, 30]].any()
    assert (audio[:, 40] == 0.5).all()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.wav: no such file; give a WAV, FLAC, AIFF, OGG, Opus or MP3"):
        read_song(tmp_path / "nowhere.wav", RATE)


def test_a_folder_is_no_song(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder, with no song in it"):
        read_song(tmp_path, RATE)


def test_an_empty_wav_holds_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros((0, 2)), RATE)
    with pytest.raises(ConfigError, match=r"empty\.wav: holds no audio"):
        read_song(path, RATE)


@pytest.mark.parametrize("name", ["broken.mp3", "notes.wav", "nothing.flac", "headless.raw"])
@pytest.mark.parametrize("content", [b"", b"not audio at all\n" * 40, bytes(range(256)) * 8])
def test_what_is_not_audio_is_named_with_a_fix(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_song(path, RATE)
    assert str(path) in caught.value.message
    assert "WAV, FLAC, AIFF, OGG, Opus or MP3" in caught.value.hint


def test_a_wav_of_24_bits_comes_back_within_half_a_step(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.wav"
    audio = np.stack([tone(RATE), 0.3 * tone(RATE)]).astype(np.float32)
    write_wav(path, audio, RATE)
    assert soundfile.info(path).subtype == "PCM_24"
    np.testing.assert_allclose(read_song(path, RATE), audio, atol=2**-23)


def test_audio_past_full_scale_is_written_as_float_and_unclipped(tmp_path: Path) -> None:
    path = tmp_path / "hot.wav"
    audio = np.stack([3 * tone(RATE), tone(RATE)]).astype(np.float32)
    write_wav(path, audio, RATE)
    assert soundfile.info(path).subtype == "FLOAT"
    assert np.array_equal(read_song(path, RATE), audio)


def test_a_write_leaves_one_whole_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    for level in (0.1, 0.2):
        write_wav(path, np.full((2, 100), level, np.float32), RATE)
    assert list(tmp_path.iterdir()) == [path]
    assert read_song(path, RATE)[0, 0] == pytest.approx(0.2, abs=1e-6)


def played(path: Path, track: str) -> list[tuple[int, mido.Message]]:
    """(tick, message) of a named track."""
    for candidate in mido.MidiFile(path).tracks:
        if candidate.name == track:
            ticks = np.cumsum([m.time for m in candidate])
            return [(int(t), m) for t, m in zip(ticks, candidate, strict=True)]
    raise LookupError(track)


def test_midi_comes_back_within_half_a_tick_through_a_changing_tempo(tmp_path: Path) -> None:
    path = tmp_path / "part.mid"
    tempo = TempoMap([TempoChange(0.0, 112.0), TempoChange(4.0, 90.5), TempoChange(6.5, 131.0)], 48000)
    rng = np.random.default_rng(5)
    frames = sorted(int(f) for f in rng.integers(0, 48000 * 6, 60))
    events = [TimedEvent(f, Midi(bytes((0x92, 40 + i, 90)))) for i, f in enumerate(frames)]
    write_midi(path, {"keys": events}, tempo, 48000)

    notes = [(tick, m) for tick, m in played(path, "keys") if m.type == "note_on"]
    assert [m.note for _, m in notes] == [40 + i for i in range(60)]
    assert {m.channel for _, m in notes} == {2}
    half_tick = 0.5 * 48000 * 60 / 90.5 / TICKS_PER_BEAT
    for (tick, _), frame in zip(notes, frames, strict=True):
        assert abs(tempo.frame_at(tick / TICKS_PER_BEAT) - frame) <= half_tick + 1e-6
    tempi = [(tick, m.tempo) for tick, m in played(path, "tempo") if m.type == "set_tempo"]
    assert tempi == [(0, mido.bpm2tempo(112)), (1920, mido.bpm2tempo(90.5)), (3120, mido.bpm2tempo(131))]


def test_a_file_of_midi_plays_as_long_as_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "part.mid"
    tempo = TempoMap([TempoChange(0.0, 112.0)], 44100)
    write_midi(path, {"keys": [TimedEvent(44100 * 10, Midi(b"\x90\x3c\x40"))]}, tempo, 44100)
    assert mido.MidiFile(path).length == pytest.approx(10.0, abs=0.001)


def test_frames_at_another_rate_than_the_maps_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "part.mid"
    tempo = TempoMap([TempoChange(0.0, 120.0)], 44100)
    write_midi(path, {"keys": [TimedEvent(48000, Midi(b"\x90\x3c\x40"))]}, tempo, 48000)
    assert [tick for tick, m in played(path, "keys") if m.type == "note_on"] == [2 * TICKS_PER_BEAT]


def test_chords_become_markers_and_clock_and_beats_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "detected.mid"
    tempo = TempoMap([TempoChange(0.0, 120.0)], 44100)
    events = [
        TimedEvent(0, Midi(b"\xfa")),
        TimedEvent(0, Midi(b"\xf8")),
        TimedEvent(0, Beat(0, 4, 120.0, 1.0, 0)),
        TimedEvent(44100, Chord(3, 3, 3, 0.9)),
        TimedEvent(44100, Midi(b"\x90\x3c\x40")),
    ]
    write_midi(path, {"chords": events, "empty": []}, tempo, 44100)
    assert [(t, m.text) for t, m in played(path, "tempo") if m.type == "marker"] == [(960, "Ebmaj7")]
    assert [m.type for _, m in played(path, "chords")] == ["track_name", "note_on", "end_of_track"]
    assert mido.MidiFile(path).ticks_per_beat == 480
    assert mido.MidiFile(path).type == 1
    assert [t.name for t in mido.MidiFile(path).tracks] == ["tempo", "chords", "empty"]


@pytest.mark.parametrize("first", [0, 3, 9000, 20000, 47000])
def test_a_tempo_map_of_detected_beats_puts_a_beat_on_each_of_them(first: int) -> None:
    detected = [first + f for f in (0, 20000, 40400, 60100, 80000)]
    tempo = tempo_map_from_beats(detected, RATE)
    kept = detected[1:] if first < 10000 and first else detected
    at = [tempo.beat_at(frame) for frame in kept]
    assert at == pytest.approx([round(at[0]) + i for i in range(len(kept))], abs=1e-9)
    assert tempo.tempo_at(0.0) == pytest.approx(60 * RATE / 20000, rel=0.5)


def test_a_pause_between_detected_beats_is_several_beats_and_two_on_one_spot_are_one(tmp_path: Path) -> None:
    detected = [RATE * n // 2 for n in (20, 21, 22, 23, 91, 92, 93)]
    for beats in (detected, sorted([*detected, detected[1] + 9, detected[2] + 3000])):
        tempo = tempo_map_from_beats(beats, RATE)
        assert [tempo.beat_at(frame) for frame in detected] == pytest.approx([20, 21, 22, 23, 91, 92, 93], abs=1e-6)
        write_midi(tmp_path / "detected.mid", {}, tempo, RATE)
    slow = tempo_map_from_beats([0, 60 * RATE, 120 * RATE], RATE)
    write_midi(tmp_path / "slow.mid", {"keys": [TimedEvent(90 * RATE, Midi(b"\x90\x3c\x40"))]}, slow, RATE)
    assert [m.tempo for _, m in played(tmp_path / "slow.mid", "tempo") if m.type == "set_tempo"] == [0xFFFFFF]


def test_too_few_beats_give_an_even_120() -> None:
    assert tempo_map_from_beats([5000], RATE).tempo_at(7.0) == 120.0

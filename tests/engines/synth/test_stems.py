"""MIDI files as sound: to the frame, each part by itself, and the mix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mido import Message, MetaMessage, MidiFile, MidiTrack

from bridge.errors import ConfigError
from engines.mastering.loudness import measure_loudness
from engines.synth.stems import CEILING_DBTP, TAIL_S, read_score, render, render_stems, write_stems
from engines.synth.synth_engine import plain
from tests.engines.synth.playing import RATE


def file_of(*tracks: tuple[str, list[Message | MetaMessage]]) -> MidiFile:
    file = MidiFile(type=1, ticks_per_beat=480)
    for name, messages in tracks:
        file.tracks.append(MidiTrack([MetaMessage("track_name", name=name), *messages]))
    return file


def stroke(time: int, note: int = 36, channel: int = 9) -> list[Message | MetaMessage]:
    return [
        Message("note_on", note=note, velocity=110, channel=channel, time=time),
        Message("note_off", note=note, channel=channel, time=60),
    ]


def test_notes_fall_on_the_frames_that_the_tempi_say() -> None:
    tempi: list[Message | MetaMessage] = [
        MetaMessage("set_tempo", tempo=500_000), MetaMessage("set_tempo", tempo=1_000_000, time=960),
    ]  # fmt: skip
    score = read_score(file_of(("tempi", tempi), ("drums", [*stroke(480), *stroke(900)])), 1000)
    assert [event.frame for event in score.parts["drums"]] == [500, 562, 2000, 2125]
    assert score.frames == 2125
    assert list(score.parts) == ["drums"]


@pytest.mark.parametrize("slip", [0, 1, 0xFFFFFF])
def test_a_tempo_that_cannot_be_is_passed_over(slip: int) -> None:
    tempi: list[Message | MetaMessage] = [MetaMessage("set_tempo", tempo=slip)]
    assert read_score(file_of(("tempi", tempi), ("drums", stroke(480))), 1000).parts["drums"][0].frame == 500


def test_a_part_is_a_track_with_notes_and_has_a_name_that_a_file_can_have() -> None:
    file = file_of(("a/b", stroke(0)), ("", stroke(0)), ("mix", stroke(0)), ("a/b", stroke(0)), ("empty", []))
    assert list(read_score(file).parts) == ["a_b", "track 1", "mix 2", "a_b 2"]


def test_a_file_without_notes_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no notes"):
        read_score(file_of(("empty", [])))


def test_a_stem_begins_where_its_note_does_and_is_as_long_as_the_others() -> None:
    file = file_of(("drums", stroke(480)), ("late", stroke(1441, 60, 0)))
    score = read_score(file, RATE)
    made = dict(render_stems(score, plain))
    assert {audio.shape for audio in made.values()} == {(2, score.frames + int(TAIL_S * RATE))}
    for name, beat in (("drums", 1.0), ("late", 1441 / 480)):
        first = np.flatnonzero(np.abs(made[name]).max(axis=0))[0]
        assert first - round(beat * RATE / 2) in (0, 1), name


def test_files_are_written_for_each_part_and_their_sum(tmp_path: Path) -> None:
    file = file_of(("drums", [*stroke(0), *stroke(420)]), ("keys", stroke(0, 60, 0)))
    paths = write_stems(file, tmp_path / "out", plain, target_lufs=-30.0).paths
    assert [path.name for path in paths] == ["drums.wav", "keys.wav", "mix.wav"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["drums.wav", "keys.wav", "mix.wav"]
    read = {path.stem: soundfile.read(path, dtype="float32") for path in paths}
    assert {rate for _, rate in read.values()} == {RATE}
    assert soundfile.info(paths[0]).subtype == "PCM_24"
    np.testing.assert_allclose(read["mix"][0], read["drums"][0] + read["keys"][0], atol=1e-6)


@pytest.mark.parametrize("target_lufs", [-33.0, -15.0])
def test_the_mix_has_the_loudness_asked_for_and_no_file_clips(tmp_path: Path, target_lufs: float) -> None:
    file = file_of(("drums", [*stroke(0), *stroke(420, 38)]), ("keys", stroke(0, 60, 0)))
    files = write_stems(file, tmp_path, plain, target_lufs=target_lufs)
    for path in files.paths:
        audio, _ = soundfile.read(path, dtype="float32")
        measured = measure_loudness([np.ascontiguousarray(audio.T)], RATE)
        assert measured.true_peak_dbtp is not None
        assert measured.true_peak_dbtp <= CEILING_DBTP + 0.1
    assert measured.integrated_lufs == pytest.approx(target_lufs, abs=0.2)
    assert files.loudness.integrated_lufs == pytest.approx(target_lufs, abs=0.2)


def test_a_silent_mix_keeps_its_level(tmp_path: Path) -> None:
    silent = file_of(("keys", [Message("control_change", control=7, value=0), *stroke(0, 60, 0)]))
    files = write_stems(silent, tmp_path, plain, target_lufs=-10.0)
    assert files.loudness.integrated_lufs is None
    assert np.abs(soundfile.read(files.paths[-1])[0]).max() == 0.0


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    file = file_of(("drums", stroke(0)))
    for folder in ("a", "b"):
        write_stems(file, tmp_path / folder, plain)
    assert (tmp_path / "a" / "mix.wav").read_bytes() == (tmp_path / "b" / "mix.wav").read_bytes()


def test_rendering_the_same_events_at_another_rate_lasts_as_long() -> None:
    file = file_of(("drums", stroke(480)))
    for rate in (22050, 48000):
        score = read_score(file, rate)
        rendered = render(score.parts["drums"], rate, rate, plain)
        assert np.flatnonzero(np.abs(rendered).max(axis=0))[0] - rate // 2 in (0, 1)

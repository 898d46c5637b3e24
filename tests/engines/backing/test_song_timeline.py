"""Songs of known beats and chords as what the band plays to: in time with the recording to a few milliseconds."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from math import sin
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from mido import MidiFile, tick2second

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from engines.accompaniment.arranger import PartTrack
from engines.accompaniment.offline.midi import format_band_file
from engines.accompaniment.offline.midifile import read_midi
from engines.accompaniment.offline.timed_sheet import TimedSheet, list_bar_starts
from engines.accompaniment.score import NO_CHORD, ScoreNote
from engines.accompaniment.sheet import Sheet, SheetSection, read_sheet
from engines.accompaniment.style import load_style
from engines.accompaniment.style_lookup import find_style
from engines.backing.song_timeline import (
    SongTimeline,
    analyse_song,
    build_timeline,
    find_chord_between,
    fit_tempi,
)
from engines.mir.offline.analysis_remarks import NO_BEAT
from engines.mir.offline.song_map import ChordSpan, SongBeat
from tests.engines.backing.songs import (
    beat_activation,
    detected_beats,
    detected_map,
    ignore_progress,
    measure_strength,
    wave,
)
from tests.engines.mir.signals import RATE, band, clicks, tones


def second_of(beat: float) -> float:
    """Between 108 and 116 a minute."""
    return 0.43 + beat * 60 / 112 + 0.15 * sin(beat / 20)


def song(beats: int = 64, second_of: Callable[[float], float] = second_of) -> Audio:
    return band(lambda beat: second_of(beat) * RATE, beats)


def span(start: float, end: float, label: str = "C", root: int = 0, minor: bool = False) -> ChordSpan:
    notes = () if root < 0 else (root, (root + 4 - minor) % 12, (root + 7) % 12)
    return ChordSpan(start, end, label, label, root, root, notes, 0.8)


def build_from_beats(beats: Sequence[SongBeat], audio: Audio, chords: Sequence[ChordSpan]) -> SongTimeline:
    """The course of a song in which the engine and the network find the same beats."""
    activation = beat_activation([beat.time_s for beat in beats], audio.shape[1] / RATE)
    return build_timeline(detected_map(beats, audio, chords), activation, measure_strength(audio), "song.wav")


def seconds_of_bars(data: bytes, starts: list[int]) -> list[float]:
    """When the ticks ``starts`` of a MIDI file come, by its tempo map."""
    file = MidiFile(file=io.BytesIO(data))
    tempi, tick = [], 0
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "set_tempo":
            tempi.append((tick, message.tempo))
    found = []
    for start in starts:
        at = 0.0
        for number, (tick, tempo) in enumerate(tempi):
            until = min(tempi[number + 1][0] if number + 1 < len(tempi) else start, start)
            at += tick2second(max(until - tick, 0), file.ticks_per_beat, tempo)
        found.append(at)
    return found


def midi_of(piece: TimedSheet) -> bytes:
    return format_band_file(
        piece.list_bars(), [], load_style(find_style("pop")), piece.tempi, None, "song", piece.lead_ticks
    )


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> SongTimeline:
    """Of a song of which only the audio is given."""
    return analyse_song(wave(tmp_path_factory.mktemp("songs") / "song.wav", song(48)), ignore_progress)


def test_the_band_is_in_time_with_a_recording_from_its_first_beat_on(timeline: SongTimeline) -> None:
    truth = np.array([second_of(beat) for beat in range(48)])
    away = np.array([np.abs(truth - beat).min() for beat in timeline.beats_s[:-1]])
    assert away.max() < 0.005
    assert away.mean() < 0.002
    assert timeline.beats_s[0] == pytest.approx(second_of(0), abs=0.005)
    bars = timeline.piece.list_bars()
    starts = list_bar_starts(bars, timeline.piece.lead_ticks)
    starts[0] += timeline.piece.late_ticks
    song_map = seconds_of_bars(midi_of(timeline.piece), starts[:-1])
    edges = np.cumsum([0, *timeline.bars])[:-1]
    assert song_map == pytest.approx([timeline.beats_s[edge] for edge in edges], abs=2e-6)


def test_its_chords_and_bars_are_the_songs(timeline: SongTimeline) -> None:
    bars = timeline.piece.list_bars()
    first = round((timeline.beats_s[0] - second_of(0)) / 0.53)
    assert first % 4 == 0
    assert {bar.beats for bar in bars} == {4}
    expected = [("C", "Am", "F", "G")[(first // 4 + number) % 4] for number in range(len(bars))]
    right = sum(bar.chords[1].label == chord for bar, chord in zip(bars, expected, strict=True))
    assert right >= 0.8 * len(bars)


def test_tempi_put_every_beat_where_it_is_for_an_hour() -> None:
    beats = np.cumsum(np.random.default_rng(1).uniform(0.4, 0.6, 7200)) + 0.1234567
    fitted = fit_tempi(beats.tolist(), 4)
    tempi = fitted.tempi
    ticks = np.array([tick for tick, _ in tempi] + [fitted.lead_ticks + 480 * (len(beats) - 1)])
    lengths = np.diff(ticks) * [tempo for _, tempo in tempi] / 480e6
    times = np.concatenate([[0.0], np.cumsum(lengths)])
    assert len(tempi) == len(beats)
    assert np.abs(times[1:] - beats).max() < 2e-6


@pytest.mark.parametrize(
    ("first_s", "lead", "late"), [(0.0, 0, 0), (0.04, 0, 36), (0.5, 0, 240), (1.6, 1920, 0), (4.5, 3840, 0)]
)
def test_the_lead_in_is_whole_bars_or_the_first_bar_begins_with_the_song(first_s: float, lead: int, late: int) -> None:
    fitted = fit_tempi([first_s + 0.5 * beat for beat in range(9)], 4)
    assert (fitted.lead_ticks, fitted.late_ticks) == (lead, late)
    assert fitted.tempi[-1] == (lead + 7 * 480, 500_000)


paces = st.lists(st.floats(0.26, 1.4), min_size=9, max_size=60)
leads = st.one_of(st.floats(0.0, 0.05), st.floats(0.05, 1.5), st.floats(1.5, 1000.0))


@settings(max_examples=100, deadline=None)
@given(leads, paces, st.sampled_from([3, 4, 5, 7]))
def test_in_the_written_file_every_beat_is_on_its_time_in_bars_that_daws_take(
    lead_s: float, gaps_s: list[float], bar_beats: int
) -> None:
    beats = np.cumsum([lead_s, *gaps_s]).tolist()
    fitted = fit_tempi(beats, bar_beats)
    lead, late, tempi = fitted.lead_ticks, fitted.late_ticks, fitted.tempi
    bars = [bar_beats] * (len(gaps_s) // bar_beats)
    sheet = Sheet((SheetSection("", 1, tuple((NO_CHORD,) * count for count in bars)),), bar_beats)
    piece = TimedSheet(sheet, tempi, lead, late_ticks=late)
    hits = PartTrack("drums", tuple(tuple(ScoreNote(480 * n, 60, 36, 90) for n in range(count)) for count in bars))
    data = format_band_file(piece.list_bars(), [hits], load_style(find_style("pop")), tempi, None, "song", lead, late)
    file = MidiFile(file=io.BytesIO(data))
    metres = [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]
    assert set(metres) == {(bar_beats, 4)}  # no first bar of a sixteenth, none of another length than the song's
    assert all(200_000 <= m.tempo <= 3_000_000 for m in file.tracks[0] if m.type == "set_tempo")
    ticks = accumulate(message.time for message in file.tracks[1])
    struck = [tick for tick, m in zip(ticks, file.tracks[1], strict=True) if m.type == "note_on"]
    assert seconds_of_bars(data, struck) == pytest.approx(beats[: len(struck)], abs=2e-4)


@pytest.mark.parametrize("first_s", [0.0, 0.003, 0.03, 0.12, 20.0, 150.0, 170.0, 4000.0])
def test_a_song_that_begins_late_is_read_back_with_the_same_beats(first_s: float) -> None:
    beats = [first_s + 0.5 * beat for beat in range(17)]
    fitted = fit_tempi(beats, 4)
    lead = fitted.lead_ticks
    piece = TimedSheet(read_sheet("| C | Am | F | G |"), fitted.tempi, lead, late_ticks=fitted.late_ticks)
    again = read_midi(midi_of(piece), "band.mid")
    before = len(again.list_bars()) - 4
    starts = list_bar_starts(again.list_bars(), again.lead_ticks)[before:]
    assert [bar.chords[0].label for bar in again.list_bars()[before:]] == ["C", "Am", "F", "G"]
    placed = seconds_of_bars(midi_of(again), starts[:-1])
    assert placed[1:] == pytest.approx(beats[4:16:4], abs=2e-4)
    assert placed[0] == pytest.approx(beats[0], abs=2e-4 if lead else first_s + 1e-6)


def test_a_beats_chord_is_the_one_that_lasts_longest() -> None:
    spans = [span(0.0, 1.15), span(1.15, 1.4, "Am", 9, True), span(1.4, 9.0, "G", 7)]
    assert find_chord_between(spans, 1.0, 1.5).label == "Am"
    assert find_chord_between(spans, 1.0, 2.0).label == "G"
    assert find_chord_between(spans, 9.5, 10.0).label == "N"


def test_pickup_beats_are_a_whole_bar_and_so_is_the_last_bar() -> None:
    audio = song(31)
    beats = detected_beats([second_of(beat) for beat in range(31)], first=2)
    timeline = build_from_beats(beats, audio, [span(0, 30)])
    assert timeline.beats_s[0] == pytest.approx(second_of(2), abs=0.006)
    assert timeline.bars == (4,) * 8
    assert timeline.piece.lead_ticks == 4 * 480
    bars = timeline.piece.list_bars()
    assert [chord.label for chord in bars[-1].chords] == ["C", "N", "N", "N"]  # the song stops on its first beat


def test_a_bar_in_which_the_song_is_silent_is_a_rest() -> None:
    audio = song(48)
    first, last = (round(second_of(beat) * RATE) for beat in (15.95, 24))
    audio[:, first:last] = 0
    beats = detected_beats([second_of(beat) for beat in range(48)])
    timeline = build_from_beats(beats, audio, [span(0, 30)])
    assert timeline.piece.rests == {4, 5}


def test_louder_bars_are_played_harder() -> None:
    audio = song(64)
    audio[:, : round(second_of(31.9) * RATE)] *= 0.2
    beats = detected_beats([second_of(beat) for beat in range(64)])
    timeline = build_from_beats(beats, audio, [span(0, 40)])
    bars = timeline.piece.list_bars()
    assert [bar.section for bar in bars] == ["intro"] * 8 + ["chorus"] * 8
    assert bars[0].intensity < 0.5 < bars[8].intensity
    assert bars[8].opens
    assert bars[7].fill


def test_what_cannot_be_played_to_is_said(tmp_path: Path) -> None:
    quiet = wave(tmp_path / "quiet.wav", np.zeros((2, 5 * RATE), np.float32))
    short = wave(tmp_path / "short.wav", song(3))
    chords = wave(tmp_path / "chord.wav", tones([(48, 60, 64, 67)], 8.0))
    drums = wave(tmp_path / "drums.wav", clicks([0.5 * beat for beat in range(1, 30)], 15.0))
    for path, said in (
        (quiet, "is silent"), (short, "no beat was detected in its"), (chords, "no beat was detected in its 8.0 s"),
        (drums, "no chord was detected"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=said) as error:
            analyse_song(path, ignore_progress)
        assert path.name in error.value.message
        assert error.value.hint
    assert len(analyse_song(drums, ignore_progress, harmony=False).bars) > 4
    (tmp_path / "broken.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(ConfigError, match="cannot be read as audio"):
        analyse_song(tmp_path / "broken.wav", ignore_progress)


def test_in_a_silence_longer_than_the_music_the_band_rests() -> None:
    side = song(32)
    gap_s = 60.0
    audio = np.concatenate([side, np.zeros((2, round(gap_s * RATE)), np.float32), side], axis=1)
    begins_s = gap_s + side.shape[1] / RATE
    times = [second_of(beat) for beat in range(32)]
    timeline = build_from_beats(detected_beats([*times, *(begins_s + at for at in times)]), audio, [span(0, 120)])
    starts = np.asarray(timeline.beats_s)[np.cumsum([0, *timeline.bars])[:-1]]
    silent_bars = {bar for bar, at in enumerate(starts) if side.shape[1] / RATE + 1 < at < begins_s - 3}
    sounding = {bar for bar, at in enumerate(starts) if at < times[-5] or at > begins_s}
    assert len(silent_bars) > 20
    assert silent_bars <= timeline.piece.rests
    assert not sounding & timeline.piece.rests
    bars = timeline.piece.list_bars()
    assert all(0.5 < bars[bar].intensity < 0.6 for bar in sounding)


def test_what_is_odd_about_a_recording_is_handed_on_to_who_plays_to_it(tmp_path: Path) -> None:
    inverted = song(32) * np.array([[1.0], [-1.0]], np.float32)
    timeline = analyse_song(wave(tmp_path / "inverted.wav", inverted), ignore_progress)
    assert timeline.piece.remarks == ("left and right cancel each other for 0:17: one was inverted to analyse them",)
    truth = np.array([second_of(beat) for beat in range(32)])
    assert np.array([np.abs(truth - beat).min() for beat in timeline.beats_s[:-1]]).max() < 0.01


def test_where_the_tempo_changes_is_said_to_who_plays_to_it_unless_no_beat_is_steady() -> None:
    times = [beat / 2 for beat in range(48)]
    times += [24 + beat * 60 / 80 for beat in range(48)]
    audio = song(96, lambda beat: float(np.interp(beat, range(96), times)))
    beats = detected_beats(times)
    timeline = build_from_beats(beats, audio, [span(0, 70)])
    assert timeline.piece.remarks == ("the tempo changes at 0:24, from 120 to 80",)
    free = replace(detected_map(beats, audio, [span(0, 70)]), remarks=(NO_BEAT,))
    activation = beat_activation(times, audio.shape[1] / RATE)
    assert build_timeline(free, activation, measure_strength(audio), "song.wav").piece.remarks == (NO_BEAT,)
    steady = build_from_beats(detected_beats(times[:48]), song(48, lambda beat: beat / 2), [span(0, 24)])
    assert steady.piece.remarks == ()

"""The offline graph: the same samples and events from the same input, whatever the block size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.events import Beat, Chord, Midi, TimedEvent
from bridge.errors import ConfigError
from bridge.runtime.graph import Graph
from tests.runtime.offline_graph import Cue, OfflineResult, process_offline

RATE = 44100
ENGINES = {
    "separation": "separation.dsp", "mir": "mir.chroma", "accompaniment": "accompaniment.basic", "synth": "synth.plain",
}  # fmt: skip
BLOCKS = (1, 64, 65, 441, 8192)
BPM = 140.0


def music(seconds: float) -> Audio:
    """C and F major with a drum on each beat, shape (2, frames)."""
    time = np.arange(int(seconds * RATE)) / RATE
    beat = 60.0 / BPM
    chords = [(130.8, 164.8, 196.0, 261.6), (174.6, 220.0, 261.6, 349.2)]
    tones = [sum(0.08 * np.sin(2 * np.pi * hz * time) for hz in chord) for chord in chords]
    wave = np.where((time // (2 * beat)) % 2 == 0, *tones)
    drum = np.random.default_rng(3).normal(0, 0.2, time.size) * np.exp(-(time % beat) / 0.02)
    return np.stack([wave + drum, 0.7 * wave - drum]).astype(np.float32)


def host(seconds: float) -> list[TimedEvent]:
    """A DAW: start, clocks, notes, then a stop, a new position and continue."""
    tick = 60.0 * RATE / (BPM * 24)
    clocks = [TimedEvent(round(i * tick), Midi(b"\xf8")) for i in range(int(seconds * RATE / tick))]
    notes = [
        TimedEvent(3001 + 7000 * i + (3000 if up else 0), Midi(bytes((0x80 if up else 0x90, 60 + i, 90))))
        for i in range(5)
        for up in (False, True)
    ]
    stop = round(0.8 * seconds * RATE)
    jump = [(stop, b"\xfc"), (stop + 1777, b"\xf2\x10\x00"), (stop + 1777, b"\xfb")]
    breaks = [TimedEvent(frame, Midi(data)) for frame, data in [(0, b"\xfa"), *jump]]
    return [breaks[0], *sorted([*clocks, *notes, *breaks[1:]], key=lambda event: event.frame)]


def faders(**levels: float) -> dict[str, float]:
    return dict.fromkeys(STEMS, 1.0) | levels


CUES = (
    Cue(9_999, lambda graph: graph.set_gains(faders(drums=0.0), faders(drums=0.0, other=0.5))),
    Cue(10_010, lambda graph: graph.set_gains(faders(), faders(vocals=0.0))),
    Cue(30_000, lambda graph: graph.set_value("separation.bass_hz", 300.0)),
    Cue(31_234, lambda graph: graph.set_value("synth.gain_db", -20.0)),
    Cue(33_333, lambda graph: graph.release_notes()),
)


@cache
def taken(block: int, with_cues: bool = False) -> OfflineResult:
    seconds = 1.6
    return process_offline(music(seconds), RATE, ENGINES, host(seconds), block, CUES if with_cues else ())


def assert_same(one: OfflineResult, other: OfflineResult) -> None:
    assert np.array_equal(one.stems, other.stems)
    assert np.array_equal(one.mix, other.mix)
    assert np.array_equal(one.band, other.band)
    assert one.midi == other.midi
    assert one.analysis == other.analysis


@pytest.mark.parametrize("block", BLOCKS)
def test_any_block_size_gives_the_same_samples_and_events(block: int) -> None:
    assert_same(taken(block), taken(441))


@pytest.mark.parametrize("block", BLOCKS)
def test_faders_moved_on_the_way_change_nothing_about_that(block: int) -> None:
    assert_same(taken(block, with_cues=True), taken(441, with_cues=True))


def test_the_material_is_worth_comparing() -> None:
    take = taken(441)
    assert all(np.abs(stem).max() > 0.01 for stem in take.stems)
    assert np.abs(take.band).max() > 0.01
    assert not np.array_equal(take.band, taken(441, with_cues=True).band)
    assert all(events for port, events in take.midi.items() if port != "clock")
    assert not take.midi["clock"]  # nobody asked to follow
    assert {Beat, Chord} <= {type(event.payload) for event in take.analysis}
    assert not np.array_equal(take.mix, taken(441, with_cues=True).mix)


def test_a_second_run_gives_the_same() -> None:
    assert_same(taken(441), process_offline(music(1.6), RATE, ENGINES, host(1.6), 441))


def test_stems_sum_to_the_input_at_its_place() -> None:
    audio, take = music(1.6), taken(441)
    assert take.stems.shape == (len(STEMS), CHANNELS, audio.shape[1])
    assert np.abs(take.stems.sum(axis=0, dtype=np.float64) - audio).max() < 1e-6
    assert np.abs(take.mix.astype(np.float64) - audio).max() < 1e-6


def test_a_cue_is_audible_from_its_frame_on() -> None:
    audio = np.ones((CHANNELS, 4000), np.float32)
    silent = faders(other=0.0)
    take = process_offline(audio, RATE, {}, cues=[Cue(1000, lambda graph: graph.set_gains(silent, silent))])
    assert np.all(take.stems[-1, :, :1000] == 1.0)
    assert take.stems[-1, 0, 1000] < 1.0
    assert not take.stems[-1, :, 1000 + 220 :].any()


def test_a_cue_is_audible_at_its_frame_behind_a_delay_too() -> None:
    silent = faders(**dict.fromkeys(STEMS, 0.0))
    engines = {"separation": "separation.dsp"}
    cue = Cue(5000, lambda graph: graph.set_gains(silent, silent))
    plain, cut = (process_offline(music(0.3), RATE, engines, cues=cues) for cues in ((), (cue,)))
    assert np.array_equal(plain.stems[:, :, :5000], cut.stems[:, :, :5000])
    assert not cut.stems[:, :, 5220:].any()


def test_the_band_begins_to_sound_at_the_frame_of_its_first_note() -> None:
    take = taken(441)
    struck = [
        e.frame for e in take.midi["accompaniment"] if isinstance(e.payload, Midi) and e.payload.data[0] >> 4 == 9
    ]
    first = int(np.flatnonzero(np.abs(take.band).max(axis=0))[0])
    assert 0 <= first - struck[0] <= 2  # a tone begins at its zero crossing


def test_the_end_of_the_input_leaves_the_band_where_it_is() -> None:
    engines = ENGINES | {"separation": ""}
    whole, cut = (
        process_offline(music(1.6)[:, :frames], RATE, engines, host(1.6)) for frames in (int(1.6 * RATE), 60_000)
    )
    assert np.array_equal(cut.band, whole.band[:, :60_000])


def test_without_a_synth_the_band_is_silent() -> None:
    assert not process_offline(music(0.3), RATE, ENGINES | {"synth": ""}, host(0.3)).band.any()


def test_silence_gives_silence() -> None:
    take = process_offline(np.zeros((CHANNELS, RATE), np.float32), RATE, ENGINES)
    assert not take.stems.any()
    assert not take.mix.any()
    assert not take.band.any()
    assert not any(take.midi.values())


def test_an_empty_input_gives_an_empty_take() -> None:
    take = process_offline(np.zeros((CHANNELS, 0), np.float32), RATE, ENGINES)
    assert take.stems.shape == (len(STEMS), CHANNELS, 0)
    assert take.analysis == []


def test_what_is_not_finite_gives_silence_not_more() -> None:
    audio = music(0.3)
    clean = audio.copy()
    audio[:, 5000:5003] = (np.nan, np.inf, -np.inf)
    clean[:, 5000:5003] = 0.0
    assert_same(process_offline(audio, RATE, ENGINES), process_offline(clean, RATE, ENGINES))


def test_without_engines_the_input_passes_in_other() -> None:
    audio = music(0.2)
    take = process_offline(audio, RATE, {})
    assert np.array_equal(take.stems[-1], audio)
    assert not take.stems[:-1].any()


def sounding_at_the_end(events: Sequence[TimedEvent]) -> set[tuple[int, int]]:
    notes: set[tuple[int, int]] = set()
    for event in events:
        assert isinstance(event.payload, Midi)
        status, note, velocity = event.payload.data
        if status & 0xF0 == 0x90 and velocity:
            notes.add((status & 0x0F, note))
        else:
            notes.discard((status & 0x0F, note))
    return notes


@pytest.mark.parametrize("seconds", [1.1, 1.35, 1.6])
def test_every_note_ends_within_the_take_wherever_the_input_ends(seconds: float) -> None:
    audio = music(1.6)[:, : int(seconds * RATE)]
    take = process_offline(audio, RATE, ENGINES, host(2.0))
    for events in take.midi.values():
        assert not sounding_at_the_end(events)
        assert [event.frame for event in events] == sorted(event.frame for event in events)
        assert all(event.frame <= audio.shape[1] for event in events)
    assert all(event.frame < audio.shape[1] for event in take.analysis)


def test_more_messages_than_a_callback_takes_all_arrive() -> None:
    crowd = [TimedEvent(i // 3, Midi(bytes((0xB0, 7, i % 128)))) for i in range(5000)]

    def ping(graph: Graph) -> None:
        graph.set_ping("accompaniment", True)

    audio = np.zeros((CHANNELS, 12_000), np.float32)
    take = process_offline(audio, RATE, {"accompaniment": "accompaniment.basic"}, crowd, 8192, [Cue(0, ping)])
    assert [event.payload for event in take.midi["accompaniment"]] == [event.payload for event in crowd]


@pytest.mark.parametrize("block", [0, -1, 8193])
def test_an_impossible_block_is_refused(block: int) -> None:
    with pytest.raises(ConfigError, match=f"a block of {block} frames"):
        process_offline(music(0.1), RATE, {}, block=block)


@pytest.mark.parametrize("shape", [(1, 100), (3, 100), (100,), (100, 2)])
def test_audio_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="audio of shape"):
        process_offline(np.zeros(shape, np.float32), RATE, {})


def test_a_message_before_the_beginning_is_refused() -> None:
    with pytest.raises(ConfigError, match="before frame 0"):
        process_offline(music(0.1), RATE, {}, [TimedEvent(-1, Midi(b"\xf8"))])


def test_more_messages_at_one_frame_than_a_callback_takes_are_refused() -> None:
    with pytest.raises(ConfigError, match="MIDI messages"):
        process_offline(music(0.1), RATE, {}, [TimedEvent(5, Midi(b"\xf8"))] * 1025)

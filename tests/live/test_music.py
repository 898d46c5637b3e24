"""Beats, chords, accompaniment and hanging notes, sample by sample while freewheeling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import pytest

from bridge.app import Sidecar
from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import Midi, TimedEvent
from bridge.core.latency import MIDI_PORTS
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.fake_daw import FakeDaw
from bridge.settings import EngineSettings
from tests.engines.driving import parse_chord
from tests.live.rig import chord_changes, hanging, make_fake_daw, midi_clock, note_ons, recorded, sidecar_on
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.live

RATE, TEMPO = 48000, 123.45  # a tempo whose beats fall between frames
BEAT = 60 * RATE / TEMPO
START = RATE // 2
CADENCE = ("C", "F", "G", "Am")
BAR = 4
LENGTH = START + round(BEAT * BAR * (len(CADENCE) + 1))
BEATS_CHANNEL, CHORDS_CHANNEL, BASS_CHANNEL, DRUMS_CHANNEL = 9, 0, 0, 9
HANDS_CHANNELS = (1, 2, 3)  # keys, pad, guitar
STOP, CONTINUE = b"\xfc", b"\xfb"
BREAK = START + round(BEAT * 9.25)
"""In the middle of a beat, while bass, hands and chord sound."""
NO_STEMS = EngineSettings(separation="")
"""The analysers use the mix: stems would take most of the processor and change nothing here."""


@pytest.fixture(scope="module")
def sidecar(module_server: DummyServer) -> Iterator[Sidecar]:
    with sidecar_on(module_server, NO_STEMS) as running:
        for name in ("humanise", "swing"):  # on the grid
            running.bus.set(f"accompaniment.band.{name}", 0.0, "test")
        yield running


@pytest.fixture(scope="module")
def cadence() -> Audio:
    """A bar of each chord from the song's start on, and silence around, shape (2, LENGTH)."""
    sent = np.zeros((CHANNELS, LENGTH), np.float32)
    sung = chord_changes(RATE, len(CADENCE) * BAR * BEAT / RATE, CADENCE, BAR * BEAT / RATE)
    sent[:, START : START + sung.shape[1]] = sung
    return sent


def clock(*extra: tuple[int, bytes]) -> list[TimedEvent]:
    """MIDI clock over the whole recording, and ``extra`` messages at their frames."""
    return midi_clock(RATE, TEMPO, (LENGTH - START) / RATE, START) + [TimedEvent(f, Midi(data)) for f, data in extra]


def play(sidecar: Sidecar, sent: Audio, midi: list[TimedEvent], frames: int = LENGTH) -> FakeDaw:
    with make_fake_daw(sidecar, sent[:, :frames], frames, [event for event in midi if event.frame < frames]) as daw:
        daw.run_freewheeling(HANG_S)
    return daw


@pytest.fixture(scope="module")
def take(sidecar: Sidecar, cadence: Audio) -> FakeDaw:
    """What came back of the cadence, played once from its start to its end."""
    return play(sidecar, cadence, clock())


def beat_of(frame: float) -> float:
    """The beat at which a recording frame falls; the first clock comes a frame after the start."""
    return (frame - START - 1) / BEAT


def sent_notes(sidecar: Sidecar, daw: FakeDaw, port: str) -> list[tuple[int, int, int]]:
    """Note-ons of a port with its declared delay taken off: (frame, channel, note)."""
    delay = sidecar.signal_path.graph.ledger[port].declared
    return [(frame - delay, channel, note) for frame, channel, note in note_ons(daw.read_midi(port))]


def pitch_classes(notes: Sequence[tuple[int, int, int]], first: float, last: float, channel: int) -> set[int]:
    """What is struck from beat ``first`` up to ``last``."""
    return {note % 12 for frame, c, note in notes if c == channel and first <= beat_of(frame) < last}


def test_each_beat_is_struck_at_its_frame_and_the_declared_delay(sidecar: Sidecar, take: FakeDaw) -> None:
    delay = sidecar.signal_path.graph.ledger["beats"].declared
    struck = sent_notes(sidecar, take, "beats")
    expected = [START + 1 + round(i * BEAT) for i in range(len(struck))]
    assert len(struck) >= int((LENGTH - START - delay) / BEAT)
    assert max(abs(note[0] - frame) for note, frame in zip(struck, expected, strict=True)) <= 1
    assert {channel for _, channel, _ in struck} == {BEATS_CHANNEL}
    down, up = 76, 77  # high and low wood block
    assert [note for _, _, note in struck] == [up if i % BAR else down for i in range(len(struck))]


def test_the_cadence_comes_back_as_chords_and_the_band_plays_them(sidecar: Sidecar, take: FakeDaw) -> None:
    chords, played = (sent_notes(sidecar, take, port) for port in ("chords", "accompaniment"))
    for bar, label in enumerate(CADENCE):
        chord = parse_chord(label)
        first = bar * BAR
        assert pitch_classes(chords, first - 0.5, first + BAR - 0.5, CHORDS_CHANNEL) == set(chord.pitch_classes), label
        # decided a beat ahead, from the chords reported until then: on the bar's last beat it is the detected chord
        last = (first + BAR - 1.1, first + BAR - 0.9)
        for part in (BASS_CHANNEL, *HANDS_CHANNELS):
            assert pitch_classes(played, *last, part) <= set(chord.pitch_classes), label
    assert {channel for _, channel, _ in played} >= {BASS_CHANNEL, DRUMS_CHANNEL}


def test_the_band_strikes_on_sixteenths(sidecar: Sidecar, take: FakeDaw) -> None:
    # before the start the song of the take before may still roll, whose clock has only just gone
    struck = [frame for frame, _, _ in sent_notes(sidecar, take, "accompaniment") if beat_of(frame) > -0.1]
    assert len(struck) > BAR * len(CADENCE)
    off = [frame - (START + 1 + round(round(4 * beat_of(frame)) / 4 * BEAT)) for frame in struck]
    assert max(map(abs, off)) <= 1


@pytest.mark.parametrize(
    "what",
    [((0, STOP),), ((0, b"\xf2\x10\x00"), (10, CONTINUE)), ((0, b"\xf2\x00\x00"),), ((0, b"\xfa"),)],
    ids=["stop", "relocate", "position", "start again"],
)
def test_a_break_releases_all_that_sounds(
    sidecar: Sidecar, cadence: Audio, what: tuple[tuple[int, bytes], ...]
) -> None:
    period = sidecar.signal_path.graph.ledger.period
    border = BREAK + 2 * period  # the message's own callback and the next; further notes may come after it
    daw = play(sidecar, cadence, clock(*((BREAK + offset, data) for offset, data in what)), border + period)
    for port in MIDI_PORTS:
        until_then = [event for event in daw.read_midi(port) if event.frame < border]
        assert hanging(until_then) == set(), port
    before = [event for event in daw.read_midi("accompaniment") if event.frame < BREAK - period]
    assert hanging(before), "nothing sounded, so nothing was shown"


def test_after_a_stop_nothing_is_struck(sidecar: Sidecar, cadence: Audio) -> None:
    ticks = [event for event in clock() if event.frame < BREAK]
    border = BREAK + 2 * sidecar.signal_path.graph.ledger.period
    daw = play(sidecar, cadence, [*ticks, TimedEvent(BREAK, Midi(STOP))], border + round(BAR * BEAT))
    assert [note for note in note_ons(daw.read_midi("accompaniment")) if note[0] >= border] == []


def test_panic_releases_all_that_sounds(sidecar: Sidecar, cadence: Audio) -> None:
    with make_fake_daw(sidecar, cadence, LENGTH, clock()) as daw:
        daw.start(margin_frames=RATE // 4)
        until("a sounding chord", lambda: bool(hanging(daw.read_midi("chords"))))
        sidecar.bus.trigger("transport.panic")
        until("its release", lambda: not hanging(daw.read_midi("chords")))


def test_no_note_outlives_the_session(module_server: DummyServer) -> None:
    with ExitStack() as session:
        sidecar = session.enter_context(sidecar_on(module_server, NO_STEMS, "passing"))
        sent = np.tile(chord_changes(RATE, 2.0, ("C", "Am"), 1.0), 10)
        with make_fake_daw(sidecar, sent, sent.shape[1], midi_clock(RATE, TEMPO, 19.0)) as daw:
            daw.start(margin_frames=RATE // 4)
            until("sounding notes", lambda: all(hanging(daw.read_midi(p)) for p in ("chords", "accompaniment")))
            session.close()
            end = recorded(daw)
            sounding = {port: hanging(daw.read_midi(port)) for port in MIDI_PORTS}
            assert not any(sounding.values()), sounding
            until("more frames", lambda: recorded(daw) > end + RATE // 4)
            assert not any(hanging(daw.read_midi(port)) for port in MIDI_PORTS)

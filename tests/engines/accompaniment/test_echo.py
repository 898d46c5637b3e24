"""Notes of the band that come back."""

from __future__ import annotations

from bridge.core.events import Midi, TimedEvent
from engines.accompaniment.echo import Echo


def note(frame: int, pitch: int, velocity: int = 80, channel: int = 0) -> TimedEvent:
    return TimedEvent(frame, Midi(bytes(((0x90 if velocity else 0x80) | channel, pitch, velocity))))


def echo(*played: TimedEvent) -> Echo:
    made = Echo()
    made.frames = 10_000
    made.sent(played)
    return made


def test_what_comes_back_is_left_out_with_its_end_on_whatever_channel() -> None:
    band = echo(note(1000, 60), note(5000, 60, 0))
    assert band.without([note(1512, 60, channel=3), note(5512, 60, 0, channel=3)]) == []


def test_a_key_struck_with_another_force_or_before_the_band_or_long_after_is_the_users() -> None:
    band = echo(note(1000, 60))
    for own in (note(1512, 60, 79), note(900, 60), note(11_001, 60), note(1512, 61)):
        assert band.without([own]) == [own]


def test_the_end_of_the_users_own_note_of_that_pitch_comes_through() -> None:
    band = echo(note(1000, 60))
    own = [note(900, 60, 33), note(1600, 60, 0)]
    assert band.without([own[0], note(1512, 60, channel=1), own[1], note(2000, 60, 0, channel=1)]) == own


def test_what_is_no_note_comes_through() -> None:
    pedal = TimedEvent(5, Midi(b"\xb0\x40\x7f"))
    assert echo(note(1000, 60)).without([pedal]) == [pedal]


def test_it_goes_on_from_its_state() -> None:
    band, other = echo(note(1000, 60)), Echo()
    band.without([note(1512, 60)])
    other.frames = band.frames
    other.restore(band.state())
    assert other.without([note(2000, 60, 0), note(1600, 60)]) == []
    band.forget()
    assert band.without([note(1600, 60)]) == [note(1600, 60)]

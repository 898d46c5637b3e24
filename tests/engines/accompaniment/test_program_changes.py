"""Program changes: the messages about a style's sounds that the synth receives, and their time."""

from __future__ import annotations

from bridge.core.engine import block_for
from bridge.core.events import Chord, Midi, TimedEvent
from bridge.core.time import BlockTime
from engines.accompaniment.band import Band
from engines.accompaniment.performance_controls import STYLE
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.program_changes import ProgramChanges
from engines.accompaniment.style import load_style
from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
from engines.accompaniment.timeline import HOP

RATE, TEMPO, LEAD = 44100, 120.0, 640
BEAT = 22050


def messages(name: str) -> set[bytes]:
    """What a style's sounds are, as messages."""
    parts = load_style(find_style(name)).parts
    programs = {bytes((0xC0 | CHANNELS[part], style.program)) for part, style in parts.items()}
    mix = {(part, 7, style.volume) for part, style in parts.items()} | {
        (part, 10, style.pan) for part, style in parts.items()
    }
    return programs | {bytes((0xB0 | CHANNELS[part], controller, value)) for part, controller, value in mix}


def play(styles: list[str]) -> tuple[list[TimedEvent], list[TimedEvent]]:
    """Two bars in each of ``styles``: what is said of sounds, and the notes."""
    band = Band()
    band.prepare(RATE, HOP, LEAD)
    block, out = block_for(band.spec.inputs, HOP, band.spec.controls), block_for(band.spec.outputs, HOP)
    values = dict(block.values)
    said: tuple[list[TimedEvent], list[TimedEvent]] = ([], [])
    for first in range(0, len(styles) * 8 * BEAT, HOP):
        values[STYLE.name] = float(SHIPPED_STYLES.index(styles[first // (8 * BEAT)]))
        block.values = values
        block.events["chords"] = [TimedEvent(0, Chord(0, 0, 0, 0.9))] if first == 0 else []
        band.process(block, BlockTime(first, RATE, first / BEAT, TEMPO, True, 4, True), out)
        for port, events in zip(("sound", "midi"), said, strict=True):
            events += out.events[port]
            out.events[port].clear()
        out.events["foreseen"].clear()
    return said


def data(events: list[TimedEvent]) -> set[bytes]:
    return {event.payload.data for event in events if isinstance(event.payload, Midi)}


def test_a_style_s_sounds_are_said_once_before_its_first_note() -> None:
    sounds, notes = play(["rock", "rock"])
    assert data(sounds) == messages("rock")
    assert len(sounds) == len(messages("rock"))
    assert max(event.frame for event in sounds) <= notes[0].frame


def test_another_style_s_sounds_are_said_with_its_first_beat() -> None:
    sounds, _ = play(["rock", "jazz"])
    changed = [event for event in sounds if event.frame > sounds[0].frame]
    assert data(changed) == messages("jazz")
    beat = changed[0].frame / BEAT
    assert 8 <= beat <= 11 and 0.85 < beat % 1 < 0.95  # decided a beat ahead, set just before it


def test_no_sound_goes_out_as_midi() -> None:
    _, notes = play(["rock"])
    assert {message[0] & 0xF0 for message in data(notes)} == {0x80, 0x90}


def test_what_is_said_never_goes_back_in_time() -> None:
    sounds, style = ProgramChanges(), load_style(find_style("pop"))
    first = sounds.select_style(1, style, 1000)
    again = sounds.select_style(2, style, 900)
    assert [event.frame for event in first + again] == [1000] * len(first + again)
    assert sounds.select_style(2, style, 2000) == []
    sounds.reset()
    assert sounds.select_style(2, style, 0)[0].frame == 0

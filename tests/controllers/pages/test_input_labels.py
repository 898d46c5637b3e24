"""Labels of inputs: the few words for what each does, and what is printed at each key of an entry."""

from __future__ import annotations

import pytest

from bridge.controllers.pages.input_labels import describe_target, name_key
from tests.mappings.shipped import registry
from tests.mappings.texts import mapping_of

BUTTON = 'button = "momentary"'
FADER = 'encoder = "absolute"'


@pytest.mark.parametrize(
    ("entry", "title", "detail", "group"),
    [
        (f'{FADER}\nset = "stems.vocals.gain_db"', "vocals", "gain", "stem"),
        (f'{FADER}\nset = "synth.gain_db"', "band", "gain", "band"),
        (f'{FADER}\nset = "accompaniment.band.style_strength"', "style strength", "", "band"),
        (f'{FADER}\nset = "mir.tempo_prior_bpm"', "tempo prior", "", "setup"),
        (f'{FADER}\nset = "accompaniment.band.keys.follows"', "keys", "follows", "part"),
        ('button = "latched"\nset = "stems.bass.mute"', "bass", "mute", "stem"),
        ('button = "latched"\nset = "accompaniment.band.bass.mute"', "bass", "part mute", "part"),
        ('button = "latched"\nset = "accompaniment.band.bass.stays"', "bass", "in drop-out", "part"),
        ('button = "latched"\nset = "accompaniment.band.count_in"', "count in", "", "setup"),
        (f'{BUTTON}\nset = "accompaniment.band.fill"', "fill", "hold", "fill"),
        (f'{BUTTON}\nset = "accompaniment.band.dropout"', "drop-out", "hold", "fill"),
        (f'{BUTTON}\nset = "accompaniment.band.style"\nvalue = "lo-fi"', "lo-fi", "style", "style"),
        (f'{BUTTON}\nset = "accompaniment.band.section"\nvalue = "verse"', "verse", "section", "section"),
        (f'{BUTTON}\nset = "mir.tempo.mode"\nvalue = "assist"', "assist", "tempo mode", "setup"),
        (f'{BUTTON}\nset = "accompaniment.band.intensity"\nvalue = 0.5', "intensity", "= 0.5", "band"),
        (f'{BUTTON}\nset = "accompaniment.band.style"\nstep = -1', "style", "previous", "style"),
        (f'{BUTTON}\nset = "stems.other.gain_db"\nstep = 2', "other", "+ 2 dB", "stem"),
        (f'{BUTTON}\naction = "transport.panic"', "panic", "", "action"),
        (f'{BUTTON}\naction = "preset.load"\nargument = "karaoke"', "karaoke", "preset", "preset"),
        (f"{BUTTON}\nbank = -8", "bank", "−8", "key"),
        (f'{BUTTON}\nstrip = 2\nfunction = "mute"', "bass", "mute", "stem"),
        (f'{BUTTON}\nstrip = 5\nfunction = "solo"', "", "", "key"),  # the band has none
    ],
)
def test_an_input_is_described_in_a_few_words(entry: str, title: str, detail: str, group: str) -> None:
    device = "strips = 8\n" if "strip" in entry or "bank" in entry else ""
    mapping, _ = mapping_of(f'{device}[[input]]\nmidi = "note 1"\n{entry}\n', registry())
    label = describe_target(mapping, mapping.inputs[0].target)
    assert (label.title, label.detail, label.group) == (title, detail, group)


@pytest.mark.parametrize(
    ("doc", "count", "names"),
    [
        ("Stop", 1, ["Stop"]),
        ("Mute 5 to 7", 3, ["Mute 5", "Mute 6", "Mute 7"]),
        ("Track Focus 1 and 2", 2, ["Track Focus 1", "Track Focus 2"]),
        ("Fader buttons 1 to 2", 2, ["Fader button 1", "Fader button 2"]),
        ("Pads 1 to 2, bank A", 2, ["Pad 1, bank A", "Pad 2, bank A"]),
        ("Mix: Audio, VI", 2, ["Audio", "VI"]),
        ("Mute 1 to 4", 3, ["", "", ""]),  # another number of keys
        ("", 2, ["", ""]),
    ],
)
def test_what_is_printed_at_each_key_is_read_from_the_entry(doc: str, count: int, names: list[str]) -> None:
    assert [name_key(doc, index, count) for index in range(count)] == names

"""Sheets of devices: their messages, typed by hand from the makers' lists, and what they do in the shipped mappings.

Nothing here is read from a mapping: it is the second opinion. A message without its last byte is a fader's.
"""

from __future__ import annotations

from dataclasses import dataclass

STEMS = ("drums", "bass", "vocals", "other")
GAINS = tuple(f"stems.{stem}.gain_db" for stem in STEMS)
FILL, DROPOUT = "accompaniment.band.fill", "accompaniment.band.dropout"
INTENSITY, SWING = "accompaniment.band.intensity", "accompaniment.band.swing"
STYLE, SECTION = "accompaniment.band.style", "accompaniment.band.section"
KEYS = "accompaniment.band.keys.mute"


@dataclass(frozen=True)
class Sheet:
    """What a maker's list says.

    ``faders``: message without its value, control. ``switches``: press, release, and the control that is on then and
    off after another press. ``choices``: press, release, control, its value then. ``held``: press, release, control
    that is on between. ``actions``: press, release, action, argument. ``lights``: control, value, message.
    ``layer``: key held for the lines of ``below``.
    """

    faders: tuple[tuple[str, str], ...] = ()
    switches: tuple[tuple[str, str, str], ...] = ()
    choices: tuple[tuple[str, str, str, str], ...] = ()
    held: tuple[tuple[str, str, str], ...] = ()
    actions: tuple[tuple[str, str, str, str], ...] = ()
    lights: tuple[tuple[str, float | str, str], ...] = ()
    layer: tuple[str, str] = ("", "")
    below: tuple[tuple[str, str, str, str], ...] = ()


PANIC = "transport.panic"
LAUNCHPAD = Sheet(
    switches=(
        ("90 0B 7F", "90 0B 00", "stems.drums.mute"),  # pad 11: row 1, column 1 from below
        ("90 0E 40", "90 0E 00", "stems.other.mute"),  # any force
        ("90 15 7F", "90 15 00", "stems.drums.solo"),  # pad 21
        ("90 3F 7F", "90 3F 00", KEYS),  # pad 63
    ),
    choices=(
        ("90 51 7F", "90 51 00", STYLE, "classical"),  # pad 81
        ("90 58 7F", "90 58 00", STYLE, "techno"),  # pad 88
        ("90 49 7F", "90 49 00", SECTION, "chorus"),  # pad 73
    ),
    held=(("90 0F 7F", "90 0F 00", FILL), ("90 12 7F", "90 12 00", DROPOUT)),  # pads 15 and 18
    actions=(
        ("B0 13 7F", "B0 13 00", PANIC, ""),  # right column, 19
        ("90 42 7F", "90 42 00", "preset.load", "karaoke"),  # pad 66
    ),
    lights=(
        ("stems.drums.mute", 1, "90 0B 05"),
        ("stems.drums.mute", 0, "90 0B 17"),
        (STYLE, "techno", "90 58 35"),
        (SECTION, "chorus", "90 49 15"),
    ),
)
LAUNCHKEY_PADS = (
    ("90 70 7F", "90 70 00", "stems.drums.mute"),  # 112: lower left
    ("90 73 7F", "90 73 00", "stems.other.mute"),
    ("90 62 7F", "90 62 00", "stems.vocals.solo"),  # 98: upper row
)
LAUNCHKEY_LIGHTS = (("stems.bass.mute", 1, "90 71 05"), ("stems.bass.solo", 1, "90 61 0D"))
LAUNCHKEY_BELOW = (("90 66 7F", "90 66 00", STYLE, "rock"), ("90 72 7F", "90 72 00", SECTION, "chorus"))

SHEETS = {
    "korg_nanokontrol2": Sheet(  # in native mode everything is on channel 16
        faders=(*((f"BF {number:02X}", gain) for number, gain in enumerate(GAINS)), ("BF 04", "synth.gain_db"),
                ("BF 10", INTENSITY), ("BF 13", SWING)),
        switches=(("BF 20 7F", "BF 20 00", "stems.drums.solo"), ("BF 32 7F", "BF 32 00", "stems.vocals.mute"),
                  ("BF 42 7F", "BF 42 00", KEYS)),
        choices=(("BF 25 7F", "BF 25 00", SECTION, "verse"),),
        held=(("BF 29 7F", "BF 29 00", FILL), ("BF 2D 7F", "BF 2D 00", DROPOUT)),
        actions=(("BF 2A 7F", "BF 2A 00", PANIC, ""), ("BF 3D 7F", "BF 3D 00", "preset.load", "drumless")),
        lights=(("stems.vocals.mute", 1, "BF 32 7F"), ("stems.vocals.mute", 0, "BF 32 00"),
                ("stems.other.solo", 1, "BF 23 7F"), (SECTION, "verse", "BF 25 7F")),
    ),
    "novation_launch_control_xl": Sheet(  # factory template 1: channel 9; light = 16 green + red + 12
        faders=(*((f"B8 {77 + number:02X}", gain) for number, gain in enumerate(GAINS)), ("B8 51", "synth.gain_db"),
                ("B8 0D", INTENSITY), ("B8 10", SWING)),
        switches=(("98 29 7F", "88 29 00", "stems.drums.solo"), ("98 49 7F", "98 49 00", "stems.drums.mute"),
                  ("98 4C 7F", "88 4C 7F", "stems.other.mute")),
        choices=(("98 39 7F", "98 39 00", SECTION, "intro"), ("98 3B 7F", "98 3B 00", SECTION, "chorus")),
        held=(("98 69 7F", "98 69 00", FILL), ("98 6A 7F", "98 6A 00", DROPOUT)),
        actions=(("98 6C 7F", "98 6C 00", PANIC, ""),),
        lights=(("stems.drums.mute", 1, "98 49 0F"), ("stems.drums.mute", 0, "98 49 1C"),
                ("stems.bass.solo", 1, "98 2A 3E"), (SECTION, "chorus", "98 3B 3C")),
        layer=("98 6B 7F", "98 6B 00"),
        below=(("98 29 7F", "98 29 00", STYLE, "classical"), ("98 3C 7F", "98 3C 00", STYLE, "techno")),
    ),
    "novation_launch_control_xl_3": Sheet(
        faders=tuple((f"BF {5 + number:02X}", gain) for number, gain in enumerate(GAINS)),
        switches=(("B0 25 7F", "B0 25 00", "stems.drums.solo"), ("B0 2D 7F", "B0 2D 00", "stems.drums.mute")),
        choices=(("B0 2B 7F", "B0 2B 00", SECTION, "chorus"),),
        held=(("B0 74 7F", "B0 74 00", FILL), ("B0 76 7F", "B0 76 00", DROPOUT)),
        actions=(("B0 42 7F", "B0 42 00", PANIC, ""),),
        lights=(("stems.drums.mute", 1, "F0 00 20 29 02 15 01 53 2D 7F 00 00 F7"),
                ("stems.other.solo", 1, "F0 00 20 29 02 15 01 53 28 7F 60 00 F7")),
        layer=("B0 41 7F", "B0 41 00"),
        below=(("B0 26 7F", "B0 26 00", STYLE, "funk"),),
    ),
    "akai_apc_mini_mk2": Sheet(
        faders=(*((f"B0 {48 + number:02X}", gain) for number, gain in enumerate(GAINS)), ("B0 38", SWING)),
        switches=(("90 64 7F", "90 64 00", "stems.drums.mute"), ("90 67 7F", "80 67 00", "stems.other.mute"),
                  ("90 00 7F", "90 00 00", "stems.drums.solo"), ("90 32 7F", "90 32 00", KEYS)),
        choices=(("90 38 7F", "90 38 00", STYLE, "classical"), ("90 3F 7F", "90 3F 00", STYLE, "techno"),
                 ("90 70 7F", "90 70 00", SECTION, "intro"), ("90 74 7F", "90 74 00", SECTION, "break")),
        held=(("90 04 7F", "90 04 00", FILL), ("90 07 7F", "90 07 00", DROPOUT)),
        actions=(("90 6B 7F", "90 6B 00", PANIC, ""), ("90 35 7F", "90 35 00", "preset.load", "karaoke")),
        lights=(("stems.drums.mute", 1, "90 64 01"), ("stems.drums.mute", 0, "90 64 00"),
                ("stems.drums.solo", 1, "96 00 0D"), ("stems.drums.solo", 0, "90 00 0D"),
                (KEYS, 1, "96 32 05"), (STYLE, "techno", "96 3F 35"), (SECTION, "break", "90 74 01")),
    ),
    "akai_midi_mix": Sheet(
        faders=(("B0 13", GAINS[0]), ("B0 17", GAINS[1]), ("B0 1B", GAINS[2]), ("B0 1F", GAINS[3]),
                ("B0 31", "synth.gain_db"), ("B0 10", INTENSITY), ("B0 1C", SWING)),
        switches=(("90 01 7F", "90 01 00", "stems.drums.mute"), ("90 0A 7F", "90 0A 00", "stems.other.mute"),
                  ("90 05 7F", "90 05 00", "stems.bass.solo"), ("90 09 7F", "90 09 00", KEYS)),
        choices=(("90 11 7F", "90 11 00", SECTION, "chorus"),),
        held=(("90 0D 7F", "90 0D 00", FILL), ("90 10 7F", "90 10 00", DROPOUT)),
        actions=(("90 16 7F", "90 16 00", PANIC, ""), ("90 18 7F", "90 18 00", "preset.load", "rehearsal")),
        lights=(("stems.other.mute", 1, "90 0A 7F"), ("stems.other.mute", 0, "90 0A 00"), (KEYS, 1, "90 09 7F")),
    ),
    "novation_launchpad_x": LAUNCHPAD,
    "novation_launchpad_mini_mk3": LAUNCHPAD,
    "akai_mpk_mini_mk3": Sheet(
        faders=(*((f"B0 {70 + number:02X}", gain) for number, gain in enumerate(GAINS)), ("B0 4D", SWING)),
        switches=(("99 24 50", "89 24 00", "stems.drums.mute"), ("99 28 7F", "99 28 00", "stems.drums.solo"),
                  ("99 2E 7F", "99 2E 00", KEYS)),
        choices=(("C9 00", "", STYLE, "classical"), ("C9 07", "", STYLE, "techno"), ("C9 09", "", SECTION, "chorus")),
        held=(("99 31 7F", "99 31 00", FILL), ("99 32 7F", "99 32 00", DROPOUT)),
        actions=(("99 33 7F", "99 33 00", PANIC, ""), ("C9 0F", "", "preset.load", "rehearsal")),
    ),
    "novation_launchkey_mk3": Sheet(
        faders=(*((f"BF {21 + number:02X}", gain) for number, gain in enumerate(GAINS)), ("BF 35", GAINS[0]),
                ("BF 38", GAINS[3])),
        switches=(*LAUNCHKEY_PADS, ("BF 25 7F", "BF 25 00", "stems.drums.mute")),
        held=(("BF 73 7F", "BF 73 00", FILL), ("BF 75 7F", "BF 75 00", DROPOUT)),
        actions=(("BF 74 7F", "BF 74 00", PANIC, ""), ("90 67 7F", "90 67 00", PANIC, "")),
        lights=(*LAUNCHKEY_LIGHTS, ("stems.drums.mute", 1, "B0 25 05")),
        layer=("B0 68 7F", "B0 68 00"),
        below=LAUNCHKEY_BELOW,
    ),
    "novation_launchkey_mk4": Sheet(
        faders=(("BF 05", GAINS[0]), ("BF 08", GAINS[3])),
        switches=(*LAUNCHKEY_PADS, ("B0 25 7F", "B0 25 00", "stems.drums.mute")),
        held=(("B0 73 7F", "B0 73 00", FILL), ("B0 75 7F", "B0 75 00", DROPOUT)),
        actions=(("B0 74 7F", "B0 74 00", PANIC, ""),),
        lights=LAUNCHKEY_LIGHTS,
        layer=("B0 68 7F", "B0 68 00"),
        below=LAUNCHKEY_BELOW,
    ),
    "novation_launchkey_mini_mk4": Sheet(
        switches=LAUNCHKEY_PADS,
        held=(("B0 73 7F", "B0 73 00", FILL),),
        actions=(("90 67 7F", "90 67 00", PANIC, ""),),
        lights=LAUNCHKEY_LIGHTS,
        layer=("B0 68 7F", "B0 68 00"),
        below=LAUNCHKEY_BELOW,
    ),
    "arturia_minilab_3": Sheet(
        faders=(("B0 0E", GAINS[0]), ("B0 0F", GAINS[1]), ("B0 1E", GAINS[2]), ("B0 1F", GAINS[3]),
                ("B0 56", INTENSITY), ("B0 5A", SWING), ("B0 75", "synth.gain_db")),
        switches=(("99 24 60", "89 24 00", "stems.drums.mute"), ("99 2B 60", "89 2B 00", "stems.other.solo"),
                  ("99 2E 60", "89 2E 00", KEYS)),
        held=(("B0 6B 7F", "B0 6B 00", FILL), ("B0 6C 7F", "B0 6C 00", DROPOUT)),
        actions=(("B0 6A 7F", "B0 6A 00", PANIC, ""), ("99 31 60", "89 31 00", "preset.load", "karaoke")),
        lights=(("stems.drums.mute", 1, "F0 00 20 6B 7F 42 02 02 16 34 7F 00 00 F7"),  # bank A begins at 34h
                ("stems.other.solo", 1, "F0 00 20 6B 7F 42 02 02 16 3B 7F 60 00 F7"),
                ("accompaniment.band.drums.mute", 1, "F0 00 20 6B 7F 42 02 02 16 44 7F 00 00 F7"),
                (FILL, 1, "F0 00 20 6B 7F 42 02 02 16 59 00 7F 00 F7")),
    ),
    "presonus_faderport_2": Sheet(
        switches=(("90 10 7F", "90 10 00", "stems.drums.mute"), ("90 08 7F", "90 08 00", "stems.drums.solo")),
        choices=(("90 3B 7F", "90 3B 00", SECTION, "chorus"),),
        held=(("90 5E 7F", "90 5E 00", FILL), ("90 5F 7F", "90 5F 00", DROPOUT)),
        actions=(("90 5D 7F", "90 5D 00", PANIC, ""),),
        lights=(("stems.drums.mute", 1, "90 10 7F"), ("stems.drums.gain_db", 12, "E0 70 7F")),
        layer=("90 46 7F", "90 46 00"),
        below=(("90 05 7F", "90 05 00", STYLE, "classical"), ("90 3D 7F", "90 3D 00", STYLE, "techno")),
    ),
    "presonus_faderport_8": Sheet(
        switches=(("90 10 7F", "90 10 00", "stems.drums.mute"), ("90 0B 7F", "90 0B 00", "stems.other.solo"),
                  ("90 40 7F", "90 40 00", KEYS)),
        choices=(("90 36 7F", "90 36 00", STYLE, "classical"), ("90 3D 7F", "90 3D 00", STYLE, "techno")),
        held=(("90 5E 7F", "90 5E 00", FILL), ("90 5F 7F", "90 5F 00", DROPOUT)),
        actions=(("90 5D 7F", "90 5D 00", PANIC, ""),),
        lights=(("stems.drums.mute", 1, "90 10 7F"), ("stems.other.solo", 1, "90 0B 7F"),
                ("stems.other.gain_db", 12, "E3 70 7F"), ("stems.other.gain_db", -60, "E3 00 00"),
                (STYLE, "techno", "90 3D 7F")),
    ),
}  # fmt: skip

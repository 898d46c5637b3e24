"""Broken mapping files: each is refused with the file, the entry and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from tests.controllers.mappings.test_mapping_reader import FADER, HEAD, read

BUTTON = '[[input]]\nmidi = "note 1"\nbutton = "momentary"\n'
KNOB = '[[input]]\nmidi = "cc 16"\nencoder = "sign_bit"\n'
LIGHT = '[[feedback]]\nsource = "stems.vocals.mute"\n'


def show(source: str) -> str:
    """A feedback entry of another source."""
    return LIGHT.replace("stems.vocals.mute", source)


REFUSED = [
    # the file and its types
    ("name =", "nmae =", "nmae: unknown key", "keys here: schema, name"),
    ("schema = 1", "schema = 2", "schema: 2", "schema = 1"),
    (None, FADER + "foo = 1", "input 1: foo: unknown key", "midi, encoder, button"),
    (None, FADER + FADER.replace("absolute", "absolut"), "input 2: encoder: no such encoder", "one of absolute, twos"),
    (None, "[[input]]\nset = 'x'", "input 1: midi: missing", "add it"),
    ('"device"', '" "', "top: name: is empty", "name"),
    ('["one", "two"]', '["one", "one"]', "layers: 'one'", "its own name"),
    # the device
    ('["Device MIDI 1"]', "[]", "device: input: no port", "input.linux"),
    ('["Device MIDI 1"]', '[" "]', "device: input: a pattern is empty", "words"),
    ("unit = 20", 'init = ["F0 00"]', "device: init: 'F0 00'", "correct"),
    ("unit = 20", 'init = ["F0 00 20 80 F7"]', "device: init: 'F0 00 20 80 F7': the data byte 80", "correct"),
    ("unit = 20", 'init = ["90 00"]', "has 2 bytes", "correct"),
    ("unit = 20", 'init = ["F8"]', "begins with F8", "correct"),
    ("unit = 20", 'init = ["90 00 {v}"]', "{v} changes", "number"),
    ("unit = 20", 'exit = ["9"]', "device: exit: '9'", "correct"),
    ("unit = 20", 'init_expect = "F0 ?"', "device: init_expect: '?'", "two hex digits"),
    ("unit = 20", 'init_expect = "01 02"', "begins no message", "hex"),
    ("unit = 20", 'keepalive = { send = "", every_s = 1 }', "device: keepalive.send: is empty", "hex"),
    ("unit = 20", 'keepalive = { send = "90 00 00", every_s = 0 }', "every_s", "correct"),
    (None, "[[warning]]\nmidi = ''\ntext = 'x'", "warning 1: midi: is empty", "hex"),
    (None, "[[warning]]\nmidi = 'F0'\ntext = ''", "warning 1: text: is empty", "say"),
    # what an input is
    (None, FADER.replace("cc 7", "cc 128"), "input 1: midi: 'cc 128': cc 128 is above 127", "0 to 127"),
    (None, FADER.replace('encoder = "absolute"\n', ""), "input 1 (cc 7): does not say whether", 'encoder = "absolute"'),
    (None, FADER.replace('encoder = "absolute"\n', ""), "input 1 (cc 7): does not say whether", "endless knob"),
    (None, FADER + 'button = "momentary"', "input 1 (cc 7): is an encoder and a button", "remove one"),
    (None, FADER.replace("absolute", "sign_bit").replace("cc 7", "bend"), "sign_bit steps come by cc", "absolute"),
    (None, BUTTON.replace("note 1", "bend") + "bank = 1", "a button sends no bend", "absolute"),
    (None, BUTTON.replace("note 1", "program") + "bank = 1", "a button is one program", "program 3"),
    (None, FADER.replace("cc 7", "program 7"), "one program has no values", "program alone"),
    (None, FADER + 'layer = "three"', "layer: there is no layer three", "layers"),
    # what it does
    (None, BUTTON, "input 1 (note 1): does nothing", "exactly one of set, action"),
    (None, FADER + "bank = 1", "does set and bank", "exactly one"),
    (None, FADER.replace("vocals", "vocal"), "no control is named stems.vocal.gain_db", "stems.vocals.gain_db"),
    (None, FADER.replace('"stems.vocals.gain_db"', '"transport.panic"'), "not a control", "an action"),
    (None, FADER.replace('"stems.vocals.gain_db"', "['stems.vocals.mute', 'stems.bass.mute']"), "2 for 1", "one"),
    (None, FADER + "range = [-70, 0]", "range: -70 is out of stems.vocals.gain_db's range", "-60 to 12"),
    (None, FADER + "range = [0, 0]", "range: both ends are 0", "two values"),
    (None, FADER + "range = [nan, 0]", "nan is not a finite number", "-60 to 12"),
    (None, FADER + 'curve = "log"', "log needs a range above 0", "range"),
    (None, FADER + "step = 1", "step is for buttons", "range"),
    (None, FADER + "value = 1", "value is for buttons", "range"),
    (None, FADER + 'argument = "x"', "argument means nothing beside set", "remove"),
    (None, FADER + 'function = "mute"', "function means nothing beside set", "remove"),
    (None, KNOB + 'set = "band.style"\nstep = 0.5', "band.style has whole numbers", "give 1"),
    (None, KNOB + 'set = "stems.bass.gain_db"\nstep = 0', "0 is no step", "up to 72"),
    (None, KNOB + 'set = "stems.bass.gain_db"\nstep = 73', "73 is no step", "up to 72"),
    (None, KNOB + 'set = "stems.bass.gain_db"\nstep = inf', "inf is no step", "up to 72"),
    (None, KNOB + 'set = "stems.bass.gain_db"\npickup = true', "pickup is for absolute", "remove"),
    (None, KNOB + 'set = "stems.bass.gain_db"\ncurve = "root"', "curve is for absolute", "remove"),
    (None, KNOB + 'action = "transport.panic"', "action is for buttons", "momentary"),
    (None, BUTTON + 'set = "band.style"', "what does the button set band.style to", "value"),
    (None, BUTTON + 'set = "band.style"\nvalue = "polka"', "'polka' is not a value", "rock, funk, jazz"),
    (None, BUTTON + 'set = "band.style"\nvalue = 3', "3 is out of band.style's range", "a whole number, 0 to 2"),
    (None, BUTTON + 'set = "band.style"\nvalue = 1.5', "1.5 is out of", "whole"),
    (None, BUTTON + 'set = "band.style"\nvalue = 1\nstep = 1', "a value and a step", "one of them"),
    (None, BUTTON + 'set = "band.style"\nvalue = 1\nrange = [0, 1]', "a value and a range", "off and on"),
    (None, BUTTON + 'action = "transport.panik"', "no action is named transport.panik", "transport.panic"),
    (None, BUTTON + 'action = "preset.load"', "preset.load needs its name", "add argument"),
    (None, BUTTON + 'action = "transport.panic"\nargument = "x"', "transport.panic takes none", "remove"),
    (None, BUTTON + 'action = "transport.panic"\nled = { value = "90 00 {v}" }', "sets no control", "led.on"),
    (None, BUTTON + 'select_layer = "three"', "select_layer: there is no layer three", "layers"),
    (None, BUTTON + 'hold_layer = "ones"', "hold_layer: there is no layer ones", "one"),
    (None, BUTTON + "strip = 1", "which function", "fader, knob, mute"),
    (None, BUTTON + 'strip = 9\nfunction = "mute"', "9 is beyond the 8 strips", "strips in [device]"),
    (None, BUTTON.replace("note 1", "note 1-3") + 'strip = 7\nfunction = "mute"', "9 is beyond", "strips"),
    (None, BUTTON + 'strip = 1\nfunction = "fader"', "a button is no fader", "mute, solo or select"),
    (None, BUTTON + 'strip = 1\nfunction = "meter"', "meter is only shown", "[[feedback]]"),
    (None, KNOB + 'strip = 1\nfunction = "mute"', "mute is a button", "momentary"),
    (None, KNOB + 'strip = 1\nfunction = "knob"\nrange = [0, 1]', "range means nothing beside strip", "remove"),
    (None, KNOB + 'strip = 1\nfunction = "knob"\ntouch = true', "touch is a button", "momentary"),
    (None, BUTTON + 'strip = 1\nfunction = "mute"\ntouch = true', "nobody touches a mute", "fader"),
    (None, BUTTON + "bank = 1\ntouch = true", "touch and bank do not go together", "set or strip"),
    # lights
    (None, FADER + 'led = { value = "B0 07 00" }', "led.value: is always the same", "{v}"),
    (None, FADER + 'led = { value = "B0 07 {v}", to = [0, 128] }', "takes values from 0 to 127", "to"),
    (None, FADER + 'led = { value = "B0 07 {v+1}" }', "the data byte 80 is above 7F", "to"),
    (None, FADER + 'led = { value = "{0xB0+v} 07 00" }', "its first byte may not change", "correct"),
    (None, FADER + 'led = { value = "B0 07 {v}", to = [-1, 5] }', "not -1 to 5", "to"),
    (None, FADER + 'led = { value = "E0 {lsb} {msb}", to = [0, 16384] }', "from 0 to 16383", "to"),
    (None, FADER + 'led = { on = "B0 07 01", off = "B0 07 00" }', "on and off are for buttons and switches", "{v}"),
    (None, BUTTON + 'bank = 1\nled = { on = "90 01 {colour*20}", off = "90 01 00" }', "led.on: '90 01", "correct"),
    (None, FADER + "led = {}", "led: on and off, or value", "one of both"),
    (None, BUTTON + 'set = "stems.bass.mute"\nled = { on = "90 01 7F" }', "led: off is missing", "stay"),
    (None, BUTTON + 'set = "stems.bass.mute"\nled = { on = "90 01 {v}", off = "90 01 00" }', "{v} changes", "number"),
    (None, BUTTON + 'set = "stems.bass.mute"\nled = { on = "90 01 7F", off = "90 {x} 0" }', "led.off", "correct"),
    (None, FADER.replace("cc 7", "bend") + 'led = { value = "E0 {n} {v}" }', "'n' is no variable", "correct"),
    (None, LIGHT, "feedback 1 (stems.vocals.mute): on and off, or value", "one of both"),
    (None, LIGHT + 'on = "90 01 7F"', "off is missing", "stay"),
    (None, LIGHT + 'strip = 1\nvalue = "B0 00 {v}"', "shows a source, or a strip", "exactly one"),
    (None, "[[feedback]]\nvalue = 'B0 00 {v}'", "shows a source, or a strip", "exactly one"),
    (None, LIGHT + 'value = "B0 00 01"', "value: is always the same", "{text:7}"),
    (None, LIGHT + 'value = "B0 00 {v}"\nlayer = "x"', "layer: there is no layer x", "layers"),
    (None, LIGHT + 'value = "B0 00 {v}"\nfunction = "mute"', "function belongs to a strip", "remove"),
    (None, LIGHT + 'on = "90 00 7F"\noff = "90 00 00"\ndownbeat = "90 00 01"', "downbeat is for", "remove"),
    (None, LIGHT + 'on = "90 00 7F"\noff = "90 00 00"\nrange = [0, 1]', "range is for a value", "remove"),
    (None, show("stems.vocals.gain_db") + 'on = "90 00 7F"\noff = "90 00 00"', "on and off are for", "CHOICE"),
    (None, show("stems.vocal.mute"), "no control or reading is named", "stems.vocals.mute"),
    (None, show("mir.chord"), "mir.chord has several fields", "mir.chord.label"),
    (None, show("mir.chord.lable"), "no field lable", "mir.chord.label"),
    (None, show("mir.chord[x].label"), "mir.chord has no rows", "remove [x]"),
    (None, show("meters.peak_db"), "a row for each port", "meters[NAME].peak_db"),
    (None, show("band.style = polka"), "'polka' is not a value", "rock"),
    (None, show("band.style = funk") + "value = 'B0 00 {v}'", "one choice", "on and off"),
    (None, show("transport.panic"), "no control or reading is named", ""),
    (None, show("mir.tempo.bpm") + "value = 'B0 00 {v}'", "range is missing", "range"),
    (None, show("mir.tempo.bpm") + "value = 'B0 00 {v}'\nrange = [0, inf]", "inf", "two"),
    (None, show("mir.tempo.bpm") + "value = 'B0 00 {v}'\nrange = [0, 'a']", "numbers", "two"),
    (None, "[[feedback]]\nstrip = 1\nvalue = 'B0 00 {v}'", "which function of the strip", "function"),
    (None, "[[feedback]]\nstrip = 1\ncount = 9\nfunction = 'mute'", "9 is beyond the 8 strips", "strips"),
    (None, "[[feedback]]\nstrip = 1\nfunction = 'name'\nvalue = 'B0 00 {v}'", "a name is text", "{text:7}"),
    (None, "[[feedback]]\nstrip = 1\nfunction = 'fader'\nvalue = 'B0 00 {v}'\nrange = [0, 1]", "its own", "remove"),
    (None, "[[feedback]]\nstrip = 1\nfunction = 'colour'\nvalue = 'B0 00 {v}'", "value: a colour", "{colours:8}"),
    (None, "[[feedback]]\nstrip = 2\nfunction = 'colour'\nvalue = 'F0 {colours:8} F7'", "9 is beyond", "strips"),
    (None, "[[feedback]]\nstrip = 1\nfunction = 'mute'\nvalue = 'F0 {colours:8} F7'", "those of strips", "colour"),
    (None, FADER + 'led = { value = "F0 {colours:8} F7" }', "led.value: is always the same", "{v}"),
    (None, "[[feedback]]\nsource = ['mir.key.label']\ncount = 2\nvalue = 'F0 00 {text} F7'", "1 for 2", "one, or 2"),
    (None, "[[strip]]\nname = ''", "strip 1 (): name: is empty", "name"),
    (None, "[[strip]]\nname = 'a'\nfader = 'stems.x.gain_db'", "strip 1 (a): fader: no control", "gain_db"),
    (None, "[[strip]]\nname = 'a'\nmute = 'stems.bass.gain_db'", "is no switch", "on or off"),
    (None, "[[strip]]\nname = 'a'\nmeter = 'stems.bass.gain_db'", "meter: is no field", "meters[NAME].peak_db"),
    # together
    (None, FADER + FADER, "input 2 (cc 7 ch 1): input 1 has this message too", "two layers"),
    (None, FADER + 'layer = "one"\n' + FADER, "input 1 has this message too, in layer one", "two layers"),
    (None, FADER + FADER.replace("cc 7", "cc14 0,7"), "input 2 (cc14 0,7 ch 1): cc 7 is a part of it", "remove"),
    (None, FADER.replace("cc 7", "cc14 0,7") + 'layer = "one"\n' + FADER + 'layer = "two"', "cc 7 is a part", "remove"),
    (None, FADER.replace("7", "38") + FADER.replace("cc 7", "nrpn 1"), "cc 38 is a part of it", "remove"),
    (None, FADER.replace("7", "100") + FADER.replace("cc 7", "nrpn 1"), "cc 100 is a part of it", "remove"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "fix"), REFUSED)
def test_what_is_wrong_is_refused_with_file_entry_and_fix(
    tmp_path: Path, old: str | None, new: str, message: str, fix: str
) -> None:
    """``old`` in a good file becomes ``new``; None: ``new`` is added."""
    text = HEAD + new if old is None else (HEAD + FADER).replace(old, new)
    assert text != HEAD + FADER
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'device.toml'}: ")
    assert message in caught.value.message
    assert fix in caught.value.hint and caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        FADER + 'layer = "one"\n' + FADER + 'layer = "two"\n',
        FADER + FADER.replace("cc 7", "note 7"),
        FADER + FADER.replace("cc 7", "cc 7 ch 2"),
        FADER.replace("cc 7", "nrpn 1") + FADER.replace("cc 7", "nrpn 2"),
        FADER.replace("cc 7", "cc14 7") + 'layer = "one"\n' + FADER.replace("cc 7", "cc14 7") + 'layer = "two"\n',
    ],
)
def test_messages_that_never_meet_do_not_clash(tmp_path: Path, text: str) -> None:
    assert len(read(tmp_path, HEAD + text).inputs) == 2


def test_too_many_inputs_are_refused(tmp_path: Path) -> None:
    entries = "".join(
        f'[[input]]\nmidi = "note 0-127 ch {n}"\nbutton = "momentary"\naction = "transport.panic"\n'
        for n in range(1, 10)
    )
    with pytest.raises(ConfigError, match="input 9: the file has more than 1024"):
        read(tmp_path, HEAD + entries)

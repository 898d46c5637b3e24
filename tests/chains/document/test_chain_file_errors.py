"""Errors of chain files: each names file, key and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from chains.document.chain_file import read_chain
from tests.chains.document.chain_text import CLASS_ID, PLUGIN, STATE, write_text

GAIN = '[[member]]\neffect = "Gain"\n'
DEEP = "[[member]]\n" + "".join(
    f"[[member.{level}branch]]\n[[member.{level}branch.member]]\n"
    for level in ("", "branch.member.", "branch.member." * 2)
)


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("", "member: missing", "add a table [[member]]"),
        ("[[member]]\n", "member[0]: is nothing", "add plugin = "),
        (GAIN + "faust = 'process = _, _;'", "member[0]: is effect and faust at once", "keep one"),
        (GAIN + "[[member]]\neffect = 'Gain'", "member[1]: is called Gain, as member[0] is", "another name"),
        (GAIN + "[[member.branch]]\n", "member[0]: is effect and branch at once", "keep one"),
        ("[[member]]\neffect = 'Gian'", "member[0].effect: no built-in effect is named Gian", "did you mean Gain?"),
        (GAIN + "format = 'vst3'", "member[0].format: means nothing for a built-in effect", "leave it out; keys here:"),
        (
            "[[member]]\nfaust = 'process = _, _;'\nsidechain = 'x'",
            "member[0].sidechain: means nothing for Faust",
            "out",
        ),
        (GAIN + "format = 'clap'", "member[0].format: no such format 'clap'", "give one of vst3, vst2, lv2, au"),
        (GAIN + "name = ' x'", "member[0].name: ' x' is no usable name", "give 1 to 64 characters"),
        (GAIN + 'name = "a\\nb"', "member[0].name: 'a\\nb' is no usable name", "give 1 to 64 characters"),
        (
            GAIN + "parameters = {gian_db = 1}",
            "member[0].parameters.gian_db: Gain has no such",
            "did you mean gain_db?",
        ),
        (GAIN + "parameters = {gain_db = 41}", "member[0].parameters.gain_db: 41 is out", "give -120 to 40 dB"),
        (GAIN + "parameters = {gain_db = nan}", "member[0].parameters.gain_db: nan is no", "give a finite number"),
        (GAIN + "parameters = {gain_db = -inf}", "member[0].parameters.gain_db: -inf is no", "give a finite number"),
        (
            GAIN + "parameters = {gain_db = true}",
            "member[0].parameters.gain_db: True is no number",
            "give -120 to 40 dB",
        ),
        (
            GAIN + "parameters = {gain_db = '-3 ms'}",
            "member[0].parameters.gain_db: '-3 ms': ms is not its unit",
            "write the value in dB, or the number alone",
        ),
        (
            GAIN.replace("member", "members") + "[member.parameters]\ngain_db = 1\n" + GAIN,
            "line 2: [[members]]: no such table",
            "write [[member]]",
        ),
        (
            GAIN.replace("member", "members") + "[members.parameters]\ngain_db = 1\n" + GAIN + "[[member]",
            "line 2: [[members]]: no such table",
            "write [[member]]",
        ),
        (GAIN + "parameters = {gain_db = [1]}", "member[0].parameters.gain_db: Expected", "correct the value"),
        (GAIN + "parameters = {gain_db = 1979-05-27}", "member[0].parameters.gain_db: Expected", "correct the value"),
        (GAIN + "automation = {gain_db = []}", "member[0].automation.gain_db: no points", "give points of beat"),
        (GAIN + "automation = {gain_db = [[0, 1], [0, 2]]}", "member[0].automation.gain_db[1]: beat 0", "sort"),
        (
            GAIN + "automation = {gain_db = [[0, 1], [1, 99]]}",
            "member[0].automation.gain_db[1]: 99 is out",
            "give -120",
        ),
        (GAIN + "automation = {gain_db = [[0, 1], [1]]}", "member[0].automation.gain_db[1]: Expected", "correct"),
        (
            GAIN + "parameters = {gain_db = 1}\nautomation = {gain_db = [[0, 1]]}",
            "member[0].automation.gain_db: is in parameters, too",
            "leave it out there",
        ),
        (GAIN + "sends = {room = -6}", "member[0].sends.room: no such bus", "add a table [[bus]]"),
        (
            GAIN + "sends = {room = -6}\n[[bus]]\nname = 'rooms'",
            "member[0].sends.room: no such bus",
            "did you mean rooms?",
        ),
        (GAIN + "sends = {a = 25}\n[[bus]]\nname = 'a'", "member[0].sends.a: 25 is out of range", "give -120 to 24 dB"),
        (GAIN + "[[bus]]\nname = 'a'", "bus[0]: no member sends to a", "add sends = "),
        (
            GAIN + "sends = {a = 0}\n[[bus]]\nname = 'a'\n[[bus]]\nname = 'a'",
            "bus[1].name: there is a bus a",
            "another",
        ),
        (
            GAIN + "sends = {a = 0}\n[[bus]]\nname = 'a'\n[[bus.member]]\neffect = 'Reverb'\nsends = {b = 0}\n"
            "[[bus]]\nname = 'b'\n[[bus.member]]\neffect = 'Delay'\nsends = {a = 0}",
            "bus: buses send to one another in a circle: ",
            "take one",
        ),
        (
            GAIN + "sends = {a = 0}\n[[bus]]\nname = 'a'\n[[bus.member]]\neffect = 'Reverb'\nsends = {a = 0}",
            "bus: buses send to one another in a circle: a → a",
            "take one",
        ),
        (GAIN + "[[bus]]\nreturn = 3", "bus[0].return: unknown key", "keys here: name, member, return_db"),
        (
            "[[member]]\n[[member.branch]]\n[[member.branch.member]]\neffct = 'Gain'",
            "member[0].branch[0].member[0].effct: unknown key",
            "keys here: name, plugin, effect",
        ),
        (
            "[[member]]\n[[member.branch]]\ngain_db = 30",
            "member[0].branch[0].gain_db: 30 is out of range",
            "give -120 to 24 dB",
        ),
        (
            GAIN + "[[member]]\n[[member.branch]]\n[[member.branch.member]]\neffect = 'Delay'\nparameters = {mix = 2}",
            "member[1].branch[0].member[0].parameters.mix: 2 is out of range",
            "give 0 to 1",
        ),
        (
            DEEP + "effect = 'Gain'",
            "member[0].branch[0].member[0].branch[0].member[0].branch: more than 2",
            "use sends",
        ),
        ("[[member]]\nplugin = 'Comp'", "member[0].format: missing", "add format = "),
        (PLUGIN + "id = 'xyz'", "member[0].id: 'xyz' is no class id", "32 hexadecimal figures"),
        ("[[member]]\nplugin = 'a'\nformat = 'lv2'", "member[0].id: missing", "give the plugin's URI"),
        ("[[member]]\nplugin = 'a'\nformat = 'lv2'\nid = 'no uri'", "member[0].id: 'no uri' is no URI", "URI"),
        (
            "[[member]]\nplugin = 'a'\nformat = 'vst2'\nid = 'abcde'",
            "member[0].id: 'abcde' is no id",
            "four characters",
        ),
        (PLUGIN + "paths = {beos = ['x']}", "member[0].paths.beos: no such system", "linux, macos, windows"),
        (PLUGIN + "fingerprint = 'ab'", "member[0].fingerprint: 'ab' is no SHA-256", "64 hexadecimal"),
        (PLUGIN + "latency_frames = -2", "member[0].latency_frames: -2 is out", "or -1: any"),
        (PLUGIN + "load_limit_s = 0.5", "member[0].load_limit_s: 0.5 is out", "1 to 3600 seconds"),
        (GAIN + PLUGIN + "is_instrument = true", "member[1].is_instrument: only the first", "move it to the front"),
        (
            PLUGIN + "is_instrument = true\nbypass = true",
            "member[0].bypass: without its instrument",
            "leave bypass out",
        ),
        (PLUGIN + "state = '!'", "member[0].state: no base64", "save the state again"),
        (PLUGIN + "state = 'aGVsbG8='", "member[0].state: no .vstpreset: it begins with b'hell'", "save the state"),
        (PLUGIN + f"state = '{STATE}'\nstate_file = 'x'", "member[0]: has both state and state_file", "keep one"),
        (PLUGIN + f"state_sha256 = '{'0' * 64}'", "member[0].state_sha256: there is no state", "leave this out"),
        (
            PLUGIN + f"state = '{STATE}'\nstate_sha256 = '{'0' * 64}'",
            "member[0].state_sha256: the SHA-256 of the state is ",
            "the state was changed",
        ),
        (
            PLUGIN + f"id = '{'F' * 32}'\nstate = '{STATE}'",
            f"member[0].state: the state of another plugin: class {CLASS_ID}, but Comp is {'F' * 32}",
            "give a state that Comp saved",
        ),
        (
            f"[[member]]\nplugin = 'a'\nformat = 'vst2'\nstate = '{STATE}'",
            "member[0].state: only a VST3 has",
            "set its parameters by name",
        ),
        (PLUGIN + "state_file = 'none.vstpreset'", "member[0].state_file: none.vstpreset: no such file", "put it into"),
        (PLUGIN + "state_file = '../x.vstpreset'", "member[0].state_file: '../x.vstpreset' is no plain", "beside"),
        (PLUGIN + r"state_file = 'a\x'", r"member[0].state_file: 'a\\x' is no plain", "beside"),
        (PLUGIN + "state_file = 'C:x'", "member[0].state_file: 'C:x' is no plain", "beside"),
        (PLUGIN + "state_file = '..'", "member[0].state_file: '..' is no plain", "beside"),
        (PLUGIN + "state_file = 'nul.vstpreset'", "member[0].state_file: 'nul.vstpreset': Windows", "rename"),
        (
            "[[member]]\neffect = 'Convolution'",
            "member[0].parameters.impulse_response: missing",
            "add impulse_response",
        ),
        (
            "[[member]]\neffect = 'Convolution'\nparameters = {impulse_response = '/etc/x.wav'}",
            "member[0].parameters.impulse_response: '/etc/x.wav' is no plain file name",
            "beside",
        ),
        (
            "[[member]]\neffect = 'Convolution'\nparameters = {impulse_response = 'none.wav'}",
            "member[0].parameters.impulse_response: none.wav: no such file",
            "put it into",
        ),
        (GAIN.replace("[[member]]", "tempo_bpm = 5\n[[member]]"), "tempo_bpm: 5 is out of range", "10 to 600"),
        (GAIN.replace("[[member]]", "tail_s = -3\n[[member]]"), "tail_s: -3 is out of range", "or -1"),
        (GAIN.replace("[[member]]", 'doc = "a\\nb"\n[[member]]'), "doc: has a line break", "write one line"),
    ],
)
def test_an_error_names_file_key_and_fix(tmp_path: Path, text: str, place: str, fix: str) -> None:
    path = write_text(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_chain(path)
    assert caught.value.message.startswith(f"{path}: {place}")
    assert fix in caught.value.hint


def test_a_member_in_single_brackets_gets_the_double_ones(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('schema = 1\n[member]\neffect = "Gain"\n')
    with pytest.raises(ConfigError, match=r"member: one table where there may be several; write \[\[member\]\]"):
        read_chain(tmp_path / "x.toml")

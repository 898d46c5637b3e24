"""Chain files: read, checked, written and read again; every error names file, key and fix."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import msgspec
import pytest

from bridge.errors import ConfigError
from bridge.toml import MAX_BYTES
from chains.document.chain import AuxBus, Branch, Chain, Member
from chains.document.chain_file import LARGEST_INLINE, format_chain, read_chain, write_chain
from chains.document.member_state import encode_state, read_state
from chains.document.vst3_preset import Vst3Preset, format_preset_bytes

CLASS_ID = "0123456789ABCDEF0123456789ABCDEF"
PRESET = format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": b"state", "Cont": b"x"}))
STATE = encode_state(PRESET)
GAIN = '[[member]]\neffect = "Gain"\n'
PLUGIN = '[[member]]\nplugin = "Comp"\nformat = "vst3"\n'
DEEP = "[[member]]\n" + "".join(
    f"[[member.{level}branch]]\n[[member.{level}branch.member]]\n"
    for level in ("", "branch.member.", "branch.member." * 2)
)
FAUST = """import("stdfaust.lib");
process = _, _ : *(0.5), *('a' > 0); // \\ "quoted"
"""
FULL = Chain(
    doc='With ä, ♫ and "quotes" \\ all the rest.',
    tempo_bpm=90.5,
    tail_s=2.0,
    members=(
        Member(
            plugin="Synth One",
            format="vst3",
            id=CLASS_ID,
            version="1.2",
            is_instrument=True,
            paths={"linux": ("~/x.vst3", "/opt/x.vst3"), "windows": (r"C:\x.vst3",)},
            parameters={"Cut off [Hz]": "-20 dB", "on": True, "level": -3.25, "whole": 3.0, "huge": 1e300},
            state=STATE,
            state_sha256=hashlib.sha256(PRESET).hexdigest(),
            fingerprint="0f" * 32,
            latency_frames=480,
            load_limit_s=60.0,
        ),
        Member(faust=FAUST, automation={"gain": tuple((float(beat), beat / 7) for beat in range(40))}),
        Member(
            name="both",
            sends={"room": -12.0},
            branches=(
                Branch(),
                Branch(gain_db=-6.5, members=(Member(effect="Gain", name="a.b", parameters={"gain_db": -1e-3}),)),
            ),
        ),
        Member(plugin="Z", format="lv2", id="urn:zamaudio:Z", follows_tempo=True, sidechain="drums", layout="double"),
    ),
    buses=(
        AuxBus(name="room", return_db=-3.0, members=(Member(effect="Reverb", sends={"two": 0.0}),)),
        AuxBus(name="two"),
    ),
)


def write_text(folder: Path, text: str) -> Path:
    path = folder / "chain.toml"
    path.write_text(f"schema = 1\n{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize("chain", [FULL, Chain(members=(Member(effect="Gain"),))], ids=["full", "small"])
def test_a_chain_that_is_written_is_read_again_as_it_was(tmp_path: Path, chain: Chain) -> None:
    path = tmp_path / "new folder" / "chain.toml"
    assert write_chain(path, chain) == chain
    assert read_chain(path) == chain
    assert format_chain(read_chain(path)) == path.read_text(encoding="utf-8")


def test_what_is_as_by_default_is_left_out() -> None:
    assert format_chain(Chain(members=(Member(effect="Gain"),))) == 'schema = 1\n\n[[member]]\neffect = "Gain"\n'


@pytest.mark.parametrize(
    "faust",
    [
        "one line;",
        "two\nlines;\n",
        "ends with '\n'",
        "two\nlines that end with '",
        "three ''' quotes\n",
        "return\r\nhere",
        "bell \a\n",
        "tab\t\n",
        "\n\n",
    ],
)
def test_a_text_of_any_kind_comes_back_as_it_was(tmp_path: Path, faust: str) -> None:
    chain = Chain(members=(Member(faust=faust),))
    write_chain(tmp_path / "x.toml", chain)
    assert read_chain(tmp_path / "x.toml") == chain


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


def test_a_state_beside_the_chain_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.vstpreset").write_bytes(PRESET)
    chain = read_chain(write_text(tmp_path, PLUGIN + f"id = '{CLASS_ID}'\nstate_file = 'x.vstpreset'"))
    assert read_state(chain.members[0], tmp_path) == PRESET


def test_a_large_state_is_written_beside_the_chain_and_read_again(tmp_path: Path) -> None:
    large = format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": bytes(LARGEST_INLINE)}))
    inner = tuple(Member(plugin="P", name=name, format="vst3", state=encode_state(large)) for name in ("a b", "a/b"))
    chain = Chain(members=(Member(plugin="P", format="vst3", state=STATE), Member(branches=(Branch(members=inner),))))
    written = write_chain(tmp_path / "x.toml", chain)
    assert read_chain(tmp_path / "x.toml") == written
    assert written.members[0].state == STATE
    first, second = written.members[1].branches[0].members
    assert first.state == "" != first.state_file
    assert first.state_file == second.state_file == "x.a-b.vstpreset", "the same state needs one file"
    assert read_state(second, tmp_path) == large
    assert first.state_sha256 == hashlib.sha256(large).hexdigest()


def test_labels_that_become_the_same_file_name_keep_their_states_apart(tmp_path: Path) -> None:
    states = [format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": bytes([n]) * LARGEST_INLINE})) for n in (1, 2)]
    members = [Member(plugin="P", name=name, format="vst3", state=encode_state(data))
               for name, data in zip(("a b", "a/b"), states, strict=True)]  # fmt: skip
    written = write_chain(tmp_path / "x.toml", Chain(members=tuple(members)))
    assert [read_state(member, tmp_path) for member in written.members] == states


def test_many_states_that_are_too_much_together_go_beside_the_chain(tmp_path: Path) -> None:
    data = [format_preset_bytes(Vst3Preset(CLASS_ID, {"Comp": bytes([n]) * (LARGEST_INLINE // 2)})) for n in range(3)]
    members = tuple(Member(plugin=f"P{n}", format="vst3", state=encode_state(one)) for n, one in enumerate(data))
    assert sum(len(member.state) for member in members) > MAX_BYTES
    written = write_chain(tmp_path / "x.toml", Chain(members=members))
    assert [read_state(member, tmp_path) for member in read_chain(tmp_path / "x.toml").members] == data
    assert not any(member.state for member in written.members)


def test_a_chain_that_breaks_a_rule_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("old")
    with pytest.raises(ConfigError, match="finite"):
        write_chain(path, Chain(members=(Member(effect="Gain", parameters={"gain_db": float("nan")}),)))
    assert [one.name for one in tmp_path.iterdir()] == ["x.toml"]
    assert path.read_text() == "old"


def test_base64_may_have_line_breaks(tmp_path: Path) -> None:
    lines = base64.encodebytes(PRESET).decode()
    chain = read_chain(write_text(tmp_path, PLUGIN + f'state = """\n{lines}"""'))
    assert read_state(chain.members[0], tmp_path) == PRESET


def test_an_automation_in_a_branch_in_a_branch_fits_into_a_file(tmp_path: Path) -> None:
    member = Member(effect="Gain", automation={"gain_db": ((0.0, -1.0), (4.0, 0.0))})
    for name in ("one", "two"):
        member = Member(name=name, branches=(Branch(members=(member,)),))
    chain = Chain(members=(member,))
    write_chain(tmp_path / "x.toml", chain)
    assert read_chain(tmp_path / "x.toml") == chain


def test_every_field_of_a_chain_is_in_the_full_one() -> None:
    """The round trip above proves nothing about a key that no chain sets."""
    members = [*FULL.members, *FULL.members[2].branches[1].members]
    for field in msgspec.structs.fields(Member):
        if field.name not in ("state_file", "bypass"):
            assert any(getattr(member, field.name) != getattr(Member(), field.name) for member in members), field.name


def test_a_member_in_single_brackets_gets_the_double_ones(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('schema = 1\n[member]\neffect = "Gain"\n')
    with pytest.raises(ConfigError, match=r"member: one table where there may be several; write \[\[member\]\]"):
        read_chain(tmp_path / "x.toml")

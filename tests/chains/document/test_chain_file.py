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
from tests.chains.document.chain_text import CLASS_ID, PLUGIN, PRESET, STATE, write_text

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
